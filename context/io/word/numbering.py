"""Automatic numbers: what Word prints before a paragraph, computed from numbering.xml (ECMA-376 part 1, 17.9)."""

import re
from collections import defaultdict
from dataclasses import dataclass

from .package import Package
from .styles import Style, Styles, number_of, style_of
from .text import is_on
from .xml import Element, w

_LEVELS = 9
_PLACEHOLDER = re.compile(r"%([1-9])")
_ROMAN = {1000: "m", 900: "cm", 500: "d", 400: "cd", 100: "c", 90: "xc", 50: "l", 40: "xl"}
_ROMAN_UNITS = {10: "x", 9: "ix", 5: "v", 4: "iv", 1: "i"}


@dataclass(frozen=True)
class Level:
    """One `w:lvl`: how a level counts and looks. After level `restart` (from 1) it begins anew; 0 means never."""

    start: int
    form: str
    pattern: str
    restart: int | None
    legal: bool
    style: str | None


@dataclass(frozen=True)
class Numbered:
    """A paragraph's place in a list. `label` is what Word prints, less a final full stop or colon; "" for a bullet."""

    label: str
    ilvl: int
    list_id: str


class Numbering:
    """Counts the numbered paragraphs of one document; to be asked once for each, in order."""

    def __init__(self, package: Package, styles: Styles) -> None:
        root = package.related_tree("numbering")
        self._styles = styles
        self._nums = {num.get(w("numId")) or "": num for num in root.findall(w("num"))} if root is not None else {}
        abstracts = root.findall(w("abstractNum")) if root is not None else []
        self._abstracts = {abstract.get(w("abstractNumId")) or "": abstract for abstract in abstracts}
        self._levels: dict[str, dict[int, Level]] = {}
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)
        self._begun: set[tuple[str, int]] = set()

    def next(self, paragraph: Element) -> Numbered | None:
        """The number of the next paragraph in order; None if it has none."""
        num_id, ilvl = self._list_of(paragraph)
        if num_id not in self._nums:
            return None
        abstract_id = self._abstract_id(num_id)
        levels = self._levels_of(num_id)
        if ilvl not in levels:
            return None
        self._count(num_id, abstract_id, ilvl, levels)
        return Numbered(self._label(levels, ilvl, self._counts[abstract_id]), ilvl, abstract_id)

    def _list_of(self, paragraph: Element) -> tuple[str, int]:
        """The list and level: the paragraph's own `w:numPr` first, then its styles'."""
        own = paragraph.find(f"{w('pPr')}/{w('numPr')}")
        own_id = own.find(w("numId")) if own is not None else None
        own_level = number_of(own.find(w("ilvl"))) if own is not None else None
        if own_id is not None:
            return own_id.get(w("val")) or "", own_level or 0
        line = list(self._styles.line(style_of(paragraph)))
        num_id = next((style.num_id for _, style in line if style.num_id is not None), "")
        if own_level is not None:
            return num_id, own_level
        return num_id, self._style_level(num_id, line)

    def _style_level(self, num_id: str, line: list[tuple[str, Style]]) -> int:
        """A level that names the style (`w:pStyle`) is the style's level, whatever the style says itself."""
        linked = {level.style: ilvl for ilvl, level in self._levels_of(num_id).items() if level.style}
        by_link = next((linked[name] for name, _ in line if name in linked), None)
        stated = next((style.ilvl for _, style in line if style.ilvl is not None), 0)
        return by_link if by_link is not None else stated

    def _count(self, num_id: str, abstract_id: str, ilvl: int, levels: dict[int, Level]) -> None:
        counts = self._counts[abstract_id]
        if (num_id, ilvl) not in self._begun:
            self._begun.add((num_id, ilvl))
            # A list that overrides the start begins anew where it is first used, though it shares its counts.
            if self._start_override(num_id, ilvl) is not None:
                counts.pop(ilvl, None)
        counts[ilvl] = counts[ilvl] + 1 if ilvl in counts else levels[ilvl].start
        for deeper in range(ilvl + 1, _LEVELS):
            restart = levels[deeper].restart if deeper in levels else None
            if restart is None or 0 < restart and ilvl < restart:
                counts.pop(deeper, None)

    def _label(self, levels: dict[int, Level], ilvl: int, counts: dict[int, int]) -> str:
        level = levels[ilvl]
        if level.form in ("bullet", "none") or not _PLACEHOLDER.search(level.pattern):
            return ""

        def printed(placeholder: re.Match[str]) -> str:
            at = int(placeholder[1]) - 1
            if at not in levels:
                return ""
            form = "decimal" if level.legal else levels[at].form
            return spelled(counts.get(at, levels[at].start), form)

        return _PLACEHOLDER.sub(printed, level.pattern).strip().rstrip(".:").rstrip()

    def _levels_of(self, num_id: str) -> dict[int, Level]:
        if num_id not in self._levels:
            self._levels[num_id] = self._read_levels(num_id)
        return self._levels[num_id]

    def _read_levels(self, num_id: str) -> dict[int, Level]:
        abstract = self._abstracts.get(self._abstract_id(num_id))
        levels = {_ilvl(level): _level(level) for level in abstract.findall(w("lvl"))} if abstract is not None else {}
        for override in self._nums[num_id].findall(w("lvlOverride")) if num_id in self._nums else ():
            ilvl, whole = _ilvl(override), override.find(w("lvl"))
            if whole is not None:
                levels[ilvl] = _level(whole)
            start = self._start_override(num_id, ilvl)
            if start is not None and ilvl in levels:
                old = levels[ilvl]
                levels[ilvl] = Level(start, old.form, old.pattern, old.restart, old.legal, old.style)
        return levels

    def _start_override(self, num_id: str, ilvl: int) -> int | None:
        for override in self._nums[num_id].findall(w("lvlOverride")):
            if _ilvl(override) == ilvl:
                return number_of(override.find(w("startOverride")))
        return None

    def _abstract_id(self, num_id: str) -> str:
        """The definition behind a list; a list style (`w:numStyleLink`) stands for the definition that names it."""
        seen: set[str] = set()
        abstract_id = ""
        while num_id in self._nums and num_id not in seen:
            seen.add(num_id)
            abstract_id = _value(self._nums[num_id].find(w("abstractNumId")))
            abstract = self._abstracts.get(abstract_id)
            link = _value(abstract.find(w("numStyleLink"))) if abstract is not None else ""
            if not link:
                break
            num_id = next((style.num_id for _, style in self._styles.line(link) if style.num_id), "")
        return abstract_id


