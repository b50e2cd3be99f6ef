"""Clause numbers: reading one off a text, and citing a clause by the numbers above it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

ATTACHMENT = r"exhibit|schedule|annex|appendix|attachment|addendum"
DIVISION = r"article|part|chapter"
CLAUSE = r"section|clause|paragraph|§"
_KEYWORD_FORM = re.compile(
    rf"(?P<label>(?P<word>{ATTACHMENT}|{DIVISION}|{CLAUSE})(?:\s{{1,3}}|(?<=§))"
    r"[\"'“]?(?P<value>\d{1,3}(?:\.\d{1,3}){0,4}|[ivxl]{1,7}|[a-z](?:-\d{1,2})?)[\"'”]?)[.:)]?(?=[\s—–-]|$)",
    re.I,
)
_BARE_FORM = re.compile(
    r"(?P<decimal>\d{1,3}(?:\.\d{1,3}){1,4})\.?(?=[\s\"“(A-Z]|$)"
    r"|(?P<integer>\d{1,3})\.(?=[\s\"“(A-Z]|$)"
    r"|(?P<titled>\d{1,2})(?=[ \t]{1,4}[A-Z]{3})"
    r"|(?P<dotted>[ivxl]{1,6}|[IVXL]{1,6}|[A-Za-z])\.(?=\s|$)"
    r"|(?P<half>[ivxl]{1,6}|[IVXL]{1,6}|[A-Za-z]|\d{1,2})\)"
    r"|\((?P<whole>[ivxl]{1,6}|[IVXL]{1,6}|[A-Za-z]|[a-z]{2}|\d{1,2})\)"
)
_QUANTITY = re.compile(
    r"\s*(?:%|percent|per cent|million|billion|days?\b|months?\b|years?\b|shares?\b|of\b|and\b|or\b|to\b)"
)
_ROMAN_FORM = re.compile(r"l?x{0,3}(?:ix|iv|v?i{0,3})|xl(?:ix|iv|v?i{0,3})")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50}
ATTACHMENT_STYLE = "attachment"
DIVISION_STYLES = frozenset(DIVISION.split("|"))
_PLACE_LENGTH = 80

Reading = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Number:
    """A clause number as it stands in a text.

    Args:
        label: as a reader sees it, without the full stop that ends it: "4.2", "(a)", "Article IV".
        end: the offset where what it numbers begins.
        readings: what it may mean, as (style, values), likeliest first: "(i)" is a Roman one or a letter.
    """

    label: str
    end: int
    readings: tuple[Reading, ...]


def read_number(text: str, at: int = 0, end: int | None = None) -> Number | None:
    """The clause number in `text[:end]` at offset `at`; None if there is none, or a quantity such as "3.5 million"."""
    end = len(text) if end is None else end
    keyword = _KEYWORD_FORM.match(text, at, end)
    if keyword is not None:
        return _keyword_number(text, keyword, end)
    bare = _BARE_FORM.match(text, at, end)
    if bare is None:
        return None
    kind = bare.lastgroup or ""
    value = bare[kind]
    after = _skip_space(text, bare.end(), end)
    if kind in ("decimal", "integer", "titled"):
        if _QUANTITY.match(text, bare.end(), end):
            return None
        return Number(value, after, (("decimal", _parts(value)),))
    readings = _letter_readings(kind, value)
    return Number(value if kind == "dotted" else bare[0], after, readings) if readings else None


def _keyword_number(text: str, found: re.Match[str], end: int) -> Number | None:
    """Tells a number from a mention: "Section 5 of the Lease" in running text numbers nothing."""
    after = _skip_space(text, found.end(), end)
    ended = found[0] != found["label"] or after == end or "\n" in text[found.end() : after]
    if not ended and not (text[after].isupper() or text[after] in "\"“'(—–-[$"):
        return None
    word, value = found["word"].lower(), found["value"].lower()
    label = " ".join(found["label"].split())
    if re.fullmatch(CLAUSE, word):
        return Number(label, after, (("decimal", _parts(value)),)) if value[0].isdigit() else None
    # "Exhibit 10.22" numbers a whole filing, not a part of this document
    if "." in value:
        return None
    style = ATTACHMENT_STYLE if re.fullmatch(ATTACHMENT, word) else word
    return Number(label, after, ((style, (_value(value),)),))


def _value(text: str) -> int:
    if text[0].isdigit():
        return int(text)
    return roman(text) or ord(text[0]) - ord("a") + 1


def _letter_readings(form: str, value: str) -> tuple[Reading, ...]:
    if value.isdigit():
        return ((f"{form} digit", (int(value),)),)
    case = "upper" if value.isupper() else "lower"
    low = value.lower()
    readings: list[Reading] = []
    if number := roman(low):
        readings.append((f"{form} {case} roman", (number,)))
    if len(low) == 1 or (len(low) == 2 and low[0] == low[1]):
        readings.append((f"{form} {case} letter", (ord(low[0]) - ord("a") + 1 + 26 * (len(low) - 1),)))
    # "i" begins a Roman list more often than it follows an "h"; for every other letter it is the other way round
    return tuple(readings) if low == "i" else tuple(reversed(readings))


def roman(text: str) -> int:
    """The value of a Roman number up to 89 in either case; 0 if it is none."""
    low = text.lower()
    if not low or not _ROMAN_FORM.fullmatch(low):
        return 0
    values = [_ROMAN_VALUES[letter] for letter in low]
    return sum(-v if v < after else v for v, after in zip(values, [*values[1:], 0], strict=True))


def _parts(decimal: str) -> tuple[int, ...]:
    parts = tuple(int(part) for part in decimal.split("."))
    # drafters write "1.0" for the heading of clause 1
    return parts[:1] if len(parts) == 2 and parts[1] == 0 else parts


def _skip_space(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def is_subclause(label: str) -> bool:
    """Whether a label says nothing without the number above it, such as "(a)", "iv" or "(1)"."""
    return bool(re.fullmatch(r"\(?(?:[A-Za-z]{1,2}|[ivxlIVXL]{1,6})[.)]?|\(?\d{1,3}\)", label))


def is_number(label: str) -> bool:
    """Whether a label out of a block's path is a number rather than a title."""
    form = rf"(?:{ATTACHMENT}|{DIVISION}|{CLAUSE})\s*\S{{1,8}}|\d{{1,3}}(?:\.\d{{1,3}})*\.?"
    return is_subclause(label) or bool(re.fullmatch(form, label, re.I))


