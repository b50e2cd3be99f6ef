"""The blocks around a block: the headings and clauses that its path names."""

from .document import Block, Document
from .marks import without_marks

_LABEL_LENGTH = 80


def visible(document: Document, start: int, end: int) -> str:
    """What a reader sees of a span of the document: Markdown marks left out, lines joined."""
    text = document.text[start:end]
    return " ".join((without_marks(text) if document.markdown else text).split())


def ancestors(document: Document) -> list[tuple[int, ...]]:
    """For each block the indexes of the blocks around it, outermost first; titles that are no block are left out."""
    latest: dict[tuple[str, ...], int] = {}
    around: list[tuple[int, ...]] = []
    for index, block in enumerate(document.blocks):
        path = tuple(label[:_LABEL_LENGTH] for label in block.path)
        outer = (latest.get(path[:depth]) for depth in range(1, len(path) + 1))
        around.append(tuple(found for found in outer if found is not None))
        latest[(*path, _label(document, block))] = index
    return around


def _label(document: Document, block: Block) -> str:
    return (block.number or visible(document, block.start, block.end))[:_LABEL_LENGTH].rstrip()
