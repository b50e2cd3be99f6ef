"""Paragraph and character styles: what a style says itself and what it inherits (ECMA-376 part 1, 17.7)."""

from collections.abc import Iterator
from dataclasses import dataclass

from .package import Package
from .text import is_on
from .xml import Element, w

_BODY_TEXT = 9
_LONGEST_LINE = 50  # of styles based on each other; people make five, a hostile file a million


@dataclass(frozen=True)
class Style:
    """What matters here of one style. None where the style itself says nothing.

    Args:
        based_on: the id of the style it inherits from.
        name: as Word's list shows it, in lower case ("heading 1").
        outline_level: 0 for the outermost heading; 9 for body text.
        num_id, ilvl: the list and the level its paragraphs are numbered in.
        hidden: whether its text is not shown.
    """

    based_on: str | None
    name: str
    outline_level: int | None
    num_id: str | None
    ilvl: int | None
    hidden: bool


class Styles:
    """The styles of a document, by id."""

    def __init__(self, package: Package) -> None:
        root = package.related_tree("styles")
        found = root.findall(w("style")) if root is not None else []
        self._by_id = {style.get(w("styleId")) or "": _read(style) for style in found}
        self._default = next((s.get(w("styleId")) for s in found if _is_default_paragraph(s)), None)

    @property
    def hidden(self) -> frozenset[str]:
        """Ids of the styles whose text is hidden."""
        return frozenset(name for name in self._by_id if any(style.hidden for _, style in self.line(name)))

    def line(self, style_id: str | None) -> Iterator[tuple[str, Style]]:
        """A style and those it is based on, nearest first; without an id the default paragraph style."""
        seen: set[str] = set()
        name = style_id if style_id in self._by_id else self._default
        while name in self._by_id and name not in seen and len(seen) < _LONGEST_LINE:
            seen.add(name)
            yield name, self._by_id[name]
            name = self._by_id[name].based_on

    def outline_level(self, paragraph: Element) -> int | None:
        """How deep a heading is, 0 for the outermost; None for body text."""
        own = number_of(paragraph.find(f"{w('pPr')}/{w('outlineLvl')}"))
        inherited = (style.outline_level for _, style in self.line(style_of(paragraph)))
        level = next((level for level in (own, *inherited) if level is not None), None)
        return level if level is not None and level < _BODY_TEXT else None


def style_of(paragraph: Element) -> str | None:
    """The id of the style a paragraph names."""
    named = paragraph.find(f"{w('pPr')}/{w('pStyle')}")
    return None if named is None else named.get(w("val"))


def number_of(element: Element | None) -> int | None:
    """The number in an element's `w:val`; None where there is none."""
    value = None if element is None else element.get(w("val"))
    return int(value) if value is not None and value.lstrip("-").isdecimal() else None


def _read(style: Element) -> Style:
    based_on, name = style.find(w("basedOn")), style.find(w("name"))
    num_id = style.find(f"{w('pPr')}/{w('numPr')}/{w('numId')}")
    shown_name = (name.get(w("val")) or "").lower() if name is not None else ""
    return Style(
        based_on=None if based_on is None else based_on.get(w("val")),
        name=shown_name,
        outline_level=_outline_level(style, shown_name),
        num_id=None if num_id is None else num_id.get(w("val")),
        ilvl=number_of(style.find(f"{w('pPr')}/{w('numPr')}/{w('ilvl')}")),
        hidden=is_on(style.find(f"{w('rPr')}/{w('vanish')}")),
    )


def _outline_level(style: Element, name: str) -> int | None:
    stated = number_of(style.find(f"{w('pPr')}/{w('outlineLvl')}"))
    if stated is not None:
        return stated
    if name == "title":
        return 0
    digit = name.removeprefix("heading ")
    return int(digit) - 1 if digit != name and digit in "123456789" else None


def _is_default_paragraph(style: Element) -> bool:
    return style.get(w("type")) == "paragraph" and style.get(w("default")) in ("1", "true", "on")