def address(labels: Sequence[str]) -> str:
    """What a person would say to cite the last of these nested labels (outermost first): "4.2(a)(i)", "Exhibit B, 3".

    Without any number among them it is the innermost title, cut to 80 characters.
    """
    numbers = [label.rstrip(".") for label in labels if is_number(label)]
    said, complete = "", False
    for label, outer in reversed(list(zip(numbers, ["", *numbers], strict=False))):
        if re.match(ATTACHMENT, label, re.I):
            said, complete = (f"{label}, {said}" if said else label), True
        elif not complete:
            said, complete = label + _in_brackets(said), not _needs(outer, label)
    titles = [label for label in labels if label]
    return said or (titles[-1][:_PLACE_LENGTH].rstrip() if titles else "")


def _needs(outer: str, label: str) -> bool:
    """Whether a label says nothing without the one around it: "(a)" always, "1" inside a clause but not an article."""
    inside_clause = bool(outer) and not re.match(f"{ATTACHMENT}|{DIVISION}", outer, re.I)
    return is_subclause(label) or (label.isdigit() and inside_clause)


def _in_brackets(said: str) -> str:
    """How a number is put behind the one above it: "a(i)" becomes "(a)(i)"."""
    if not said or said.startswith("("):
        return said
    head, bracket, rest = said.partition("(")
    return f"({head.rstrip(').')}){bracket}{rest}"
