"""A change as a person is to see it before deciding: what goes, what comes, and what stands around it."""

from pydantic import BaseModel, ConfigDict

from rheostat.context import Block, Document

from .change import Change
from .diff import Hunk, hunks


class Preview(BaseModel):
    """One change in its surroundings, without any formatting.

    Args:
        place: where it stands, as a person would say it ("4.2(a)").
        path: numbers or titles of the headings and clauses above, outermost first.
        before, after: the text around it, out of the same paragraph.
        cut_before, cut_after: whether the paragraph goes on there.
        hunks: what is kept, deleted and inserted, in order.
        comment: why.
    """

    model_config = ConfigDict(frozen=True)

    place: str
    path: tuple[str, ...]
    before: str
    hunks: tuple[Hunk, ...]
    after: str
    cut_before: bool
    cut_after: bool
    comment: str


def preview(document: Document, change: Change, around: int = 160) -> Preview:
    """Shows a change word by word.

    Args:
        document: what the change is of.
        change: the proposal; it may span several paragraphs.
        around: characters of the paragraph to show on either side, less what is cut to leave words whole.
    """
    first, last = _block(document, change.start), _block(document, change.end)
    shown = hunks(document.text[change.start : change.end], change.new)
    head = shown[0].old if len(shown) > 1 and shown[0].kept else ""
    tail = shown[-1].old if len(shown) > 1 and shown[-1].kept else ""
    before = document.text[min(first.start, change.start) if first else change.start : change.start] + head
    after = tail + document.text[change.end : max(last.end, change.end) if last else change.end]
    near_before, near_after = _last_words(before, around), _first_words(after, around)
    return Preview(
        place=first.place if first else "",
        path=first.path if first else (),
        before=near_before,
        hunks=shown[bool(head) : len(shown) - bool(tail)],
        after=near_after,
        cut_before=len(near_before) < len(before),
        cut_after=len(near_after) < len(after),
        comment=change.comment,
    )


def _block(document: Document, offset: int) -> Block | None:
    """The block that holds an offset or ends there; else, in white space or a number, the next one."""
    return next((block for block in document.blocks if offset <= block.end), None)


def _last_words(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    near = text[len(text) - most :]
    return near[near.find(" ") + 1 :] if not text[len(text) - most - 1].isspace() else near


def _first_words(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    near = text[:most]
    return near[: near.rfind(" ")] if not text[most].isspace() and " " in near else near
