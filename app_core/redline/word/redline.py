"""Writes changes into a Word file as tracked changes and comments."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from rheostat.context import Document
from rheostat.context.io.word import Element, Layout, Package, layout_of, open_package, repacked, serialise

from ..errors import Refused
from ..plan import Planned, applied
from .comments import Note, add_comments
from .lines import LinePlan, by_line
from .marks import Marks
from .paragraph import ParagraphRedline
from .runs import cut, isolate
from .verify import verify


def redlined(data: bytes, document: Document, plan: Sequence[Planned], author: str, at: datetime) -> bytes:
    """The file with the changes tracked in it and everything else as it was; read back and checked.

    Args:
        data: the .docx as it was read.
        document: what was read from it.
        plan: the changes, in order.
        author, at: who proposes them, and when.

    Raises:
        Refused: a change touches what can't be changed exactly.
        NotVerified: the result doesn't hold what was promised.
    """
    package = open_package(data, document.source)
    layout = layout_of(package)
    if layout.text != document.text:
        raise Refused(f"{document.source} reads differently from the document that was reviewed. Review it again.")
    marks = Marks.for_package(package, author, at)
    touched = _write_marks(package, layout, plan, marks)
    notes = [Note(entry.note, touched[owner]) for owner, entry in enumerate(plan) if entry.note]
    parts = add_comments(package, notes, marks)
    result = repacked(data, {**parts, package.main: serialise(layout.root)})
    verify(result, package, marks.made, applied(document.text, plan))
    return result


def _write_marks(package: Package, layout: Layout, plan: Sequence[Planned], marks: Marks) -> dict[int, list[Element]]:
    """Tracks all edits in the layout's tree; returns the elements that show each change, in order, by its index."""
    line_plans = by_line(layout, plan)
    for line_plan in line_plans:
        _prepare_runs(line_plan)
    recut = {paragraph.anchor: paragraph for paragraph in layout_of(package, layout.root).paragraphs}
    changes = [entry.change for entry in plan]
    touched: defaultdict[int, list[Element]] = defaultdict(list)
    for line_plan in reversed(line_plans):
        paragraph = recut[line_plan.line.paragraph.anchor]
        for owner, elements in ParagraphRedline(paragraph.element, paragraph.pieces, marks, changes).write(
            line_plan.edits
        ):
            touched[owner][:0] = elements
    return touched


def _prepare_runs(line_plan: LinePlan) -> None:
    paragraph = line_plan.line.paragraph
    struck = [edit for edit in line_plan.edits if edit.kind != "note" and edit.end > edit.start]
    isolate(
        {
            piece.run
            for piece in paragraph.pieces
            if not piece.locked and any(edit.start < piece.end and piece.start < edit.end for edit in struck)
        }
    )
    cut(paragraph, {offset for edit in line_plan.edits for offset in (edit.start, edit.end)})
