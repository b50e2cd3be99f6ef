"""A document as plain text plus blocks: the clauses, headings and table rows, each with its exact span."""

import re
from bisect import bisect_right
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .marks import blank_marks
from .numbering import address
from .snippet import Origin, Trust

BlockKind = Literal["heading", "paragraph", "list_item", "table_row"]


class Block(BaseModel):
    """One paragraph-like unit. `document.text[start:end]` is its text, without its number.

    Args:
        kind: what it is.
        start, end: its span in the document's text.
        number: its clause number as a reader sees it ("4.2", "(a)", "Article IV"), automatic ones included; "" if none.
        path: numbers or titles of the headings and clauses above it, outermost first.
        level: depth, 0 for the outermost.
        page, line: counted from 1 where the format knows them.
        anchor: how the file's writer finds it again (the index of a `w:p` in document order; a line number).
    """

    model_config = ConfigDict(frozen=True)

    kind: BlockKind
    start: int
    end: int
    number: str = ""
    path: tuple[str, ...] = ()
    level: int = 0
    page: int | None = None
    line: int | None = None
    anchor: int = 0

    @property
    def place(self) -> str:
        """What a person would say to cite it: "4.2(a)", "Exhibit B, 3", else the title above it, else ""."""
        return address((*self.path, self.number))


class Document(BaseModel, frozen=True):
    """A file that was read: its text, its blocks in order, and the digest of the bytes it came from.

    Args:
        source: a name to cite, normally the file's name.
        text: all visible text; for a text file, the file itself with line feeds as its line ends.
        blocks: in reading order, never overlapping; between them stands nothing but white space, numbers, list marks,
            page numbers and running lines.
        sha256: of the file's bytes, so that a writer can refuse a file that has changed since.
        trust: who wrote it; every snippet cut from it carries this.
        markdown: the text holds Markdown marks, which a reader does not see and a quote need not repeat.
    """

    source: str
    text: str
    blocks: tuple[Block, ...]
    sha256: str = ""
    trust: Trust = Trust.UNTRUSTED
    markdown: bool = False

    def block_text(self, block: Block) -> str:
        """The text of one block, without its number."""
        return self.text[block.start : block.end]

    def number_shown(self, index: int) -> tuple[int, str]:
        """Where the number of a block stands in the text, and how it reads there ("4.2.").

        An automatic number, which the text does not hold, is said to stand where its block starts.
        """
        block = self.blocks[index]
        before = self.blocks[index - 1].end if index else 0
        gap = self.text[before : block.start]
        if not block.number or not gap.strip():
            return block.start, block.number
        words = r"\s+".join(re.escape(word) for word in block.number.split())
        stands = list(re.finditer(rf"(?<![\w.]){words}(?!\w)\.?", blank_marks(gap) if self.markdown else gap))
        return (before + stands[-1].start(), stands[-1][0]) if stands else (block.start, block.number)

    def origin(self, start: int, end: int) -> Origin:
        """The Origin of a span of this document, with the place, page and line of the block it starts in.

        A span that starts between two blocks, in a number for example, belongs to the block after it.
        """
        index = bisect_right(self.blocks, start, key=lambda block: block.end)
        if index == len(self.blocks):
            return Origin(source=self.source, start=start, end=end)
        block = self.blocks[index]
        return Origin(source=self.source, start=start, end=end, place=block.place, page=block.page, line=block.line)
