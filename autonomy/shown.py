"""Text from outside, made safe for a person to read: nothing in it can hide or reorder what stands around it."""

import json
from typing import Annotated

from pydantic import AfterValidator, Field

from .errors import UnfitValue

_BLANK_YET_PRINTABLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that show nothing, and that `str.isprintable` lets pass."""


def plain(text: str, at_most: int = 200) -> str:
    r"""Text on one line of at most `at_most` characters.

    Line breaks and odd spaces become a space. Terminal codes, direction overrides and invisible characters are written
    out (`\u202e`) rather than dropped, so that a name with something hidden in it does not look like the clean one.
    """
    return _one_line(" ".join(text.split()), at_most)


def quoted(value: object, at_most: int = 80) -> str:
    """A JSON value as a person may read it in a sentence: text stands in quotes that it can't close itself."""
    return _one_line(json.dumps(value, ensure_ascii=False), at_most)


def _one_line(text: str, at_most: int) -> str:
    # Written out, no character becomes shorter: what is cut off here would have been cut off anyway.
    return _shortened("".join(map(_visible, text[: at_most + 1])), at_most)


def _visible(character: str) -> str:
    code = ord(character)
    selector = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    if character.isprintable() and character not in _BLANK_YET_PRINTABLE and not selector:
        return character
    return f"\\u{code:04x}"


def _shortened(text: str, at_most: int) -> str:
    return text if len(text) <= at_most else text[: at_most - 1] + "…"


def _named(text: str) -> str:
    if text != plain(text):
        raise UnfitValue(
            f"{quoted(text)} can't serve as a name: it holds invisible characters, a line break or stray spaces, or is "
            "longer than 200 characters. Use a short name on one line."
        )
    return text


Name = Annotated[str, Field(min_length=1), AfterValidator(_named)]
"""A tool, an argument, a node, a run or a person: short, on one line, with nothing hidden in it."""

Line = Annotated[str, AfterValidator(plain)]
"""One line that a person reads; cleaned as it comes in."""
