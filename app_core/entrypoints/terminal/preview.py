"""What an effect would do, as its tool describes it, in a form that can be drawn."""

import json
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from rheostat.autonomy import Json

from ...redline.diff import hunks
from .console import indented, text

_MARKS = {"delete": ("[-", "-]"), "insert": ("{+", "+}"), "keep": ("", "")}
_STYLES = {"delete": "deleted", "insert": "inserted", "keep": ""}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Piece(_Strict):
    """A stretch of a changed text: it stays, goes or comes."""

    op: Literal["keep", "delete", "insert"]
    text: str


class Preview(_Strict):
    """A preview in the form that screens know how to draw.

    Args:
        title: what would happen, in a line.
        facts: what to know about it, by label.
        diff: the change of a text, piece by piece.
        note: what else to say.
    """

    title: str = ""
    facts: dict[str, str] = Field(default_factory=dict[str, str])
    diff: list[Piece] = Field(default_factory=list[Piece])
    note: str = ""


def understood(preview: Json) -> Preview | None:
    """A preview in the known form; None if it has another one, or says nothing."""
    try:
        return Preview.model_validate(preview) if preview else None
    except ValidationError:
        return None


def drawn(preview: Json, *, coloured: bool) -> RenderableType:
    """A preview as a person reads it. One in an unknown form is shown as the JSON it is."""
    known = understood(preview)
    if known is None:
        return indented(text(json.dumps(preview, indent=2, ensure_ascii=False)))
    parts = list[RenderableType]()
    if known.facts:
        parts += [facts(known.facts.items()), Text()]
    if known.diff:
        parts += [Barred(changed(known.diff, coloured=coloured)), Text()]
    if known.note:
        parts += [indented(text(known.note)), Text()]
    return Group(*parts[:-1]) if parts else Text()


def changed(pieces: Iterable[Piece], *, coloured: bool) -> Text:
    """A changed text: what goes is struck through, what comes underlined; without colours both stand in brackets."""
    whole = Text()
    for piece in pieces:
        if piece.op == "insert" and whole and not (whole.plain[-1].isspace() or piece.text[:1].isspace()):
            whole.append(" ")  # between what goes and what comes
        opening, closing = ("", "") if coloured else _MARKS[piece.op]
        whole.append_text(text(opening, (piece.text, _STYLES[piece.op]), closing))
    return whole


def pieces(before: str, after: str) -> list[Piece]:
    """A change of a text, word by word."""
    found = list[Piece]()
    for hunk in hunks(before, after):
        if hunk.kept:
            found.append(Piece(op="keep", text=hunk.old))
        else:
            found += [Piece(op="delete", text=hunk.old), Piece(op="insert", text=hunk.new)]
    return found


def facts(pairs: Iterable[tuple[str, str]]) -> RenderableType:
    """Labels on the left, and what there is to say on the right."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="label", no_wrap=True, max_width=18)
    table.add_column(overflow="fold")
    for label, value in pairs:
        table.add_row(text(label), text(value))
    return indented(table)


class Barred:
    """A text with a line down its left side, so that its end and its own blank lines can be told from ours."""

    def __init__(self, body: Text) -> None:
        self._body = body

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in self._body.wrap(console, options.max_width - 6):
            yield text(("  │ ", "label")).append_text(line)
