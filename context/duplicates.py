"""Texts that say the same are shown once. A changed word, number or "not" makes another text, however alike."""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from .snippet import Snippet, Trust

_BEGINNING_LETTERS = 12
_GLANCE_CHARS = 48
_WORD = re.compile(r"[^\W_]+")
_NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalnum())


class Repeat(NamedTuple):
    """Which snippet says it already, and whether in the very same characters."""

    of: int
    reason: Literal["duplicate", "near-duplicate"]


def repeats(snippets: Sequence[Snippet], letters: Mapping[int, str], standing: Collection[int]) -> dict[int, Repeat]:
    """Finds the snippets that repeat another.

    Two texts say the same if they are of the same trust and the same words in the same order, whatever their case,
    spacing, punctuation and Unicode forms. A stranger's copy of a trusted text is no repeat: that he says it too is a
    fact. Texts without words repeat each other if they are equal; an attachment makes its text no repeat of anything.

    Args:
        snippets: all that were given.
        letters: the first letters of those to compare, by their indices.
        standing: those among them that stand in any case; of others the most needed stands, then the best.

    Returns:
        For each repeating snippet the one that stands for it.
    """
    seen = tuple(dict[str, int]() for _ in Trust)
    alike = dict[int, list[int]]()
    for index, first in letters.items():
        snippet = snippets[index]
        if snippet.attachment is None:
            head = seen[snippet.trust].setdefault(first, index)
            if head != index:
                alike.setdefault(head, [head]).append(index)
    found = dict[int, Repeat]()
    for group in alike.values():
        group.sort(key=lambda i: (i not in standing, snippets[i].need, -snippets[i].score, i))
        found |= _among(snippets, group)
    return found


def _among(snippets: Sequence[Snippet], alike: Sequence[int]) -> dict[int, Repeat]:
    """The repeats among texts that begin alike."""
    same, said = dict[str, int](), dict[tuple[str, ...], int]()
    found = dict[int, Repeat]()
    for index in alike:
        text = snippets[index].text
        words = tuple(_words(text))
        if text in same:
            found[index] = Repeat(same[text], "duplicate")
        elif words and words in said:
            found[index] = Repeat(said[words], "near-duplicate")
        else:
            same[text] = index
            said[words] = index
    return found


def first_letters(text: str) -> str:
    """The first letters and digits: cheap to find, and equal wherever the words are."""
    for chars in (_GLANCE_CHARS, len(text)):
        letters = _letters(text[:chars])
        if len(letters) >= 2 * _BEGINNING_LETTERS:
            break
    return letters[:_BEGINNING_LETTERS]


def _letters(text: str) -> str:
    if text.isascii():  # five times faster than the search for words, and the same
        return text.encode().translate(None, _NO_LETTERS).lower().decode()
    return "".join(_words(text))


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).casefold())
