"""Asks a model until its answer is of the declared type and passes the checks, a bounded number of times."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from rheostat.context import Message, Quote, disarm

from .errors import AnswerUnusable, Attempt
from .ports import ChatReply, ChatRequest

JsonSchema = dict[str, Any]

_SHOWN_ANSWER_CHARS = 2_000
_FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n?```", re.DOTALL)


class Unfit(Exception):
    """An answer fell short of a check; the text is what the model is told."""


async def ask(
    call: Callable[[ChatRequest], Awaitable[ChatReply]],
    request: ChatRequest,
    codec: TypeAdapter[Any],
    *,
    labels: Mapping[str, Quote],
    again: int,
    check: Callable[[Any], Awaitable[None]],
    fits: Callable[[Sequence[Message]], bool],
) -> Any:
    """The model's answer, as a value of the declared type.

    Args:
        call: makes one call; reserves and books it.
        request: the first request; without an `answer_schema` the answer is its text.
        codec: of the answer's type.
        labels: the quotes that labels in the answer stand for.
        again: how often an unusable answer is sent back with what is wrong with it.
        check: raises Unfit if the answer falls short.
        fits: whether messages fit the window.

    Raises:
        AnswerUnusable: no answer was usable.
    """
    attempts = list[Attempt]()
    asking = request
    for _ in range(1 + again):
        reply = await call(asking)
        try:
            answer = _parsed(reply, request, codec, labels)
            await check(answer)
            return answer
        except (Unfit, ValidationError) as error:
            attempts.append(Attempt(reply.text, str(error) if isinstance(error, Unfit) else _problems(error)))
        asking = request.model_copy(update={"messages": _again(request.messages, attempts[-1], fits)})
    times = "once" if len(attempts) == 1 else f"{len(attempts)} times"
    raise AnswerUnusable(
        f"The model {request.model} was asked {times} and gave no usable answer: {attempts[-1].problem} "
        "Ask a better model, or ask for less.",
        attempts=tuple(attempts),
    )


def _parsed(reply: ChatReply, request: ChatRequest, codec: TypeAdapter[Any], labels: Mapping[str, Quote]) -> Any:
    text = reply.text.strip()
    if not text:
        raise Unfit("The answer was empty.")
    if reply.cut_short:
        raise Unfit(f"The answer was cut off at {request.max_answer_tokens} tokens. Answer more briefly.")
    if request.answer_schema is None:
        return codec.validate_python(text)
    return codec.validate_json(_json_in(text), context={"labels": labels})


def _json_in(text: str) -> str:
    """The JSON in an answer that may wrap it in a code fence or in prose."""
    fenced = _FENCE.search(text)
    if fenced:
        return fenced[1]
    starts = [at for at in (text.find("{"), text.find("[")) if at > 0]
    if text[0] in '{["' or not starts:
        return text
    return text[min(starts) : max(text.rfind("}"), text.rfind("]")) + 1]


def _problems(error: ValidationError) -> str:
    """What a model should know of a validation error: where and what, without pydantic's urls and inputs."""
    lines = list[str]()
    for one in error.errors(include_url=False, include_context=False, include_input=False)[:5]:
        where = ".".join(str(part) for part in one["loc"])
        lines.append(f"{where}: {one['msg']}" if where else one["msg"])
    return "The answer is not of the form asked for. " + "; ".join(lines) + "."


def _again(
    messages: tuple[Message, ...], last: Attempt, fits: Callable[[Sequence[Message]], bool]
) -> tuple[Message, ...]:
    """The request once more, with the unusable answer and what is wrong with it, as far as the window allows.

    Both may repeat what the model read in text from outside, so nothing in them may pass for a fence or a chat's marks.
    """
    problem = Message(role="user", content=f"{disarm(last.problem)}\nAnswer the task again.")
    answer = Message(role="assistant", content=disarm(last.text[:_SHOWN_ANSWER_CHARS]) or "(no answer)")
    for longer in ((*messages, answer, problem), (*messages, problem)):
        if fits(longer):
            return longer
    return messages


def answer_schema(codec: TypeAdapter[Any], labels: Mapping[str, Quote]) -> JsonSchema | None:
    """The JSON schema of an answer; None if it is plain text. With labels, a quote is one of them."""
    schema = codec.json_schema()
    if schema == {"type": "string"}:
        return None
    if labels:
        citing: JsonSchema = {"enum": list(labels)}
        if schema.get("title") == Quote.__name__:
            return citing
        definitions = cast(JsonSchema, schema.get("$defs", {}))
        if Quote.__name__ in definitions:
            schema = schema | {"$defs": definitions | {Quote.__name__: citing}}
    return schema


def cites(codec: TypeAdapter[Any]) -> bool:
    """Whether an answer of this type holds quotes."""
    schema = codec.json_schema()
    return Quote.__name__ in schema.get("$defs", {}) or schema.get("title") == Quote.__name__
