"""Whether a value stands in somebody's words: as a whole, letter by letter, not as a part of something longer."""

import re
from collections.abc import Iterator
from functools import lru_cache
from unicodedata import normalize

_NUMBER = re.compile(r"(?<![\w.,@/:-])[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w@/:]|[.,-]\d)")

_MONTHS = {
    name: number
    for number, names in enumerate(
        "jan january,feb february,mar march,apr april,may,jun june,jul july,aug august,sep sept september,oct october,"
        "nov november,dec december".split(","),
        start=1,
    )
    for name in names.split()
}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"),
    re.compile(rf"\b(?P<name>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?\b", re.IGNORECASE),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<name>{_MONTH})\b", re.IGNORECASE),
)
_TIME = re.compile(r"\b\d{1,2}:\d{2}(?::\d{2})?\b")


def folded(text: str) -> str:
    """A text for comparing: composed, in one case, with single blanks. Letters that only look alike stay different."""
    return " ".join(normalize("NFC", text).casefold().split())


_RUN_ON = re.compile(r"(?<=[a-z])\.(?=[A-Z][a-z]+\b)")
"""A full stop without its blank: "on our site www.firm.example.They sent"."""


def stands_in(value: str, words: str) -> bool:
    """Whether a value stands in words as a whole. `ann` does not stand in `ann@firm.example`, nor in `Joanna`."""
    sought, text = folded(value).strip("."), folded(_RUN_ON.sub(". ", words))
    if not sought:
        return False
    at = text.find(sought)
    while at >= 0:
        if not _joined(text, at) and not _joined(text, at + len(sought)):
            return True
        at = text.find(sought, at + 1)
    return False


def _joined(text: str, at: int) -> bool:
    """Whether a text goes on, without a break, across a place in it."""
    before, after = text[max(0, at - 1) : at], text[at : at + 1]
    if not before or not after:
        return False
    if _is_inner(before) and _is_inner(after):
        return True
    # A dot, a dash and their like join only what stands on both sides of them: `firm.` may end a sentence.
    if after in _JOINING and _is_inner(before):
        return _is_inner(text[at + 1 : at + 2]) and not _POSSESSIVE.match(text, at)
    if before in _JOINING and _is_inner(after):
        return _is_inner(text[max(0, at - 2) : max(0, at - 1)])
    return False


_POSSESSIVE = re.compile(r"['’]s\b")

_JOINING = frozenset("-.:&=?#%'’")


def _is_inner(character: str) -> bool:
    return character.isalnum() or character in ("_", "@", "+", "/")


def spelled_in(value: str, words: str) -> bool:
    """Whether a name stands in words with other breaks: `new_checkout` as "new checkout", `tier2` as "tier 2"."""
    name = "".join(tokens(value))
    if len(name) < 4 or not re.fullmatch(r"[\w-]+", value):
        return False
    said = tokens(words)
    for at in range(len(said)):
        joined = ""
        for word in said[at : at + 5]:
            joined += word
            if joined == name:
                return True
    return False


def number_stands_in(number: float, words: str) -> bool:
    """Whether words hold a number, however it is written. Those of dates and times are no amounts, and no ids."""
    return any(found == number for found in _numbers(words))


@lru_cache(maxsize=256)
def _numbers(words: str) -> tuple[float, ...]:
    return tuple(float(found.group().replace(",", "")) for found in _NUMBER.finditer(_without_dates(words)))


def _without_dates(words: str) -> str:
    for pattern in (*_DATES, _TIME):
        words = pattern.sub(" ", words)
    return words


@lru_cache(maxsize=256)
def dates(words: str) -> frozenset[tuple[int, int]]:
    """The months and days that words name: "May 3rd", "the 3rd of May", 2026-05-03."""
    return frozenset(_month_and_day(found) for pattern in _DATES for found in pattern.finditer(words))


def _month_and_day(found: re.Match[str]) -> tuple[int, int]:
    parts = found.groupdict()
    month = int(parts["month"]) if parts.get("month") else _MONTHS[parts["name"].lower()]
    return month, int(parts["day"])


_LINK = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?:https?://|www\.)[^\s<>\"'`]+[\w/]"
    r"|\b[A-Z]{2}\d{2}[A-Z0-9]{10,30}\b"
)
"""A mail address, a web address, an account's number: where a reader would be led."""


def links(text: str) -> Iterator[str]:
    """What in a text leads somewhere: mail addresses, web addresses, account numbers."""
    return (found.group() for found in _LINK.finditer(text))


def tokens(text: str) -> list[str]:
    """The words of a text, in one case."""
    return re.findall(r"[^\W_]+", folded(text))


@lru_cache(maxsize=256)
def names_in(words: str) -> frozenset[str]:
    """Words that are written like names: with a capital, and not because a sentence begins there."""
    names = set[str]()
    begins = True
    for word in words.split():
        bare = word.strip(".,;:!?'\"()[]’“”")
        if bare[:1].isupper() and not begins:
            names.update(tokens(bare.removesuffix("'s").removesuffix("’s")))
        begins = word.endswith((".", "!", "?", ":"))
    return frozenset(names)


def wording_shared(text: str, words: str) -> float:
    """The share of a text that is worded as it is in other words: in runs of at least three words, or as a whole."""
    if stands_in(text, words):
        return 1.0
    mine, said = tokens(text), f" {' '.join(tokens(words))} "
    covered = set[int]()
    for at in range(len(mine) - 2):
        if f" {' '.join(mine[at : at + 3])} " in said:
            covered.update(range(at, at + 3))
    return len(covered) / len(mine) if mine else 0.0
