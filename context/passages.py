"""Cutting a document into passages: pieces small enough to choose from, large enough to make sense alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from .ancestry import ancestors, visible
from .document import Document
from .sentences import sentences
from .snippet import Snippet
from .titles import run_in_title

_LONGEST = 1500
"""Characters: a passage is cut at the end of a sentence before it grows beyond."""
_SHORT = 400
"""Characters: passages below are put together with what follows them."""
_LEAD_IN = 300


@dataclass(frozen=True)
class Passage:
    """A stretch of a document: several short blocks, one block, or a piece of a long one.

    Args:
        first, last: indexes of its first and last block.
        start, end: its span in the document's text.
        text: what a reader sees, with clause numbers, one block a line.
        around: titles and lead-ins of the clauses it stands in, for ranking.
        lead_in: where the block starts whose sentence it finishes ("Recipient will:"), unless that is in the passage.
    """

    first: int
    last: int
    start: int
    end: int
    text: str
    around: str
    lead_in: int | None

    def snippet(self, document: Document, score: float = 0.0) -> Snippet:
        """The passage as a Snippet with its exact Origin and the document's trust."""
        return Snippet(text=self.text, origin=document.origin(self.start, self.end), score=score, trust=document.trust)


def snippets(document: Document) -> list[Snippet]:
    """The whole document as snippets, in reading order, each a passage of at most about 1,500 characters."""
    return [passage.snippet(document) for passage in passages(document)]


@lru_cache(maxsize=8)
def passages(document: Document) -> tuple[Passage, ...]:
    """The passages of a document, in reading order; together they hold every block."""
    around = ancestors(document)
    made: list[Passage] = []
    for first, last in _groups(document, around):
        header = " ".join(_header(document, index) for index in around[first])
        leading = (document.blocks[index].start for index in reversed(around[first]) if _leads_in(document, index))
        lead_in = next(leading, None)
        for start, end in _spans(document, first, last):
            text = _shown(document, first, last, start, end)
            made.append(Passage(first, last, start, end, text, header, lead_in))
    return tuple(made)


def _groups(document: Document, around: list[tuple[int, ...]]) -> Iterator[tuple[int, int]]:
    """Blocks that make a passage together: a heading or lead-in with what stands under it, and short neighbours."""
    blocks = document.blocks
    first = 0
    for index in range(1, len(blocks) + 1):
        if index < len(blocks):
            length = blocks[index].end - blocks[first].start
            under = any(outer >= first for outer in around[index])
            only_headings = all(block.kind == "heading" for block in blocks[first:index])
            short = length <= _SHORT and (only_headings or blocks[index].kind != "heading")
            if length <= _LONGEST and (under or only_headings or short):
                continue
        yield first, index - 1
        first = index


def _spans(document: Document, first: int, last: int) -> Iterator[tuple[int, int]]:
    start, end = document.number_shown(first)[0], document.blocks[last].end
    if end - start <= _LONGEST:
        yield start, end
        return
    text_start = document.blocks[first].start
    pieces = _pieces(document.text[text_start:end])
    for index, (piece_start, piece_end) in enumerate(pieces):
        yield (start if index == 0 else text_start + piece_start), text_start + piece_end


def _pieces(text: str) -> list[tuple[int, int]]:
    """Spans of a long text, each of whole sentences where it can be."""
    pieces: list[tuple[int, int]] = []
    for start, end in _short_sentences(text):
        if pieces and end - pieces[-1][0] <= _LONGEST:
            pieces[-1] = (pieces[-1][0], end)
        else:
            pieces.append((start, end))
    return pieces


def _short_sentences(text: str) -> Iterator[tuple[int, int]]:
    for start, end in sentences(text):
        while end - start > _LONGEST:
            cut = _cut(text, start)
            yield start, start + len(text[start:cut].rstrip())
            while cut < end and text[cut].isspace():
                cut += 1
            start = cut
        if start < end:
            yield start, end


def _cut(text: str, start: int) -> int:
    """Where to cut a sentence that is too long: after a semicolon, else a comma, else a word."""
    found = (text.rfind(mark, start + _SHORT, start + _LONGEST) for mark in ("; ", ", ", " "))
    return next((at + 1 for at in found if at >= 0), start + _LONGEST)


def _shown(document: Document, first: int, last: int, start: int, end: int) -> str:
    lines: list[str] = []
    for index in range(first, last + 1):
        block = document.blocks[index]
        text = visible(document, max(start, block.start), min(end, block.end))
        number = document.number_shown(index)[1] if start <= block.start else ""
        lines.append(f"{number} {text}".strip())
    return "\n".join(line for line in lines if line)


def _header(document: Document, index: int) -> str:
    block = document.blocks[index]
    text = visible(document, block.start, min(block.end, block.start + 4 * _LEAD_IN))
    said = text if block.kind == "heading" or _leads_in(document, index) else run_in_title(text)
    return f"{block.number} {said}"


def _leads_in(document: Document, index: int) -> bool:
    block = document.blocks[index]
    return block.end - block.start <= 2 * _LEAD_IN and visible(document, block.start, block.end).endswith(":")
