"""The difference of two texts as a lawyer would mark it: whole words, as few as need be."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

# A line end, a run of blanks, an East Asian character, a word ("1,000.00", "non-exclusive"), or one other character.
_EAST_ASIAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_LETTER = rf"[^\W{_EAST_ASIAN}]"
_TOKEN = re.compile(rf"\n|[^\S\n]+|[{_EAST_ASIAN}]|(?:{_LETTER}|[\u0300-\u036f])+(?:['’.,‑-]{_LETTER}+)*|.")
_WORTH_COMPARING = 4_000_000
"""Texts whose lengths, in tokens, have a larger product take seconds to compare: what differs is replaced whole."""
_LEAST_KEPT = 0.25
"""If less than this share of the words is kept, the keeping only confuses."""
_TITLE_ENDS = (".", ":")
_SENTENCE_START = re.compile(r"(?:[.;:!?]\s+|\n)$")


class Hunk(BaseModel):
    """A run of text: kept where `old` is `new`, else replaced, inserted (`old` is "") or deleted (`new` is "")."""

    model_config = ConfigDict(frozen=True)

    old: str
    new: str

    @property
    def kept(self) -> bool:
        """Whether the text stays as it is."""
        return self.old == self.new


class _Part(NamedTuple):
    """A hunk as tokens."""

    old: Sequence[str]
    new: Sequence[str]

    @property
    def kept(self) -> bool:
        return self.old == self.new

    @property
    def words(self) -> int:
        return max(_words(self.old), _words(self.new))


def hunks(old: str, new: str) -> tuple[Hunk, ...]:
    """The words that change between two texts, and those that stay.

    `"".join(h.old for h in hunks(old, new)) == old`, and likewise for new; taking `old` or `new` of each hunk applies
    some changes and not others. No two hunks that follow each other are both kept or both changed. Texts with as many
    lines each are compared line by line.
    """
    if "\n" not in old or old.count("\n") != new.count("\n"):
        return _joined(_compare(_TOKEN.findall(old), _TOKEN.findall(new)))
    line_end = _Part(["\n"], ["\n"])
    parts: list[_Part] = []
    for old_line, new_line in zip(old.split("\n"), new.split("\n"), strict=True):
        parts += [*_compare(_TOKEN.findall(old_line), _TOKEN.findall(new_line)), line_end]
    return _joined(parts[:-1])


def _compare(old: list[str], new: list[str]) -> list[_Part]:
    parts = _merge_islands(_matched(old, new))
    kept = sum(part.words for part in parts if part.kept)
    several_lines = "\n" in old or "\n" in new
    if several_lines or kept >= _LEAST_KEPT * min(_words(old), _words(new)):
        return parts
    title = _title(old[: _common(old, new)])
    return [_Part(old[:title], new[:title]), _Part(old[title:], new[title:])]


def _matched(old: list[str], new: list[str]) -> list[_Part]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    parts = [_Part(old[:head], new[:head])]
    if len(old_middle) * len(new_middle) > _WORTH_COMPARING:
        parts.append(_Part(old_middle, new_middle))
    else:
        matcher = SequenceMatcher(None, old_middle, new_middle, autojunk=False)
        parts += [_Part(old_middle[a:b], new_middle[c:d]) for _, a, b, c, d in matcher.get_opcodes()]
    parts.append(_Part(old[len(old) - tail :], new[len(new) - tail :]))
    return [part for part in parts if part.old or part.new]


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    pairs = enumerate(zip(old, new, strict=False))
    return next((index for index, (a, b) in pairs if a != b), min(len(old), len(new)))


def _title(head: Sequence[str]) -> int:
    """How many tokens the title of a clause ("Invoicing. ") takes at the head of both texts; it stays as it is."""
    end = next((index + 1 for index in range(len(head) - 1, 0, -1) if head[index] in _TITLE_ENDS), 0)
    return end + (end > 0 and "".join(head[end : end + 1]).isspace())


def _merge_islands(parts: list[_Part]) -> list[_Part]:
    """Joins changes that only a blank, or fewer words than changed on either side, keeps apart."""
    merged: list[_Part] = []
    for part in parts:
        merged.append(part)
        while len(merged) >= 3 and _is_island(*merged[-3:]):
            before, island, after = merged[-3:]
            merged[-3:] = [_Part([*before.old, *island.old, *after.old], [*before.new, *island.new, *after.new])]
    return merged


def _is_island(before: _Part, island: _Part, after: _Part) -> bool:
    if before.kept or not island.kept or after.kept or "\n" in island.old:
        return False
    if all(token.isspace() for token in island.old):
        return True
    weight = max(island.words, 1)  # punctuation alone separates single words: "ten (10)"
    return weight < before.words and weight < after.words


def _joined(parts: Iterable[_Part]) -> tuple[Hunk, ...]:
    runs = [list(run) for _, run in groupby(parts, key=lambda part: part.kept)]
    hunks = [
        Hunk(old="".join(t for p in run for t in p.old), new="".join(t for p in run for t in p.new)) for run in runs
    ]
    return tuple(_to_line_ends([hunk for hunk in _slid(hunks) if hunk.old or hunk.new]))


def _slid(hunks: list[Hunk]) -> list[Hunk]:
    """Moves an insertion or deletion that could stand at several places to the start of a sentence.

    Between "A pays. " and "B pays." the text "pays. B " could be added after "A "; what was meant is "B pays. ".
    """
    result = list(hunks)
    for at in range(1, len(result) - 1):
        before, middle, after = result[at - 1 : at + 2]
        text = middle.old or middle.new
        if middle.kept or (middle.old and middle.new):
            continue
        # One character at least must stay kept, else this change would touch the one before.
        shift = _sentence_shift(before.old[1:], text)
        if shift:
            moved = text[-shift:] + text[:-shift]
            result[at - 1] = _kept(before.old[:-shift])
            result[at] = Hunk(old=moved if middle.old else "", new=moved if middle.new else "")
            result[at + 1] = _kept(text[-shift:] + after.old)
    return result


def _to_line_ends(hunks: list[Hunk]) -> list[Hunk]:
    """Lets a change that takes a line end away, but no whole lines, go on to the end of its last line.

    Two paragraphs then become one by leaving one out, rather than by joining a part of each.
    """
    result: list[Hunk] = []
    for hunk in hunks:
        before = result[-1] if result else None
        if before is None or not _joins_lines(before, at_line_start=len(result) > 1 and result[-2].old.endswith("\n")):
            result.append(hunk)
            continue
        if not hunk.kept:
            result[-1] = Hunk(old=before.old + hunk.old, new=before.new + hunk.new)
            continue
        rest, line_end, after = hunk.old.partition("\n")
        result[-1] = Hunk(old=before.old + rest, new=before.new + rest)
        if line_end:
            result.append(_kept(line_end + after))
    return result


def _joins_lines(hunk: Hunk, at_line_start: bool) -> bool:
    whole_lines = hunk.old.endswith("\n") and (not hunk.new or hunk.new.endswith("\n"))
    return not hunk.kept and "\n" in hunk.old and not whole_lines and not at_line_start


def _kept(text: str) -> Hunk:
    return Hunk(old=text, new=text)


def _sentence_shift(before: str, text: str) -> int:
    """How many characters to move `text` back so that it begins a sentence; 0 if it need not or can't."""
    most = 0
    while most < min(len(before), len(text)) and before[-1 - most] == text[-1 - most]:
        most += 1
    return next((shift for shift in range(most + 1) if _SENTENCE_START.search(before[: len(before) - shift])), 0)


def _words(tokens: Sequence[str]) -> int:
    return sum(token[:1].isalnum() for token in tokens)
