"""From changes to the smallest edits, and the text they promise."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rheostat.context import Document

from .change import Change
from .diff import hunks
from .errors import Refused

# What neither a Word file nor a text file can hold: control characters, halves of characters, a bare carriage return.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Edit:
    """One word-level replacement at `[start, end)` of the document's text."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Planned:
    """A change that was checked, and its edits in order; none for a comment alone."""

    change: Change
    edits: tuple[Edit, ...]

    @property
    def note(self) -> str:
        """What is to stand in the margin; "" for nothing."""
        return self.change.comment.strip()


def planned(document: Document, changes: Sequence[Change], author: str) -> tuple[Planned, ...]:
    """The changes in the order of the text, each with its edits. Those that stand at one place stay in the given order.

    Raises:
        Refused: a change lies outside the text, overlaps one given before it, or holds characters that no file can.
    """
    if found := _UNWRITABLE.search(author):
        raise Refused(f"The author's name holds the character U+{ord(found[0]):04X}, which a file can't. Remove it.")
    ordered = sorted(enumerate(changes), key=lambda given: (given[1].start, given[1].end))
    for _, change in ordered:
        _check(document, change)
    for (given, change), (given_after, after) in pairwise(ordered):
        if after.start < change.end:
            raise Refused(
                f"Two changes overlap: {_quoted(document, change)} and {_quoted(document, after)}. Merge them or leave "
                "one out.",
                change if given > given_after else after,
            )
    return tuple(Planned(change, tuple(_edits(document, change))) for _, change in ordered)


def applied(text: str, plan: Sequence[Planned]) -> str:
    """The text with all changes made."""
    pieces: list[str] = []
    at = 0
    for change in (entry.change for entry in plan):
        pieces += [text[at : change.start], change.new]
        at = change.end
    return "".join([*pieces, text[at:]])


def _check(document: Document, change: Change) -> None:
    if change.end > len(document.text):
        raise Refused(
            f"A change ends at character {change.end:,}, but {document.source} has {len(document.text):,}. It was made "
            "for another document: read this one and propose again.",
            change,
        )
    if found := _UNWRITABLE.search(change.new + change.comment):
        raise Refused(
            f"The change of {_quoted(document, change)} holds the character U+{ord(found[0]):04X}, which a file can't. "
            "Remove it from the new text and the comment.",
            change,
        )


def _edits(document: Document, change: Change) -> list[Edit]:
    at = change.start
    edits: list[Edit] = []
    for hunk in hunks(document.text[change.start : change.end], change.new):
        if not hunk.kept:
            edits.append(Edit(at, at + len(hunk.old), hunk.new))
        at += len(hunk.old)
    return edits


def _quoted(document: Document, change: Change) -> str:
    return quoted(document.text[change.start : change.end]) or f"the insertion at character {change.start:,}"


def quoted(text: str) -> str:
    """A text for a message, in quotation marks and cut to 60 characters; "" for none."""
    flat = " ".join(text.split())
    return f"“{flat if len(flat) <= 60 else flat[:59] + '…'}”" if flat else ""
