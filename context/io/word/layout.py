"""The document text of a Word file and, for each of its lines, the paragraph behind it."""

from collections.abc import Sequence
from dataclasses import dataclass

from .package import Package
from .styles import Styles
from .text import Paragraph, paragraphs
from .xml import Element


@dataclass(frozen=True, eq=False)
class Line:
    """A paragraph with visible text. `Document.text[start:end]` is that text without the white space around it.

    Args:
        paragraph: where it comes from.
        start: its offset in the document's text.
        indent: characters of white space left out before it.
    """

    paragraph: Paragraph
    start: int
    indent: int

    @property
    def text(self) -> str:
        """The line as the document's text has it."""
        return self.paragraph.text.strip()

    @property
    def end(self) -> int:
        """The offset in the document's text after its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, eq=False)
class Layout:
    """A document's XML, its styles, all its paragraphs, and the lines of text they make."""

    root: Element
    styles: Styles
    paragraphs: Sequence[Paragraph]
    lines: Sequence[Line]

    @property
    def text(self) -> str:
        """The text of the whole document: one line a paragraph, empty paragraphs left out."""
        return "\n".join(line.text for line in self.lines)


def layout_of(package: Package, root: Element | None = None) -> Layout:
    """Lays out a package's document part, or another tree in its place (one with tracked changes resolved)."""
    root = package.tree(package.main) if root is None else root
    styles = Styles(package)
    found = tuple(paragraphs(root, styles.hidden))
    lines: list[Line] = []
    start = 0
    for paragraph in found:
        text = paragraph.text
        if text.strip():
            lines.append(Line(paragraph, start, len(text) - len(text.lstrip())))
            start = lines[-1].end + 1
    return Layout(root, styles, found, tuple(lines))
