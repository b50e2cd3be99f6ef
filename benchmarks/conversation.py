"""A long talk with tools about contracts, the same for every way of assembling its prompts."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from chunks import Chunk, read_chunks

INSTRUCTION = (
    "You review contracts for a company's lawyers. Look things up with the tool `find`; quote what you rely on."
)


@dataclass(frozen=True)
class Said:
    """One message. `turn` says to which question it belongs; `found` that it is what the tool gave back."""

    role: Literal["user", "assistant"]
    text: str
    turn: int
    found: bool = False


@dataclass(frozen=True)
class Talk:
    """What stays the same, and what was said.

    Args:
        reference: texts that belong to every prompt: the company's own rules.
        said: all of it, the oldest first; each turn is a question, a call, what it found, and an answer.
    """

    reference: tuple[str, ...]
    said: tuple[Said, ...]

    def prompts(self) -> Iterator[int]:
        """How many messages there are whenever the model is asked: after each question and after what a tool found."""
        yield from (number for number, one in enumerate(self.said, start=1) if one.role == "user")


def talk(folder: Path, turns: int, *, reference: int, chunks_found: int, seed: int = 1) -> Talk:
    """A talk of so many turns, always the same one for the same files.

    Args:
        folder: contracts as text files; without any the words are made up.
        turns: questions asked.
        reference: passages in the reference.
        chunks_found: passages that the tool finds at most at a time.
        seed: for another talk.
    """
    dice = random.Random(seed)
    passages = iter(read_chunks(folder, reference + turns * (chunks_found + 2), seed))
    own = tuple(next(passages).text for _ in range(reference))
    said = list[Said]()
    for turn in range(turns):
        clock = f"{9 + turn // 12 % 9:02}:{turn * 5 % 60:02}"
        about = _words(next(passages), dice.randint(3, 7))
        found = "\n\n".join(next(passages).text for _ in range(dice.randint(1, chunks_found)))
        answer = _words(next(passages), dice.randint(20, 60))
        said += [
            Said("user", f"[{clock}] What do our agreements say on “{about}”?", turn),
            Said("assistant", f'find(query="{about}", most={dice.randint(3, 9)})', turn),
            Said("user", f"Found for “{about}”:\n\n{found}", turn, found=True),
            Said("assistant", f"{answer.capitalize()}.", turn),
        ]
    return Talk(own, tuple(said))


def _words(chunk: Chunk, number: int) -> str:
    return " ".join(chunk.text.split()[:number])
