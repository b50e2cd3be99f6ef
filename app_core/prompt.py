"""What a model is shown of a node: its sources' snippets, its arguments and its instruction, packed for that model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from pydantic import TypeAdapter

from rheostat.context import (
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
from rheostat.dag import Call, Choice, Labeled

from .ask import JsonSchema, answer_schema, cites
from .declare import Llm
from .events import Packed
from .hold import Hold
from .models import THINKING_TOKENS, is_local
from .ports import ChatRequest, Gateway
from .run_errors import BadDeclaration
from .schemas import tighten


@dataclass(frozen=True)
class Offered:
    """What a node has to show, whichever model is going to read it."""

    llm: Llm[Any, ..., Any]
    arguments: Mapping[str, Labeled]
    snippets: Sequence[Snippet]

    @property
    def data(self) -> dict[str, Any]:
        """The arguments themselves."""
        return {name: value.data for name, value in self.arguments.items()}


@dataclass(frozen=True)
class Part:
    """What one conversation is for, beside the node's own task.

    Args:
        codec: of the answer's type.
        more: what is asked on top of the task; "" for the task alone.
        shown: answers of others, which must be in the prompt.
    """

    codec: TypeAdapter[Any]
    more: str = ""
    shown: tuple[Snippet, ...] = ()


@dataclass(frozen=True)
class Prompt:
    """A node's prompt for one model.

    Args:
        request: the first request.
        packed: exactly what the model sees, and the receipt.
        labels: the quotes that labels in the answer stand for; only small local models write labels.
    """

    request: ChatRequest
    packed: Pack
    labels: Mapping[str, Quote]
    _gateway: Gateway
    _counted_schema: str

    def fits(self, messages: Sequence[Message]) -> bool:
        """Whether messages with the same schema fit the window."""
        tokens = self._gateway.counter(self.request.model).count(messages, self._counted_schema)
        return tokens <= self.packed.window.room

    def at(self, temperature: float) -> Prompt:
        """The same, to be answered at another temperature."""
        return replace(self, request=self.request.model_copy(update={"temperature": temperature}))

    def event(self, node: str, choice: Choice) -> Packed:
        """What the Log keeps of it: of images and files name, type and size. `choice` is how the node is being run."""
        shown = _without_bytes(self.packed.source_map)
        return Packed(node=node, receipt=self.packed.receipt, source_map=shown, choice=choice)

    @property
    def untrusted_sources(self) -> str:
        """Names of what was read that comes from outside."""
        spans = self.packed.source_map.spans
        names = [span.origin.source for span in spans if span.trust is Trust.UNTRUSTED and span.origin is not None]
        return ", ".join(dict.fromkeys(names)) or "text from outside"


async def gather(hold: Hold, llm: Llm[Any, ..., Any], arguments: Mapping[str, Labeled]) -> Offered:
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
    return Offered(llm, arguments, found)


def prompt(gateway: Gateway, offered: Offered, call: Call, part: Part) -> Prompt:
    """Packs what a node has to show for one model: by its own counter, into its own window.

    Raises:
        MustNotFit: the arguments don't fit that window.
    """
    llm, model = offered.llm, call.model
    facts, counter = gateway.facts(model), gateway.counter(model)
    snippets, labels = list(offered.snippets), dict[str, Quote]()
    if is_local(model) and cites(part.codec):
        snippets, labels = labelled(snippets)
    schema = _schema(model, part.codec, labels)
    counted_schema = gateway.schema_text(model, schema)
    answer_tokens = llm.answer_tokens + THINKING_TOKENS[call.effort]
    window = Window(min(facts.window_tokens, llm.window_tokens or facts.window_tokens), answer_tokens)
    packed = pack(
        [*_given(offered), *snippets, *part.shown],
        instruction=llm.instruction,
        task="\n\n".join(said for said in (_task(offered), part.more) if said),
        window=window,
        counter=counter,
        schema=counted_schema,
        sections=llm.sections,
    )
    seen = "".join(message.content for message in packed.messages)
    kept = {label: quote for label, quote in labels.items() if f"[{label}]" in seen}
    request = ChatRequest(
        model=model,
        messages=packed.messages,
        max_answer_tokens=min(answer_tokens, facts.max_answer_tokens),
        answer_schema=schema if len(kept) == len(labels) else _schema(model, part.codec, kept),
        effort=call.effort,
    )
    return Prompt(request, packed, kept, gateway, counted_schema)


def as_text(codec: TypeAdapter[Any], value: Any) -> str:
    """A value as the model reads it: text as it is; fields one a line, without the empty ones; the rest as JSON."""
    if isinstance(value, str):
        return value
    plain: object = codec.dump_python(value, mode="json")
    if isinstance(plain, dict):
        fields = cast("dict[str, object]", plain)
        return "\n".join(f"{key}: {_line(field)}" for key, field in fields.items() if field not in ("", None, [], {}))
    return _line(plain)


def _schema(model: str, codec: TypeAdapter[Any], labels: Mapping[str, Quote]) -> JsonSchema | None:
    """A small local model is held to its schema word by word, so that bounds and labels are worth stating."""
    schema = answer_schema(codec, labels)
    return tighten(schema) if schema and is_local(model) else schema


def _given(offered: Offered) -> list[Snippet]:
    """The untrusted arguments, as snippets that must be in the prompt, fenced."""
    return [
        Snippet(text=_argument(offered, name), need=Need.MUST, trust=Trust.UNTRUSTED)
        for name in offered.llm.shown
        if name in offered.arguments and offered.arguments[name].label.trust is Trust.UNTRUSTED
    ]


def _task(offered: Offered) -> str:
    """The other arguments, as the last words of the prompt."""
    return "\n\n".join(
        _argument(offered, name)
        for name in offered.llm.shown
        if name in offered.arguments and offered.arguments[name].label.trust is not Trust.UNTRUSTED
    )


def _argument(offered: Offered, name: str) -> str:
    value = offered.arguments[name].data
    return f"{name}:\n{value if isinstance(value, str) else as_text(offered.llm.codec(name), value)}"


def _line(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _without_bytes(shown: SourceMap) -> SourceMap:
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
