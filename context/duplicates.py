"""Texts that say the same are shown once. A changed word, number, sign or "not" makes another text, however alike."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from .folding import ALIKE
from .snippet import Need, Origin, Snippet, Trust

_LETTERS = 12
_GLANCE_CHARS = 48
_WORD = re.compile(r"[^\W_]+")
_CLOSING = re.compile(r"(?<=[\w\"')\]])[.,;:!?]+(?=\s|$)")
_LOOKS = ALIKE | dict.fromkeys((0xAD, 0x180E, *range(0x200B, 0x2010), 0x2060, 0xFEFF))
"""Marks that are drawn in several ways, and characters that are not seen at all."""

_RAISED = re.compile("[\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u209c\u2150-\u215f\u2460-\u24ff]")
"""Digits that are compatible with plain ones and yet another number: ten squared is not 102."""
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())


class Repeat(NamedTuple):
    """Which snippet says it already, and whether in the very same characters."""

    of: int
    reason: Literal["duplicate", "near-duplicate"]


def repeats(snippets: Sequence[Snippet], letters: Mapping[int, str], standing: Collection[int]) -> dict[int, Repeat]:
    """Finds the snippets that repeat another.

    Two texts say the same if they have the same trust, the same role and the same words and signs in the same order,
    whatever their case, spacing, Unicode forms, and marks that close a clause. A stranger's copy of a trusted text is
    no repeat: that he says it too is a fact. An attachment makes its text no repeat of anything.

    Args:
        snippets: all that were given.
        letters: the first letters of those to compare, by their indices.
        standing: those among them that stand in any case. Of others a must stands; else one that is tied to no others,
            since what it is tied to may not fit; then the most needed, then the best.

    Returns:
        For each repeating snippet the one that stands for it.
    """
    seen, alike = dict[str, int](), dict[int, list[int]]()
    for index, first in letters.items():
        head = seen.setdefault(first, index)
        if head != index:
            alike.setdefault(head, [head]).append(index)
    if not alike:
        return {}
    mates = Counter(snippet.group for snippet in snippets)

    def rank(index: int) -> tuple[bool, bool, bool, int, float, int]:
        snippet = snippets[index]
        tied = bool(snippet.needs or (snippet.group and mates[snippet.group] > 1))
        return index not in standing, snippet.need is not Need.MUST, tied, snippet.need, -snippet.score, index

    found = dict[int, Repeat]()
    for group in alike.values():
        endings = dict[tuple[str, Trust, str], list[int]]()
        for index in sorted(group, key=rank):
            snippet = snippets[index]
            if snippet.attachment is None:
                ending = (snippet.role, snippet.trust, _last_letters(snippet.text))
                endings.setdefault(ending, []).append(index)
        for same_ends in endings.values():
            found |= _among(snippets, same_ends)
    return found


def _among(snippets: Sequence[Snippet], alike: Sequence[int]) -> dict[int, Repeat]:
    """The repeats among texts that begin and end alike."""
    if len(alike) == 1:
        return {}
    said, found = dict[str, int](), dict[int, Repeat]()
    for index in alike:
        first = said.setdefault(_said(snippets[index].text), index)
        if first != index:
            equal = snippets[first].text == snippets[index].text
            found[index] = Repeat(first, "duplicate" if equal else "near-duplicate")
    return found


def further_places(snippets: Sequence[Snippet], stand_ins: Mapping[int, int]) -> dict[int, tuple[Origin, ...]]:
    """Where else each text stands, by its index: its own further places, and those of all that it stands for."""
    places = dict[int, dict[Origin, None]]()
    for index, of in sorted(stand_ins.items()):
        known = places.setdefault(of, dict.fromkeys(snippets[of].also))
        repeat = snippets[index]
        known.update(dict.fromkeys((repeat.origin, *repeat.also) if repeat.origin else repeat.also))
    return {of: tuple(place for place in known if place != snippets[of].origin) for of, known in places.items()}


def first_letters(text: str) -> str:
    """The first letters and digits: cheap to find, and equal wherever the words are."""
    for chars in (_GLANCE_CHARS, len(text)):
        letters = _letters(text[:chars])
        if len(letters) >= 2 * _LETTERS:
            break
    return letters[:_LETTERS]


def _last_letters(text: str) -> str:
    for chars in (_GLANCE_CHARS, len(text)):
        letters = _letters(text[-chars:])
        if len(letters) >= 2 * _LETTERS:
            break
    return letters[-_LETTERS:]


def _letters(text: str) -> str:
    if text.isascii():  # five times faster than the search for words, and the same
        return text.encode().translate(None, _NO_LETTERS).lower().decode()
    return "".join(_WORD.findall(_said(text)))


def _said(text: str) -> str:
    """What a text says, without what is but its looks. It differs for any two texts that differ in more."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _RAISED.sub(r"^\g<0>", text.translate(_LOOKS)))
    return " ".join(_CLOSING.sub("", text).split()).casefold()
