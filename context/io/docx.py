"""Reads a Word file (.docx) into a Document."""

import hashlib
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

from ..document import Block, BlockKind, Document
from ..numbering import Number, read_number
from ..snippet import Trust
from .word import Element, Layout, Line, Package, layout_of, open_package, w
from .word.numbering import Numbered, Numbering
from .word.outline import WordOutline

_HEADING_WORDS = 15
_SHORT_HEADING_WORDS = 6
_LABEL_LENGTH = 80


def read_docx(path: Path, *, data: bytes, source: str, trust: Trust) -> Document:
    """Reads what a person sees in the body of a Word file.

    Tracked changes count as accepted; hidden text and field codes are left out; tables, text boxes, content controls
    and links are read in place; a tab or a line break is one character. Each paragraph with text is one block and one
    line, without the white space around it; a cell's paragraphs are blocks of kind "table_row" whose path ends with
    the text of the row's first cell. Automatic numbers are computed as Word prints them and stand in `Block.number`
    only, typed ones also in the text. Not read: headers, footers, footnotes, endnotes and comments.

    Args:
        path: the file, for messages.
        data: its bytes.
        source: the name to cite.
        trust: who wrote it.

    Raises:
        Unreadable: it is empty, damaged, encrypted, with macros, a zip bomb, or no Word file.
    """
    package = open_package(data, path.name)
    layout = layout_of(package)
    blocks = tuple(_Reader(package, layout).blocks())
    digest = hashlib.sha256(data).hexdigest()
    return Document(source=source, text=layout.text, blocks=blocks, sha256=digest, trust=trust)


class _Reader:
    """Walks the lines once, keeping count of the numbers and of what is open."""

    def __init__(self, package: Package, layout: Layout) -> None:
        self._layout = layout
        self._styles = layout.styles
        self._numbering = Numbering(package, self._styles)
        self._outline = WordOutline()
        self._row_labels: dict[Element, str] = {}
        self._cell: Element | None = None
        self._around_cell: WordOutline | None = None  # what was open before the cell opened anything

    def blocks(self) -> Iterator[Block]:
        lines = {line.paragraph.anchor: line for line in self._layout.lines}
        for paragraph in self._layout.paragraphs:
            line = lines.get(paragraph.anchor)
            # Word doesn't count a paragraph that only ends a section, or whose end is deleted.
            counted = line is not None or not _is_only_a_mark(paragraph.element)
            numbered = self._numbering.next(paragraph.element) if counted else None
            if line is not None:
                yield self._block(line, numbered)

    def _block(self, line: Line, numbered: Numbered | None) -> Block:
        element = line.paragraph.element
        cell = next(element.iterancestors(w("tc")), None)
        self._enter(cell)
        typed = self._typed_number(line) if numbered is None or not numbered.label else None
        number = numbered.label if numbered is not None and numbered.label else typed.label if typed is not None else ""
        text = line.text[typed.end :] if typed is not None else line.text
        level = self._styles.outline_level(element)
        heading = level is not None and _reads_as_heading(text)
        path = self._open(number or _label(text), level if heading else None, numbered, typed)
        if cell is not None:
            path += self._row_label(line, cell)
        return Block(
            kind=_kind(cell, heading, listed=numbered is not None or typed is not None),
            start=line.end - len(text),
            end=line.end,
            number=number,
            path=path,
            level=len(path),
            anchor=line.paragraph.anchor,
        )

    def _enter(self, cell: Element | None) -> None:
        """What a cell opens, it closes."""
        if cell is not self._cell and self._around_cell is not None:
            self._outline, self._around_cell = self._around_cell, None
        self._cell = cell

    def _typed_number(self, line: Line) -> Number | None:
        number = read_number(line.text)
        if number is None or number.end >= len(line.text):
            return None
        # "J. Smith" is no clause J.
        sure = not number.readings[0][0].startswith(("dotted", "half")) or self._outline.continues(number)
        return number if sure else None

    def _open(
        self, label: str, heading_level: int | None, numbered: Numbered | None, typed: Number | None
    ) -> tuple[str, ...]:
        opens = heading_level is not None or numbered is not None or typed is not None
        if opens and self._cell is not None and self._around_cell is None:
            self._around_cell, self._outline = self._outline, deepcopy(self._outline)
        if heading_level is not None:
            return self._outline.heading(label, heading_level, numbered)
        if numbered is not None and numbered.label:
            return self._outline.item(numbered)
        return self._outline.typed(typed) if typed is not None else self._outline.path

    def _row_label(self, line: Line, cell: Element) -> tuple[str, ...]:
        """The text of the row's first cell, for all cells but the first."""
        row = next(cell.iterancestors(w("tr")))
        if next(row.iter(w("tc"))) is cell:
            self._row_labels.setdefault(row, _label(line.text))
            return ()
        label = self._row_labels.get(row, "")
        return (label,) if label else ()


def _kind(cell: Element | None, heading: bool, listed: bool) -> BlockKind:
    if cell is not None:
        return "table_row"
    if heading:
        return "heading"
    return "list_item" if listed else "paragraph"


def _reads_as_heading(text: str) -> bool:
    """Many contracts give whole clauses a heading style for the sake of its number."""
    words = len(text.split())
    return words <= _SHORT_HEADING_WORDS or (words <= _HEADING_WORDS and text[-1] not in ".;:,")


def _label(text: str) -> str:
    label = " ".join(text.split())
    return label if len(label) <= _LABEL_LENGTH else label[: _LABEL_LENGTH - 1].rstrip() + "…"


def _is_only_a_mark(paragraph: Element) -> bool:
    properties = paragraph.find(w("pPr"))
    if properties is None:
        return False
    return any(properties.find(path) is not None for path in (w("sectPr"), f"{w('rPr')}/{w('del')}"))
