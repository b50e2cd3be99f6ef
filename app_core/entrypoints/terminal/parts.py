"""Parts of an action on the screen, each with its number, and the numbers that a person types."""

import re
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from rheostat.autonomy import Part, Question

from .console import indented, text
from .preview import Barred, Piece, changed
from .spelling import spelled

_MOST_LINES = 12
_NUMBERS = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


def numbered(question: Question, *, coloured: bool, whole: bool = False) -> RenderableType:
    """Every part of an action: what goes and what comes, under its number."""
    drawn = list[RenderableType]()
    for number, part in enumerate(question.parts, 1):
        drawn += [indented(text((f"{number} of {len(question.parts)}", "key"), (f"  {part.argument}", "label")))]
        drawn += [_drawn(question, part, coloured=coloured, whole=whole), Text()]
    return Group(*drawn[:-1])


def is_long(question: Question) -> bool:
    """Whether a part is shown only in its beginning."""
    return any(line is None for part in question.parts for line in _lines(question, part, whole=False))


def picked(typed: str, most: int) -> tuple[int, ...]:
    """The numbers that a person typed: `1, 3-5`. In order, each once.

    Raises:
        ValueError: they can't be read, or go beyond `most`; its words say so.
    """
    numbers = set[int]()
    for piece in filter(None, re.split(r"[,\s]+", re.sub(r"\s*-\s*", "-", typed.strip()))):
        found = _NUMBERS.fullmatch(piece)
        first, last = (int(found[1]), int(found[2] or found[1])) if found and len(piece) < 20 else (0, 0)
        if not 1 <= first <= last <= most:
            raise ValueError(f"{piece} is none of the numbers 1 to {most}. Type them like 1, 3-4.")
        numbers |= set(range(first, last + 1))
    return tuple(sorted(numbers))


def _drawn(question: Question, part: Part, *, coloured: bool, whole: bool) -> RenderableType:
    pieces = list(_lines(question, part, whole=whole))
    body = changed([piece for piece in pieces if piece is not None], coloured=coloured)
    if None in pieces:
        return Group(Barred(body), indented(text(("… there is more: press v", "waits"))))
    return Barred(body)


def _lines(question: Question, part: Part, *, whole: bool) -> Iterator[Piece | None]:
    """What goes and what comes; None where more would."""
    new = part.new(question.action)
    sides: list[tuple[str, str]] = [("delete", part.old if isinstance(part.old, str) else "")]
    if isinstance(new, list):
        sides.append(("insert", "\n".join(map(spelled, new))))
    else:
        sides.append(("insert", spelled(new)))
    for op, words in sides:
        lines = words.splitlines(keepends=True)
        shown = lines if whole else lines[:_MOST_LINES]
        if shown:
            yield Piece.model_validate({"op": op, "text": "".join(shown)})
        if len(shown) < len(lines):
            yield None
