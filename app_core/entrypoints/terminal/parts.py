"""Parts of an action on the screen, each with its number, and the numbers that a person types."""

import re
from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from rheostat.autonomy import Json, Part, Question

from .console import indented, text
from .preview import Barred, changed, pieces
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
    return any(len(side.splitlines()) > _MOST_LINES for part in question.parts for side in _sides(question, part))


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
    """What goes and what comes, word by word."""
    old, new = _sides(question, part)
    shown = [side if whole else "\n".join(side.splitlines()[:_MOST_LINES]) for side in (old, new)]
    body = Barred(changed(pieces(*(side.removesuffix("\n") for side in shown)), coloured=coloured))
    if whole or max(len(side.splitlines()) for side in (old, new)) <= _MOST_LINES:
        return body
    return Group(body, indented(text(("… there is more: press v", "waits"))))


def _sides(question: Question, part: Part) -> tuple[str, str]:
    """What stands there, and what is to: nothing and an item, in a list."""
    new = part.new(question.action)
    return (part.old, spelled(new)) if isinstance(part.old, str) else ("", "\n".join(map(spelled, _listed(new))))


def _listed(value: Json) -> Sequence[Json]:
    return value if isinstance(value, list) else [value]
