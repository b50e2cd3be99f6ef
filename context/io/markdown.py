"""Reading Markdown: blocks that point into the file as it is, marks included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..document import Block, BlockKind
from ..marks import blank_marks
from ..numbering import Number, read_number
from ..outline import Outline
from ..titles import is_title

_FRONT_MATTER = re.compile(r"---\n.*?\n(?:---|\.\.\.)[ \t]*(?:\n|$)", re.S)
_HEADING = re.compile(r" {0,3}(?P<hashes>#{1,6})[ \t]+(?=\S)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-{2,})[ \t]*$")
_RULE = re.compile(r" {0,3}(?:[-*_][ \t]*){3,}$")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})")
_BULLET = re.compile(r"(?P<indent>[ \t]*)[-*+•][ \t]+(?=\S)")
_ORDERED = re.compile(r"(?P<indent>[ \t]*)(?P<count>\d{1,3})[.)][ \t]+(?=\S)")
_LETTERED = re.compile(r"[ \t]+(?:[a-z]|[ivx]{1,5})[.)][ \t]|\s*(?:\*\*)?\([a-zA-Z0-9]{1,5}\)\s")
_TABLE_ROW = re.compile(r"\s*\|")
_TABLE_RULE = frozenset(" \t:|-")


@dataclass
class _Line:
    start: int
    text: str
    number: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass
class _List:
    """One open level of an ordered or bulleted list. `label` is that of its last item."""

    indent: int
    count: int = 0
    label: str = ""


def markdown_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a Markdown text, in order. A nested "1." below item 4 has the number "4.1", as it is cited."""
    front = _FRONT_MATTER.match(text)
    body_start = front.end() if front else 0
    reader = _Reader(text, blank_marks(text))
    for group in _groups(_lines(text, body_start)):
        reader.read(group)
    return tuple(reader.blocks)


def _lines(text: str, body_start: int) -> Iterator[_Line]:
    start = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if start >= body_start:
            yield _Line(start, line, number)
        start += len(line) + 1


def _groups(lines: Iterator[_Line]) -> Iterator[list[_Line]]:
    """Lines that make one block together: a paragraph or list item with what continues it, a fence, a single line."""
    group: list[_Line] = []
    fenced = False
    for line in lines:
        if _FENCE.match(line.text):
            if group:
                yield group
            group, fenced = [], not fenced
        elif fenced:
            group.append(line)
        elif not line.text.strip():
            if group:
                yield group
            group = []
        elif group and _UNDERLINE.match(line.text) and len(group) == 1 and not _starts_block(group[0].text):
            yield [*group, line]
            group = []
        else:
            if group and (_starts_block(line.text) or _is_single(group[-1].text)):
                yield group
                group = []
            group.append(line)
    if group:
        yield group


def _is_single(text: str) -> bool:
    return bool(_HEADING.match(text) or _TABLE_ROW.match(text) or _RULE.match(text))


def _starts_block(text: str) -> bool:
    return bool(_is_single(text) or _BULLET.match(text) or _ORDERED.match(text) or _LETTERED.match(text))


@dataclass
class _Reader:
    """Turns groups of lines into blocks. `view` is the text with its marks blanked out."""

    text: str
    view: str
    blocks: list[Block] = field(default_factory=list[Block])
    _headings: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    _outline: Outline = field(default_factory=Outline)
    _lists: list[_List] = field(default_factory=list[_List])

    def read(self, group: list[_Line]) -> None:
        """Reads the lines of one block."""
        first, last = group[0], group[-1]
        heading = _HEADING.match(first.text)
        if heading is not None:
            end = first.start + len(first.text.rstrip().rstrip("#"))
            self._read_heading(len(heading["hashes"]), first.start + heading.end(), end, first.number)
        elif len(group) == 2 and _UNDERLINE.match(last.text):
            self._read_heading(1 if "=" in last.text else 2, first.start, first.end, first.number)
        elif _RULE.match(first.text):
            return
        elif row := _TABLE_ROW.match(first.text):
            if not _TABLE_RULE.issuperset(first.text):
                end = first.start + len(first.text.rstrip().removesuffix("|"))
                self._add("table_row", first.start + row.end(), end, first.number, "", self._path)
        else:
            self._read_text(group)

    def _read_heading(self, depth: int, start: int, end: int, line: int) -> None:
        self._headings = [heading for heading in self._headings if heading[0] < depth]
        self._outline, self._lists = Outline(), []
        number = self._number(start, end)
        body = number.end if number else start
        self._add("heading", body, end, line, number.label if number else "", self._path)
        title = " ".join(self.view[body:end].split())
        self._headings.append((depth, number.label if number else title))

    def _read_text(self, group: list[_Line]) -> None:
        first, end = group[0], group[-1].end
        bullet, ordered = _BULLET.match(first.text), _ORDERED.match(first.text)
        marker = bullet or ordered
        start = first.start + (marker.end() if marker else 0)
        if marker is None and first.text[0] not in " \t":
            self._lists = []
        number = self._item_number(ordered, first.start) if ordered else None
        if bullet:
            self._level(bullet["indent"])
        inner = self._number(start, end) if number is None else None
        number = number or inner
        if number is None:
            self._add("list_item" if bullet else "paragraph", start, end, first.number, "", self._path)
            return
        path = (*self._heading_path, *self._outline.add(number))
        body = inner.end if inner else start
        title = is_title(self.view[body:end])
        kind = "heading" if title else "list_item" if marker or " " in number.readings[0][0] else "paragraph"
        self._add(kind, body, end, first.number, number.label, path)

    def _item_number(self, item: re.Match[str], at: int) -> Number:
        """The number of an ordered item as it is shown: files may say "1." for each; a nested one extends the outer."""
        level = self._level(item["indent"])
        level.count = max(int(item["count"]), level.count + 1)
        outer = self._lists[-2].label if len(self._lists) > 1 else ""
        nested = outer.replace(".", "").isdigit()
        level.label = f"{outer}.{level.count}" if nested else str(level.count)
        values = tuple(int(part) for part in level.label.split("."))
        return Number(level.label, at + item.end(), (("decimal", values),))

    def _level(self, indent: str) -> _List:
        width = len(indent.expandtabs(4))
        while self._lists and width < self._lists[-1].indent - 1:
            self._lists.pop()
        if not self._lists or width > self._lists[-1].indent + 1:
            self._lists.append(_List(width))
        return self._lists[-1]

    def _number(self, start: int, end: int) -> Number | None:
        """The number a text begins with, marks and the full stop after them skipped: "**7.1**. Support"."""
        while start < end and self.view[start].isspace():
            start += 1
        number = read_number(self.view, start, end)
        if number is None or number.end >= end:
            return None
        doubtful = number.readings[0][0].startswith(("dotted", "half"))
        if doubtful and not self._outline.continues(number):
            return None
        stop = re.compile(r"\.\s+").match(self.view, number.end, end)
        return Number(number.label, stop.end(), number.readings) if stop else number

    @property
    def _heading_path(self) -> tuple[str, ...]:
        return tuple(label for _, label in self._headings)

    @property
    def _path(self) -> tuple[str, ...]:
        return (*self._heading_path, *self._outline.path)

    def _add(self, kind: BlockKind, start: int, end: int, line: int, number: str, path: tuple[str, ...]) -> None:
        if not self.view[start:end].strip():
            return
        body = self.text[start:end]
        start, end = start + len(body) - len(body.lstrip()), start + len(body.rstrip())
        self.blocks.append(
            Block(kind=kind, start=start, end=end, number=number, path=path, level=len(path), line=line, anchor=line)
        )
