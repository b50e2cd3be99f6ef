"""Texts that say the same are shown once. A changed word, number or "not" makes another text, however alike."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from .snippet import Snippet

_BEGINNING_LETTERS = 12
_GLANCE_CHARS = 48
_WORD = re.compile(r"[^\W_]+")


class Repeat(NamedTuple):
    """Which snippet says it already, and whether in the very same characters."""

    of: int
    reason: Literal["duplicate", "near-duplicate"]


def repeats(snippets: Sequence[Snippet], ranked: Iterable[int]) -> dict[int, Repeat]:
    """Finds the snippets that repeat an earlier one.

    Two texts say the same if they are of the same trust and the same words in the same order, whatever their case,
    spacing, punctuation and Unicode forms. A stranger's copy of a trusted text is no repeat: that he says it too is a
    fact. Texts without words repeat each other if they are equal; an attachment makes its text no repeat of anything.

    Args:
        snippets: all that were given.
        ranked: indices of those to compare, those that shall stand for others first.

    Returns:
        For each repeating snippet the one that stands for it.
    """
    alike = dict[tuple[int, str], list[int]]()
    found = dict[int, Repeat]()
    for index in ranked:
        snippet = snippets[index]
        if snippet.attachment:
            continue
        earlier = alike.setdefault((snippet.trust, _beginning(snippet.text)), [])
        for other in earlier:
            if snippets[other].text == snippet.text:
                found[index] = Repeat(other, "duplicate")
                break
            if (words := _words(snippet.text)) and words == _words(snippets[other].text):
                found[index] = Repeat(other, "near-duplicate")
                break
        else:
            earlier.append(index)
    return found


def _beginning(text: str) -> str:
    """The first letters and digits: cheap to find, and equal wherever the words are."""
    for chars in (_GLANCE_CHARS, len(text)):
        letters = _letters(text[:chars])
        if len(letters) >= 2 * _BEGINNING_LETTERS:
            break
    return letters[:_BEGINNING_LETTERS]


@lru_cache(maxsize=65_536)
def _letters(text: str) -> str:
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold())
