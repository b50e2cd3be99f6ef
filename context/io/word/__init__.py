"""Word files as they are inside: the zip and its parts, and the visible text with the element behind each character."""

from .layout import Layout, Line, layout_of
from .package import OFFICE, Package, open_package, relationships_name, repacked
from .text import Field, Paragraph, Piece, paragraphs
from .xml import Element, clone, local, new, parse, serialise, w

__all__ = [
    "OFFICE",
    "Element",
    "Field",
    "Layout",
    "Line",
    "Package",
    "Paragraph",
    "Piece",
    "clone",
    "layout_of",
    "local",
    "new",
    "open_package",
    "paragraphs",
    "parse",
    "relationships_name",
    "repacked",
    "serialise",
    "w",
]
