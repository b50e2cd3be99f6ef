"""Reading plain text: paragraphs, headings and clauses out of a file that holds nothing but lines.

It copes with what filings look like: hard-wrapped lines, a whole contract on one line, page numbers between paragraphs.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ..document import Block, BlockKind
from ..numbering import ATTACHMENT_STYLE, Number, read_number
from ..outline import Outline
from ..titles import is_title
from .running import running_lines

_WRAP_WIDTH = 110
_BODY_LENGTH = 100
_SENTENCE_END = re.compile(r"[.;:!?][\"”'’)\]]*$")
_INLINE_NUMBER = re.compile(r"(?<=\s)(?=\d{1,3}\.|(?:ARTICLE|Article|SECTION|Section)\s)")
_MOST_SPLIT = 100_000
"""Blocks after which lines are not searched for clauses any more: no contract is that long."""
_NUMBER_ALONE = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,3})*|[a-zA-Z]|[ivx]{1,5})[.)]+")
_FILE_HEAD = re.compile(r"ex(?:hibit)?[ -]\d+\.\d+", re.I)
_MENTION = re.compile(
    r"(?:sections?|clauses?|paragraphs?|articles?|exhibits?|schedules?|parts?|items?|and|or|to|in|of|under|by|with|than|the"
    r"|at|on|for|from|through|see|per|no\.|nos\.|sec\.|[§$,&(/-])\s*$",
    re.I,
)


def plain_blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a plain text, in order: every paragraph, but no page numbers and no running heads."""
    reader = _Reader(text)
    pieces = list(_pieces(text))
    attachments = _attachments(text, pieces)
    for start, end in pieces:
        reader.read(start, end, opens=start in attachments)
    return reader.finish()


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Spans of paragraphs: runs of lines, cut where a line begins something new."""
    running = running_lines(text)
    run: list[tuple[int, int]] = []
    for found in re.finditer(r"[^\n]+", text):
        start = found.start() + len(found[0]) - len(found[0].lstrip())
        line = (start, start + len(found[0].strip()))
        apart = bool(run) and text.count("\n", run[-1][1], start) > 1
        if apart or line[0] == line[1] or line in running:
            yield from _cut_run(text, run)
            run = []
        if line[0] < line[1] and line not in running:
            run.append(line)
    yield from _cut_run(text, run)


def _cut_run(text: str, lines: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    if not lines:
        return
    width = max(end - start for start, end in lines)
    start = lines[0][0]
    for line, after in pairwise(lines):
        if _begins_anew(text[slice(*line)], text[slice(*after)], width):
            yield start, line[1]
            start = after[0]
    yield start, lines[-1][1]


def _begins_anew(line: str, after: str, width: int) -> bool:
    """Whether the line `after` starts a paragraph, though no blank line sets it off."""
    if len(line) > _WRAP_WIDTH or (line.isupper() and not after.isupper()):
        return True
    ended = _SENTENCE_END.search(line) is not None
    if read_number(after) is not None and not _MENTION.search(line):
        return ended or len(line) < 0.7 * width or after[0] == "("
    return ended and len(line) < 0.7 * width


def _attachments(text: str, pieces: list[tuple[int, int]]) -> set[int]:
    """Where the exhibits and schedules of a document begin.

    Not one that a table of contents lists: it comes again later, or stands next to another. Not one before any text
    either: the whole file is that exhibit.
    """
    labels = [_attachment_label(text, start, end) for start, end in pieces]
    last = {label: index for index, label in enumerate(labels)}
    body = next((index for index, (start, end) in enumerate(pieces) if end - start > _BODY_LENGTH), len(pieces))
    around = zip(["", *labels], [*labels[1:], ""], strict=False)
    return {
        pieces[index][0]
        for index, (label, (before, after)) in enumerate(zip(labels, around, strict=False))
        if label and index > body and last[label] == index and {before, after} <= {"", label}
    }


def _attachment_label(text: str, start: int, end: int) -> str:
    number = read_number(text, start, end)
    return number.label.lower() if number and number.readings[0][0] == ATTACHMENT_STYLE else ""


@dataclass
class _Reader:
    """Turns pieces of text into blocks, keeping the outline as it goes."""

    text: str
    _outline: Outline = field(default_factory=Outline)
    _blocks: list[Block] = field(default_factory=list[Block])
    _waiting: tuple[Number, int, tuple[str, ...]] | None = None
    """A bare "ARTICLE II", where it stands and its path, until it is known whether a title follows."""

    def __post_init__(self) -> None:
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", self.text))]
        self._page_ends = [found.start() for found in re.finditer("\f", self.text)]

    def read(self, start: int, end: int, opens: bool) -> None:
        """Reads one piece. `opens` says that an exhibit which starts here is not merely listed."""
        number = self._number_at(start, end)
        waiting, self._waiting = self._waiting, None
        if waiting is not None and number is None and is_title(self.text[start:end]):
            self._add("heading", start, end, waiting[0].label, waiting[2])
            return
        self._flush(waiting)
        while start < end:
            # what number may come next depends on this one being open
            path = self._open(number, opens) if number else ()
            cut, following = self._next_inline(number.end if number else start, end)
            if number is None:
                self._read_unnumbered(start, cut)
            else:
                self._read_numbered(number, start, cut, path)
            start, number, opens = cut, following, True

    def finish(self) -> tuple[Block, ...]:
        """All blocks read."""
        self._flush(self._waiting)
        return tuple(self._blocks)

    def _number_at(self, start: int, end: int) -> Number | None:
        number = read_number(self.text, start, end)
        if number is None or _is_column(self.text, start, end):
            return None
        style = number.readings[0][0]
        # "J. Smith", "a) or b)", "20 JUNE"
        doubtful = style.startswith(("dotted", "half")) or self.text[start : number.end].strip().isdigit()
        return None if doubtful and not self._outline.continues(number) else number

    def _open(self, number: Number, opens: bool) -> tuple[str, ...]:
        return self._outline.add(number) if opens or number.readings[0][0] != ATTACHMENT_STYLE else ()

    def _read_numbered(self, number: Number, start: int, end: int, path: tuple[str, ...]) -> None:
        style = number.readings[0][0]
        if number.end < end:
            self._add(_kind(self.text[number.end : end], style), number.end, end, number.label, path)
        elif style != "decimal" and " " not in style:
            self._waiting = (number, start, path)
        else:
            self._add("paragraph", start, end, "", path)

    def _read_unnumbered(self, start: int, end: int) -> None:
        body = self.text[start:end]
        opens = is_title(body) and not _FILE_HEAD.match(body) and (body.isupper() or not self._outline.path)
        path = self._outline.title(" ".join(body.split())) if opens else self._outline.path
        self._add("heading" if is_title(body) else "paragraph", start, end, "", path)

    def _next_inline(self, start: int, end: int) -> tuple[int, Number | None]:
        """Where the next clause begins inside a piece, for files that hold many clauses on one line."""
        if len(self._blocks) > _MOST_SPLIT or _is_column(self.text, start, end):
            return end, None
        for found in _INLINE_NUMBER.finditer(self.text, start, end):
            at = found.start()
            number = read_number(self.text, at, end)
            if number is not None and self._carries_on(number, start, at):
                return at, number
        return end, None

    def _carries_on(self, number: Number, start: int, at: int) -> bool:
        before = self.text[max(start, at - 16) : at]
        if _MENTION.search(before) or not self._outline.continues(number):
            return False
        style, values = number.readings[0]
        if style == "decimal" and len(values) > 1 and self.text[at].isdigit():
            return True
        set_off = _SENTENCE_END.search(before.rstrip()) is not None or before.endswith("  ") or before.isspace()
        return set_off and not self.text[number.end : number.end + 1].islower()

    def _flush(self, waiting: tuple[Number, int, tuple[str, ...]] | None) -> None:
        if waiting is not None:
            number, start, path = waiting
            self._add("heading", start, start + len(self.text[start : number.end].rstrip()), "", path)

    def _add(self, kind: BlockKind, start: int, end: int, number: str, path: tuple[str, ...]) -> None:
        end = start + len(self.text[start:end].rstrip())
        line = bisect_right(self._line_starts, start)
        page = bisect_right(self._page_ends, start) + 1 if self._page_ends else None
        self._blocks.append(
            Block(
                kind=kind,
                start=start,
                end=end,
                number=number,
                path=path,
                level=len(path),
                page=page,
                line=line,
                anchor=line,
            )
        )


def _is_column(text: str, start: int, end: int) -> bool:
    """Whether a piece is nothing but the numbers that a converter tore off their clauses."""
    words = re.compile(r"\S+").finditer(text, start, end)
    return all(_NUMBER_ALONE.fullmatch(word[0]) for word in words)


def _kind(text: str, style: str) -> BlockKind:
    if is_title(text):
        return "heading"
    return "paragraph" if " " not in style else "list_item"
