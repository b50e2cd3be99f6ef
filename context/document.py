"""A document as plain text plus blocks: the clauses, headings and table rows, each with its exact span."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .snippet import Origin, Trust

BlockKind = Literal["heading", "paragraph", "list_item", "table_row"]


class Block(BaseModel):
    """One paragraph-like unit. `document.text[start:end]` is its text, without its number.

    Args:
        kind: what it is.
        start, end: its span in the document's text.
        number: its clause number as a reader sees it ("4.2", "(a)", "Article IV"), automatic numbering included; "" if none.
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


class Document(BaseModel):
    """A file that was read: its text, its blocks in order, and the digest of the bytes it came from.

    Args:
        source: a name to cite, normally the file's name.
        text: all visible text; blocks are separated by one newline and never overlap.
        blocks: in reading order, covering all text but the separators and the numbers.
        sha256: of the file's bytes, so that a writer can refuse a file that has changed since.
        trust: who wrote it; every snippet cut from it carries this.
    """

    model_config = ConfigDict(frozen=True)

    source: str
    text: str
    blocks: tuple[Block, ...]
    sha256: str = ""
    trust: Trust = Trust.UNTRUSTED

    def block_text(self, block: Block) -> str:
        """The text of one block, without its number."""
        return self.text[block.start : block.end]

    def origin(self, start: int, end: int) -> Origin:
        """The Origin of a span of this document, with the place, page and line of the block it starts in."""
        block = next((b for b in self.blocks if b.start <= start < b.end), None)
        if block is None:
            return Origin(source=self.source, start=start, end=end)
        place = block.number or (block.path[-1] if block.path else "")
        return Origin(source=self.source, start=start, end=end, place=place, page=block.page, line=block.line)
