"""A prompt as one HTML page: what it is made of, its receipt, and its words, each linked with where it comes from."""

from collections.abc import Iterable

from rheostat.context import Entry, Receipt

from ...prompt_view import Other, Piece, PromptView, leaf, parts, pieces, place, where
from ..terminal.receipt import best, several, why
from .written import Facts, written


def page(view: PromptView) -> str:
    """The page. Whatever the prompt holds, it shows and does nothing: hidden characters are written out."""
    return written("prompt.html.j2", _facts(view))


def _facts(view: PromptView) -> Facts:
    given = view.receipt
    colours = {use.name: index for index, use in enumerate(given.sections)}
    source = several(entry.origin.source for entry in given.entries if entry.origin)
    return {
        "title": view.title,
        "model": view.model,
        "why": view.why,
        "tokens": given.tokens,
        "room": given.room,
        "kept_for_answer": view.kept_for_answer,
        "best": best(given.gap),
        "counter": given.counter,
        "error_percent": f"{100 * given.error:.3g}",
        "sources": list(dict.fromkeys(entry.origin.source for entry in given.entries if entry.origin)),
        "outcomes": {name: _count(given, name) for name in ("kept", "shortened", "left out")},
        "parts": _parts(given),
        "rows": [_row(entry, view, colours, source=source) for entry in _ranked(given.entries)],
        "mixed": {
            "need": several(entry.need for entry in given.entries),
            "trust": several(entry.trust for entry in given.entries),
        },
        "messages": _messages(view, colours, source=source),
        "other": _other(view.other, view, source=source) if view.other else None,
    }


def _count(given: Receipt, outcome: str) -> int:
    return sum(entry.outcome == outcome for entry in given.entries)


def _parts(given: Receipt) -> list[Facts]:
    listed = [part._asdict() for part in parts(given)]
    sections = [part for part in listed if part["kind"] == "section"]
    return [
        {**part, "share": part["tokens"] / given.room, "colour": sections.index(part) if part in sections else None}
        for part in listed
    ]


def _ranked(entries: Iterable[Entry]) -> list[Entry]:
    order = ("kept", "shortened", "left out")
    return sorted(entries, key=lambda entry: (order.index(entry.outcome), entry.need, -entry.score, entry.snippet))


def _row(entry: Entry, view: PromptView, colours: dict[str, int], *, source: bool) -> Facts:
    return {
        "id": entry.snippet,
        "outcome": entry.outcome,
        "score": entry.score,
        "tokens": entry.tokens,
        "place": place(entry.origin, entry.snippet),
        "leaf": leaf(entry.origin, source=source),
        "also": [where(origin) for origin in entry.also],
        "need": entry.need.name.lower(),
        "trust": entry.trust.name.lower(),
        "why": why(entry, view.receipt.entries, source=source),
        "words": " ".join(view.openings.get(entry.snippet, "").split()),
        "colour": colours.get(entry.section),
    }


def _messages(view: PromptView, colours: dict[str, int], *, source: bool) -> list[Facts] | None:
    if view.source_map is None:
        return None
    entries = view.receipt.entries
    return [
        {"role": message.role, "pieces": [_piece(piece, entries, colours, source=source) for piece in found]}
        for message, found in pieces(view.source_map)
    ]


def _piece(piece: Piece, entries: tuple[Entry, ...], colours: dict[str, int], *, source: bool) -> Facts:
    if piece.span is None:
        return {"what": piece.what, "text": piece.text, "trust": "user"}
    entry = entries[piece.span.snippet]
    return {
        "what": piece.what,
        "text": piece.text,
        "id": entry.snippet,
        "place": place(piece.span.origin, entry.snippet),
        "leaf": leaf(piece.span.origin, source=source),
        "characters": f"{piece.span.origin.start:,}–{piece.span.origin.end:,}" if piece.span.origin else "",
        "trust": piece.span.trust.name.lower(),
        "form": entry.form_name if piece.span.form else "",
        "colour": colours.get(entry.section),
        "tokens": entry.tokens,
    }


def _other(other: Other, view: PromptView, *, source: bool) -> Facts:
    rows = [
        {
            "id": now.snippet,
            "change": "enters" if was.form is None else "leaves" if now.form is None else "changes",
            "before": was.form_name or "left out",
            "after": now.form_name or "left out",
            "score": now.score,
            "tokens": now.tokens - was.tokens,
            "place": place(now.origin, now.snippet),
            "leaf": leaf(now.origin, source=source),
            "words": " ".join(view.openings.get(now.snippet, "").split()),
            "why": why(now, other.receipt.entries, source=source),
        }
        for was, now in sorted(other.changes, key=lambda pair: (pair[1].need, -pair[1].score, pair[1].snippet))
    ]
    gap = best(other.receipt.gap)
    return {"terms": other.terms, "tokens": other.receipt.tokens, "room": other.receipt.room, "best": gap, "rows": rows}
