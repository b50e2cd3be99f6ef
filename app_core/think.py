"""One LLM node: gather snippets, pack them, call the model under the ledger, check the answer."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from pydantic import TypeAdapter

from rheostat.context import (
    Citation,
    Document,
    Message,
    Need,
    Pack,
    Quote,
    Snippet,
    SourceMap,
    Trust,
    Window,
    labelled,
    pack,
)
from rheostat.dag import Labeled

from .ask import JsonSchema, Unfit, answer_schema, ask, cites
from .declare import Check, Llm, Score
from .events import Checked, Cited, Packed
from .hold import Hold
from .label import Label, join, untrusted
from .models import is_local
from .ports import ChatReply, ChatRequest
from .quoting import resolved
from .run_errors import BadDeclaration
from .schemas import tighten


@dataclass(frozen=True)
class Thought:
    """A model's checked answer, with the labels of the whole and of the fields that a check vouches for."""

    value: Any
    label: Label
    fields: dict[str, Label]


async def think(hold: Hold, llm: Llm[Any, ..., Any], node: str, arguments: Mapping[str, Labeled]) -> Thought:
    """Runs an LLM node.

    Raises:
        MustNotFit: the arguments don't fit the model's window.
        AnswerUnusable: the model gave no usable answer within the allowed attempts.
        OverBudget, DeadlinePassed and the gateway's errors: the call could not be made.
    """
    snippets = await _gather(hold, llm, arguments)
    model = hold.view.terms.model
    facts, counter = hold.gateway.facts(model), hold.gateway.counter(model)
    codec = llm.codec("return")
    labels = dict[str, Quote]()
    if is_local(model) and cites(codec):
        snippets, labels = labelled(snippets)
    schema = _schema(model, codec, labels)
    counted_schema = hold.gateway.schema_text(model, schema)
    window = Window(min(facts.window_tokens, llm.window_tokens or facts.window_tokens), llm.answer_tokens)
    packed = pack(
        [*_given(llm, arguments), *snippets],
        instruction=llm.instruction,
        task=_task(llm, arguments),
        window=window,
        counter=counter,
        schema=counted_schema,
        sections=llm.sections,
    )
    hold.emit(Packed(node=node, receipt=packed.receipt, source_map=_without_bytes(packed.source_map)))
    seen = "".join(message.content for message in packed.messages)
    labels = {label: quote for label, quote in labels.items() if f"[{label}]" in seen}
    request = ChatRequest(
        model=model,
        messages=packed.messages,
        max_answer_tokens=min(llm.answer_tokens, facts.max_answer_tokens),
        answer_schema=_schema(model, codec, labels),
    )
    data = {name: value.data for name, value in arguments.items()}
    citations: tuple[Citation, ...] = ()

    async def check(answer: Any) -> None:
        nonlocal citations
        citations = _cited(hold, node, answer, packed.source_map, data)
        for declared in llm.checks:
            await _check(hold, declared, node, data, answer)

    def call(request: ChatRequest) -> Awaitable[ChatReply]:
        return hold.call(node, request)

    def fits(messages: Sequence[Message]) -> bool:
        return counter.count(messages, counted_schema) <= window.room

    value = await ask(call, request, codec, labels=labels, again=llm.again, check=check, fits=fits)
    if citations:
        hold.emit(Cited(node=node, citations=citations))
    return _labeled(llm, value, arguments, packed)


def _schema(model: str, codec: TypeAdapter[Any], labels: Mapping[str, Quote]) -> JsonSchema | None:
    """A small local model is held to its schema word by word, so that bounds and labels are worth stating."""
    schema = answer_schema(codec, labels)
    return tighten(schema) if schema and is_local(model) else schema


async def _gather(hold: Hold, llm: Llm[Any, ..., Any], arguments: Mapping[str, Labeled]) -> list[Snippet]:
    """What the node's sources offer. A snippet is never more trusted than its source or the source's arguments say."""
    found = list[Snippet]()
    for source in llm.context:
        missing = set(source.parameters) - set(arguments)
        if missing:
            raise BadDeclaration(
                f"The source {source.name}() can't serve {llm.name}().",
                f"A source gets the arguments of the same name, and there is no {', '.join(sorted(missing))}.",
                "Give them equal names.",
            )
        offered: object = await hold.run_function(
            source.function, {name: arguments[name].data for name in source.parameters}
        )
        if not isinstance(offered, list) or not all(isinstance(s, Snippet) for s in cast("list[object]", offered)):
            raise BadDeclaration(
                f"The source {source.name}() can't serve {llm.name}().",
                "It gave something other than a list of Snippets.",
                "Return list[Snippet], or call it in the workflow and pass its result on.",
            )
        found += [s.model_copy(update={"trust": max(s.trust, source.trust)}) for s in cast("list[Snippet]", offered)]
    return found


