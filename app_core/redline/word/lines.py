"""From edits of the document's text to edits of single paragraphs."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rheostat.context.io.word import Layout, Line

from ..change import Change
from ..errors import Refused
from ..plan import Edit, Planned, quoted


@dataclass(frozen=True)
class LineEdit:
    """An edit within one paragraph, in offsets of the paragraph's own text.

    Args:
        owner: the index of the change it belongs to.
        kind: "remove" where all the text goes and nothing comes, so that the paragraph itself is to go; "note" where
            nothing changes and a comment alone is to stand.
    """

    start: int
    end: int
    new: str
    owner: int
    kind: Literal["replace", "remove", "note"] = "replace"


@dataclass(frozen=True)
class LinePlan:
    """A paragraph and its edits in order."""

    line: Line
    edits: tuple[LineEdit, ...]


def by_line(layout: Layout, plan: Sequence[Planned]) -> list[LinePlan]:
    """Sorts all edits to their paragraphs, in order. An edit of several paragraphs is taken apart where that is exact.

    Raises:
        Refused: an edit would join the rest of one paragraph to the rest of another, or there is no text.
    """
    if plan and not layout.lines:
        raise Refused("The document has no text in its body, so there is nothing to change.")
    found: dict[int, list[LineEdit]] = {}
    for owner, entry in enumerate(plan):
        for edit in entry.edits:
            for index, line_edit in _taken_apart(layout.lines, edit, owner, entry):
                found.setdefault(index, []).append(line_edit)
        if entry.note and not entry.edits:
            for index, line_edit in _noted(layout.lines, entry.change, owner):
                found.setdefault(index, []).append(line_edit)
    return [_line_plan(layout.lines[index], found[index]) for index in sorted(found)]


def line_at(lines: Sequence[Line], offset: int) -> int:
    """The index of the line that holds this offset of the document's text, or ends at it."""
    return min(bisect_left(lines, offset, key=lambda line: line.end), len(lines) - 1)


def _taken_apart(lines: Sequence[Line], edit: Edit, owner: int, entry: Planned) -> list[tuple[int, LineEdit]]:
    first, last = line_at(lines, edit.start), line_at(lines, edit.end)
    if first == last:
        return [(first, _within(lines[first], edit.start, edit.end, edit.new, owner))]
    # The new text goes to the end whose paragraph keeps something, or to the first.
    if edit.end == lines[last].end:
        holder = first
    elif edit.start == lines[first].start:
        holder = last
    else:
        deleted = quoted("\n".join(line.text for line in lines[first : last + 1]))
        raise Refused(
            f"A change would join two paragraphs in the middle of {deleted}, which a tracked change can't do exactly. "
            "Propose one change for each paragraph.",
            entry.change,
        )
    parts: list[tuple[int, LineEdit]] = []
    for index in range(first, last + 1):
        start, end = max(edit.start, lines[index].start), min(edit.end, lines[index].end)
        new = edit.new if index == holder else ""
        if start < end or new:
            parts.append((index, _within(lines[index], start, end, new, owner)))
    return parts


def _noted(lines: Sequence[Line], change: Change, owner: int) -> list[tuple[int, LineEdit]]:
    """Where a comment alone stands: at the first and last paragraph of its span; an empty span means the paragraph."""
    first, last = line_at(lines, change.start), line_at(lines, change.end)
    parts: list[tuple[int, LineEdit]] = []
    for index in sorted({first, last}):
        line = lines[index]
        start, end = max(change.start, line.start), min(change.end, line.end)
        if start >= end:
            start, end = line.start, line.end
        parts.append((index, replace(_within(line, start, end, "", owner), kind="note")))
    return parts


def _within(line: Line, start: int, end: int, new: str, owner: int) -> LineEdit:
    shift = line.indent - line.start
    return LineEdit(start + shift, end + shift, new, owner)


def _line_plan(line: Line, edits: list[LineEdit]) -> LinePlan:
    only = edits[0]
    whole = (only.start, only.end) == (line.indent, line.indent + len(line.text))
    if len(edits) == 1 and whole and not only.new and only.kind == "replace":
        # The white space around the text goes with it.
        return LinePlan(line, (LineEdit(0, len(line.paragraph.text), "", only.owner, "remove"),))
    return LinePlan(line, tuple(edits))
