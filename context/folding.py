"""Comparing texts by what a reader sees: spacing, quotes, dashes and invisible characters made alike, offsets kept."""

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

from .marks import MARK, shown

ALIKE = str.maketrans(
    dict.fromkeys("‘’‚‛′ʼ", "'")
    | dict.fromkeys("“”„‟″«»", '"')
    | dict.fromkeys("‐‑‒–—―−﹣－", "-")
    | dict.fromkeys("\u00a0\u202f", " ")
)
_ODD = (
    r"(?P<space>[^\S ]\s*| \s+)"
    r"|(?P<nothing>[\u00ad\u180e\u200b-\u200f\u2060\ufeff])"
    r"|(?P<double>''|``)"
    r"|(?P<composed>[A-Za-z][\u0300-\u036f]+)"
    r"|(?P<compatible>[\ufb00-\ufb06…])"
)
_PLAIN = re.compile(_ODD)
_MARKED = re.compile(f"{_ODD}|{MARK.pattern}", MARK.flags)


@dataclass(frozen=True)
class Folded:
    """A text made comparable, and how to get back.

    `runs` are consecutive stretches: (offset in `text`, offset in the original, length in `text`, length in the
    original). A stretch of one length on both sides maps character by character.
    """

    text: str
    runs: tuple[tuple[int, int, int, int], ...]

    def start(self, at: int) -> int:
        """Where the character at `at` starts in the original."""
        run_at, original_at, length, original_length = self._run(at)
        return original_at + (at - run_at if length == original_length else 0)

    def end(self, at: int) -> int:
        """Where the character before `at` ends in the original."""
        run_at, original_at, length, original_length = self._run(at - 1)
        return original_at + (at - run_at if length == original_length else original_length)

    def _run(self, at: int) -> tuple[int, int, int, int]:
        return self.runs[bisect_right(self.runs, at, key=lambda run: run[0]) - 1]


def fold(text: str, *, markdown: bool = False) -> Folded:
    """Makes a text comparable: any white space is one space, quotes and dashes are plain, soft hyphens are gone.

    Case, digits and all other punctuation stay. With `markdown`, marks become what a reader sees in their place.
    """
    plain = text.translate(ALIKE)
    pieces: list[str] = []
    runs: list[tuple[int, int, int, int]] = []
    at, folded_at, spaced = 0, 0, True

    def add(piece: str, original_at: int, original_length: int) -> None:
        nonlocal folded_at, spaced
        if spaced and piece[:1] == " ":
            piece = piece[1:]
            original_at, original_length = original_at + 1, original_length - 1
        if piece:
            pieces.append(piece)
            runs.append((folded_at, original_at, len(piece), original_length))
            folded_at += len(piece)
            spaced = piece[-1] == " "

    for odd in (_MARKED if markdown else _PLAIN).finditer(plain):
        add(plain[at : odd.start()], at, odd.start() - at)
        add(_instead(odd), odd.start(), len(odd[0]))
        at = odd.end()
    add(plain[at:], at, len(plain) - at)
    return Folded("".join(pieces).rstrip(), tuple(runs))


def _instead(odd: re.Match[str]) -> str:
    kind = odd.lastgroup
    if kind == "space":
        return " "
    if kind == "nothing":
        return ""
    if kind == "double":
        return '"'
    if kind in ("composed", "compatible"):
        return unicodedata.normalize("NFKC" if kind == "compatible" else "NFC", odd[0])
    return shown(odd).translate(ALIKE)
