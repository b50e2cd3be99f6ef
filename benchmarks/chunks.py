"""Prioritised chunks of text to pack, the same for every packer: real contracts cut at white space."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHARACTERS = (200, 600)  # about 84 tokens of contract prose on average
_PHRASE = re.compile(r"(?:\S+\s+){8}")
_SYLLABLES = (
    "the of and to in shall par ty con tract ser vice de liv er pay ment term a gree not ice right li cense".split()
)


@dataclass(frozen=True)
class Chunk:
    text: str
    priority: int


def read_chunks(folder: Path, number: int, seed: int = 1) -> list[Chunk]:
    """So many chunks, no two alike, with priorities from 1 to 1,000.

    The first are the folder's `*.txt` files in order; when these are used up, their phrases come again in random order.
    Without a file the words are made up.
    """
    dice = random.Random(seed)
    files = sorted(folder.rglob("*.txt"))
    text = "\n\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files) or _made_up(dice)
    pieces = _pieces(text, dice)
    return [Chunk(next(pieces), dice.randint(1, 1000)) for _ in range(number)]


def _pieces(text: str, dice: random.Random) -> Iterator[str]:
    phrases: list[str] = []
    while True:
        yield from _cut(text, dice)
        phrases = phrases or _PHRASE.findall(text)
        dice.shuffle(phrases)
        text = "".join(phrases)


def _cut(text: str, dice: random.Random) -> Iterator[str]:
    start = 0
    while (wanted := start + dice.randint(*CHARACTERS)) < len(text):
        end = re.compile(r"\s").search(text, wanted)
        if end is None:
            return
        if piece := text[start : end.start()].strip():
            yield piece
        start = end.end()


def _made_up(dice: random.Random) -> str:
    words = ["".join(dice.choices(_SYLLABLES, k=dice.randint(1, 3))) for _ in range(4000)]
    return " ".join(dice.choices(words, weights=[1 / rank for rank in range(1, 4001)], k=150_000))
