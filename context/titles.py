"""Telling headings from sentences."""

import re

from .sentences import sentences

_TITLE_LENGTH = 100
_SIGNATURE = re.compile(r"_{3,}|/s/|^(?:By|Name|Title|Date|Its)\s*:", re.I)
_SMALL_WORDS = frozenset("a an and as at by for from in into of on or the to under upon with".split())
_RUN_IN = re.compile(r"[\"“]?[A-Z][^.;:\n]{1,80}?(?:\.(?=\s|$)|:(?=\s))")


def is_title(text: str) -> bool:
    """Whether a short text reads as a heading: capitals, or every word that matters begins with one."""
    text = text.strip()
    if not text or len(text) > _TITLE_LENGTH or not text[0].isalnum() or text[-1] in ";:," or _SIGNATURE.search(text):
        return False
    if text[-1] == "." and not text.isupper() and len(text.split()) > 6:
        return False
    if len(sentences(text)) > 1:
        return False
    words = [word for word in re.findall(r"[A-Za-z][\w'’&-]*", text) if word.lower() not in _SMALL_WORDS]
    return 0 < len(words) <= 12 and all(word[0].isupper() for word in words)


def run_in_title(text: str) -> str:
    """The title a clause opens with, on the line of its text: "Term" in "Term. It starts..."; "" if there is none."""
    found = _RUN_IN.match(text)
    title = found[0].rstrip(".:") if found else ""
    return title if is_title(title) else ""
