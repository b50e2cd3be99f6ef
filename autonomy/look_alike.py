"""Letters that look like others: `аnn@firm.example` with a Cyrillic `а` is somebody else's address."""

import re
import unicodedata
from typing import Any, cast

from .shown import plain

_LOOKS_LATIN = frozenset("авеԁɡһіјӏмноԛрсѕтѵԝху" + "АВЕЅІЈКМНОРСТѴԜХУ" + "αβεικνορτυχ" + "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
"""Cyrillic and Greek letters that many fonts draw as Latin ones."""

_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "HEBREW", "ARABIC")
"""Scripts that nobody mixes within one word; others, like those of Japanese, are mixed all the time."""

_OTHER_FORMS = ("<wide>", "<font>", "<circle>")


def look_alike(value: object) -> str:
    """Why a value may not be what it looks like, as a sentence; empty if nothing speaks for that.

    It sees characters that don't show, letters of several scripts in one word, a word of letters that all look Latin
    beside Latin ones, and forms of Latin letters and digits that are others. It can't see `rn` for `m`.

    Args:
        value: a JSON value; each text in it is looked at, keys included.
    """
    return next((seen for text in _texts(value) if (seen := _seen(text))), "")


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        entries = cast("dict[Any, Any]", value)
        return [text for pair in entries.items() for each in pair for text in _texts(each)]
    if isinstance(value, list | tuple):
        return [text for each in cast("list[Any]", value) for text in _texts(each)]
    return []


def _seen(text: str) -> str:
    if text.isascii():
        return ""
    if (shown := plain(text, len(text) * 8)) != " ".join(text.split()):
        return f"it holds characters that don't show: {plain(shown)}."
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text))
    scripts = [_scripts(word) for word in words]
    for word, found in zip(words, scripts, strict=True):
        if len(found) > 1:
            return f"{plain(word)} mixes {' and '.join(sorted(name.capitalize() for name in found))} letters."
        if found and found != {"LATIN"} and {"LATIN"} in scripts and _LOOKS_LATIN.issuperset(word):
            return f"{plain(word)} looks Latin, but its letters are {next(iter(found)).capitalize()}."
    odd = next((letter for letter in text if _is_another_form(letter)), "")
    return f"{plain(odd)} is another form of {unicodedata.normalize('NFKC', odd)}." if odd else ""


def _scripts(word: str) -> set[str]:
    return {unicodedata.name(letter, "").partition(" ")[0] for letter in word} & set(_SCRIPTS)


def _is_another_form(letter: str) -> bool:
    """Fullwidth, mathematical or circled: what stands for an ASCII letter, digit or sign without being it."""
    form, _, stands_for = unicodedata.decomposition(letter).partition(" ")
    return form in _OTHER_FORMS and all(chr(int(code, 16)).isascii() for code in stands_for.split())
