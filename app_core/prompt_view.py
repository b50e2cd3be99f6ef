"""A prompt to be looked at: what it is made of, where each piece comes from, what was left out, at what price."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rheostat.context import Attachment, Entry, Message, Origin, Receipt, SourceMap, Span, differences

from .events import Packed
from .log import Record

OPENING = 200
"""Characters of a candidate that are enough to know it again."""

PartKind = Literal["instruction", "section", "task", "schema", "tools", "overhead", "margin", "free"]


@dataclass(frozen=True)
class Other:
    """What the same candidates would come to on other terms.

    Args:
        terms: which, in words: "a window of 2,000 tokens, without nda.md".
        receipt: of that prompt.
        changes: what became of candidates before and now, where that differs.
    """

    terms: str
    receipt: Receipt
    changes: tuple[tuple[Entry, Entry], ...]


@dataclass(frozen=True)
class PromptView:
    """Everything there is to see of one prompt.

    Args:
        title: what was asked, or which step of a run it was.
        model: which it was packed for.
        why: how that model came to be chosen; "" if nobody knows.
        receipt: what became of every candidate.
        source_map: where each piece comes from; None if the run did not keep it.
        kept_for_answer: tokens that the window keeps for the answer; None if nobody knows.
        openings: how candidates begin, by their index, as far as their texts are known.
        other: the same on other terms, if that was asked.
    """

    title: str
    model: str
    receipt: Receipt
    source_map: SourceMap | None
    why: str = ""
    kept_for_answer: int | None = None
    openings: Mapping[int, str] = field(default_factory=dict[int, str])
    other: Other | None = None


class Part(NamedTuple):
    """What a share of the window's room is used for."""

    name: str
    kind: PartKind
    tokens: int


class Piece(NamedTuple):
    """A stretch of a message: the words of a snippet, its fence, or what the program wrote itself.

    Args:
        text: the characters.
        what: "snippet", "fence", "attachment" (the text is its name), "instruction" or "task".
        span: of the snippet; None for what the program wrote.
    """

    text: str
    what: Literal["snippet", "fence", "attachment", "instruction", "task"]
    span: Span | None


def parts(receipt: Receipt) -> tuple[Part, ...]:
    """What the room is used for, in the order of the prompt, each part counted alone.

    The margin is what the count's stated error adds. Counted alone, parts of an exactly counted prompt may come to a
    few tokens more than all of it.
    """
    named: list[Part] = [
        Part("instruction", "instruction", receipt.instruction_tokens),
        *(Part(use.name or "snippets", "section", use.tokens) for use in receipt.sections),
        Part("task", "task", receipt.task_tokens),
        Part("answer's schema", "schema", receipt.schema_tokens),
        Part("tools", "tools", receipt.tools_tokens),
        Part("chat format, rule", "overhead", receipt.overhead_tokens),
    ]
    margin = max(0, receipt.tokens - sum(part.tokens for part in named))
    named += [Part("margin for the count", "margin", margin), Part("free", "free", receipt.room - receipt.tokens)]
    return tuple(part for part in named if part.tokens or part.kind in ("section", "free"))


def pieces(source_map: SourceMap) -> Iterator[tuple[Message, tuple[Piece, ...]]]:
    """Each message, cut where the origin of its text changes. The blank lines between blocks are left out."""
    for index, message in enumerate(source_map.messages):
        spans = [span for span in source_map.spans if span.message == index]
        yield message, tuple(piece for piece in _cut(message, spans) if piece.text.strip("\n"))


def _cut(message: Message, spans: Iterable[Span]) -> Iterator[Piece]:
    own = "instruction" if message.role == "system" else "task"
    content, at = message.content, 0
    attached = dict[int, list[Attachment]]()
    for placed, attachment in message.attachments:
        attached.setdefault(placed, []).append(attachment)
    for span in spans:
        yield Piece(content[at : span.block_start].strip("\n"), own, None)
        yield Piece(content[span.block_start : span.start].strip("\n"), "fence", span)
        yield Piece(content[span.start : span.end], "snippet", span)
        for attachment in attached.get(span.end, ()):
            yield Piece(f"{attachment.name} ({attachment.media_type})", "attachment", span)
        yield Piece(content[span.end : span.block_end].strip("\n"), "fence", span)
        at = span.block_end
    yield Piece(content[at:].strip("\n"), own, None)


def on_other_terms(terms: str, before: Receipt, after: Receipt) -> Other:
    """What another packing of the same candidates changes."""
    return Other(terms, after, differences(before, after))


def place(origin: Origin | None, index: int) -> str:
    """What a person would call the place where a text stands in its document: "4.2"."""
    if origin is None:
        return f"snippet {index}"
    line = f"line {origin.line}" if origin.line else ""
    return origin.place or line or (f"character {origin.start:,}" if origin.start else "the beginning")


def leaf(origin: Origin | None, *, source: bool = True) -> str:
    """Where to open the document: "nda.md line 12". Empty if there is nothing to say.

    Args:
        origin: of the text.
        source: whether to name the document.
    """
    if origin is None:
        return ""
    at = f"page {origin.page}" if origin.page else f"line {origin.line}" if origin.line else ""
    return " ".join(filter(None, [origin.source if source else "", at if origin.place or source else ""]))


def where(origin: Origin | None, index: int = 0, *, source: bool = True) -> str:
    """Both: "4.2, nda.md line 12"."""
    said = leaf(origin, source=source)
    return said if origin and not origin.place and said else ", ".join(filter(None, [place(origin, index), said]))


def packed_in(records: Iterable[Record]) -> dict[str, Packed]:
    """The prompts of a run, by node; where a node was packed more than once, the last."""
    return {record.event.node: record.event for record in records if isinstance(record.event, Packed)}


def prompt_of(run: str, model: str, packed: Packed) -> PromptView:
    """The prompt of a past run's node, as its Log kept it."""
    return PromptView(
        title=f"{packed.node} of {run}",
        model=model,
        receipt=packed.receipt,
        source_map=packed.source_map,
        openings=_openings(packed.source_map) if packed.source_map else {},
    )


def _openings(kept: SourceMap) -> dict[int, str]:
    shown = ((span, kept.messages[span.message].content[span.start : span.end]) for span in kept.spans)
    return {span.snippet: text[:OPENING] for span, text in shown}


def as_json(view: PromptView) -> dict[str, Any]:
    """The same as plain data."""
    receipt, kept, other = view.receipt, view.source_map, view.other
    return {
        "title": view.title,
        "model": view.model,
        "why_model": view.why,
        "tokens": receipt.tokens,
        "room_tokens": receipt.room,
        "kept_for_answer_tokens": view.kept_for_answer,
        "gap": receipt.gap,
        "counter": receipt.counter,
        "error": receipt.error,
        "parts": [part._asdict() for part in parts(receipt)],
        "receipt": receipt.model_dump(mode="json"),
        "messages": [message.model_dump(mode="json") for message in kept.messages] if kept else None,
        "spans": [span.model_dump(mode="json") for span in kept.spans] if kept else None,
        "what_if": _other_as_json(other) if other else None,
    }


def _other_as_json(other: Other) -> dict[str, Any]:
    return {
        "terms": other.terms,
        "tokens": other.receipt.tokens,
        "room_tokens": other.receipt.room,
        "gap": other.receipt.gap,
        "changes": [
            {"before": was.model_dump(mode="json"), "after": now.model_dump(mode="json")} for was, now in other.changes
        ],
    }
