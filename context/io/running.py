"""Telling page numbers and running heads from what a document says."""

import re
from collections import defaultdict
from itertools import pairwise

_PAGE_NUMBER = re.compile(r"(?:[-–—]\s*)?(?P<number>\d{1,4})(?:\s*[-–—])?|page\s+\d{1,4}(?:\s+of\s+\d{1,4})?", re.I)
_HEAD_LENGTH = 120
_HEAD_REPEATS = 3
_HEAD_GAP = 500
"""Characters between two running heads; lines of a signature block repeat much closer together."""

_PAGE_GAP = 3
"""Line ends in a row, above which a page has ended."""

Span = tuple[int, int]


def running_lines(text: str) -> frozenset[Span]:
    """Spans of the lines, without the white space around them, that belong to the page and not to the text.

    Those are page numbers, when they count up, and lines that come back where pages end: beside a page number or a
    wide gap.
    """
    lines = [span for found in re.finditer(r"[^\n]+", text) if (span := _stripped(found))[0] < span[1]]
    pages = _page_numbers(text, lines)
    return frozenset(lines[index] for index in pages | _heads(text, lines, pages))


def _stripped(found: re.Match[str]) -> Span:
    start = found.start() + len(found[0]) - len(found[0].lstrip())
    return start, start + len(found[0].strip())


def _page_numbers(text: str, lines: list[Span]) -> set[int]:
    worded: set[int] = set()
    bare: list[tuple[int, int]] = []
    for index, (start, end) in enumerate(lines):
        found = _PAGE_NUMBER.fullmatch(text, start, end) if end - start <= 20 else None
        if found is not None and found["number"]:
            bare.append((index, int(found["number"])))
        elif found is not None:
            worded.add(index)
    counting = {index for pair in pairwise(bare) if pair[1][1] == pair[0][1] + 1 for index, _ in pair}
    return worded | counting


def _heads(text: str, lines: list[Span], pages: set[int]) -> set[int]:
    same: defaultdict[str, list[int]] = defaultdict(list)
    for index, (start, end) in enumerate(lines):
        if end - start <= _HEAD_LENGTH and index not in pages:
            same[text[start:end]].append(index)
    heads: set[int] = set()
    for indexes in same.values():
        at_edge = sum(1 for index in indexes if {index - 1, index + 1} & pages or _before_gap(text, lines, index))
        apart = all(lines[after][0] - lines[index][1] >= _HEAD_GAP for index, after in pairwise(indexes))
        if len(indexes) >= _HEAD_REPEATS and at_edge * 2 >= len(indexes) and apart:
            heads.update(indexes)
    return heads


def _before_gap(text: str, lines: list[Span], index: int) -> bool:
    return index + 1 < len(lines) and text.count("\n", lines[index][1], lines[index + 1][0]) > _PAGE_GAP