def _given(llm: Llm[Any, ..., Any], arguments: Mapping[str, Labeled]) -> list[Snippet]:
    """The untrusted arguments, as snippets that must be in the prompt, fenced."""
    return [
        Snippet(text=f"{name}:\n{_as_text(llm, name, arguments[name].data)}", need=Need.MUST, trust=Trust.UNTRUSTED)
        for name in llm.shown
        if name in arguments and arguments[name].label.trust is Trust.UNTRUSTED
    ]


def _task(llm: Llm[Any, ..., Any], arguments: Mapping[str, Labeled]) -> str:
    """The other arguments, as the last words of the prompt."""
    parts = (
        f"{name}:\n{_as_text(llm, name, arguments[name].data)}"
        for name in llm.shown
        if name in arguments and arguments[name].label.trust is not Trust.UNTRUSTED
    )
    return "\n\n".join(parts)


def _as_text(llm: Llm[Any, ..., Any], name: str, value: Any) -> str:
    """A value as the model reads it: text as it is; fields one a line, without the empty ones; the rest as JSON."""
    if isinstance(value, str):
        return value
    plain: object = llm.codec(name).dump_python(value, mode="json")
    if isinstance(plain, dict):
        fields = cast("dict[str, object]", plain)
        return "\n".join(f"{key}: {_line(field)}" for key, field in fields.items() if field not in ("", None, [], {}))
    return _line(plain)


def _line(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_bytes(shown: SourceMap) -> SourceMap:
    """What the Log keeps of what the model saw: images and files by name, type and size."""
    messages = tuple(
        message.model_copy(
            update={
                "attachments": tuple(
                    placed._replace(attachment=placed.attachment.model_copy(update={"data": b""}))
                    for placed in message.attachments
                )
            }
        )
        for message in shown.messages
    )
    return shown.model_copy(update={"messages": messages})


def _cited(hold: Hold, node: str, answer: Any, shown: SourceMap, data: Mapping[str, Any]) -> tuple[Citation, ...]:
    """Where the words of an answer's quotes come from. Raises Unfit for one that the model was never shown."""
    documents = [value for value in data.values() if isinstance(value, Document)]
    citations, made_up = resolved(answer, shown, documents)
    if citations or made_up:
        score = len(citations) / (len(citations) + len(made_up))
        evidence = "\n".join(made_up)
        hold.emit(Checked(node=node, check="quotes", score=score, passed=not made_up, evidence=evidence[:2000]))
    if made_up:
        raise Unfit("\n".join(made_up))
    return citations


async def _check(hold: Hold, check: Check, node: str, data: Mapping[str, Any], answer: Any) -> None:
    """Scores an answer, records the score, and raises Unfit with the evidence if it falls short."""
    names = tuple(inspect.signature(check.function).parameters)
    given = {name: data[name] if name in data else answer for name in names}
    result: float | Score = await hold.run_function(check.function, given)
    score = result if isinstance(result, Score) else Score(float(result))
    passed = score.value >= check.at_least
    hold.emit(Checked(node=node, check=check.name, score=score.value, passed=passed, evidence=score.evidence[:2000]))
    if not passed:
        raise Unfit(score.evidence or f"The check {check.name} gave {score.value:g}, wanted {check.at_least:g}.")


def _labeled(llm: Llm[Any, ..., Any], value: Any, arguments: Mapping[str, Labeled], packed: Pack) -> Thought:
    sources = [untrusted(_names(packed))] if packed.trust is Trust.UNTRUSTED else []
    label = join([*(value.label for value in arguments.values()), *sources])
    fields = {
        name: Label(trust=Trust.TRUSTED, by=f"check {check.name}", read_untrusted=label.read_untrusted)
        for check in llm.checks
        for name in check.vouches
    }
    return Thought(value, label, fields)


def _names(packed: Pack) -> str:
    names: Sequence[str] = [
        s.origin.source for s in packed.source_map.spans if s.trust is Trust.UNTRUSTED and s.origin is not None
    ]
    return ", ".join(dict.fromkeys(names)) or "text from outside"
