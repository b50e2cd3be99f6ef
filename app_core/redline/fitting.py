"""For screens and tools that make a redline out of changes that several hands proposed."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from rheostat.context import Document

from .change import Change
from .diff import hunks
from .errors import Refused
from .preview import preview
from .write import Written, write_redlines


class LeftOut(BaseModel):
    """A change that was not written, and why."""

    model_config = ConfigDict(frozen=True)

    change: Change
    reason: str


class Delivered(BaseModel):
    """What was written, and what was not."""

    model_config = ConfigDict(frozen=True)

    written: Written
    left_out: tuple[LeftOut, ...]


def write_what_fits(
    path: Path, document: Document, changes: Sequence[Change], out: Path, *, author: str, at: datetime | None = None
) -> Delivered:
    """Writes all changes that can be made exactly and together; those given first have precedence.

    Arguments and errors as for `write_redlines`, which refuses all if one can't be made. `at` is now by default.
    """
    wanted, left_out = list(changes), list[LeftOut]()
    while True:
        try:
            written = write_redlines(path, document, wanted, out, author=author, at=at or datetime.now(UTC))
            return Delivered(written=written, left_out=tuple(left_out))
        except Refused as error:
            if error.change is None:
                raise
            # Equal changes are told apart by place in the list: the later one gives way.
            wanted.reverse()
            wanted.remove(error.change)
            wanted.reverse()
            left_out.append(LeftOut(change=error.change, reason=str(error)))


class Target(Change):
    """A change aimed at a document.

    Args:
        place: where it stands, as a person would say it; "" where nothing names it.
        old: what stands there now.
        before, after: the text around it, out of the same paragraph.
    """

    place: str
    old: str
    before: str
    after: str


def aim(document: Document, change: Change) -> Target:
    """The change with what a person wants to see of its surroundings."""
    start = preview(document, Change(start=change.start, end=change.start, new=""))
    end = preview(document, Change(start=change.end, end=change.end, new=""))
    old = document.text[change.start : change.end]
    return Target(**change.model_dump(), place=start.place, old=old, before=start.before, after=end.after)


def diff(target: Target, new: str) -> list[dict[str, str]]:
    """The word-level edit that puts `new` at a target, as plain data with the text around it.

    Each part is {"op": "keep", "delete" or "insert", "text": ...}.
    """
    parts = [("keep", target.before)]
    for hunk in hunks(target.old, new):
        parts += [("keep", hunk.old)] if hunk.kept else [("delete", hunk.old), ("insert", hunk.new)]
    return [{"op": op, "text": text} for op, text in (*parts, ("keep", target.after)) if text]