def spelled(value: int, form: str) -> str:
    """A number in one of Word's number formats (17.18.59); decimal for the rare ones that are not known here."""
    if form in ("lowerLetter", "upperLetter") and value > 0:
        letters = chr(ord("a") + (value - 1) % 26) * ((value - 1) // 26 + 1)
        return letters if form == "lowerLetter" else letters.upper()
    if form in ("lowerRoman", "upperRoman") and 0 < value < 4000:
        return _roman(value) if form == "lowerRoman" else _roman(value).upper()
    if form == "decimalZero":
        return f"{value:02}"
    if form == "ordinal":
        return f"{value}{_ordinal_ending(value)}"
    return "" if form == "none" else str(value)


def _roman(value: int) -> str:
    result = ""
    for worth, letters in (_ROMAN | _ROMAN_UNITS).items():
        result += letters * (value // worth)
        value %= worth
    return result


def _ordinal_ending(value: int) -> str:
    if value % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")


def _level(element: Element) -> Level:
    start = number_of(element.find(w("start")))
    return Level(
        start=0 if start is None else start,
        form=_value(element.find(w("numFmt"))) or "decimal",
        pattern=_value(element.find(w("lvlText"))),
        restart=number_of(element.find(w("lvlRestart"))),
        legal=is_on(element.find(w("isLgl"))),
        style=_value(element.find(w("pStyle"))) or None,
    )


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(w("val")) or ""


def _ilvl(element: Element) -> int:
    ilvl = element.get(w("ilvl")) or "0"
    return int(ilvl) if ilvl.isdecimal() else 0
