"""A prompt as the model sees it, with a gutter that says where each part comes from and how far it is trusted."""

import re
from collections.abc import Iterator, Mapping

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from rheostat.context import SourceMap, Trust

from ...prompt_view import Piece, leaf, pieces, place
from .console import text
from .words import count

_LINES = 2
"""Of a piece; the whole is an option away."""
_PIECES = 8
"""Of a message."""
_GAP = re.compile(r"\n\s*\n")
_NARROW, _WIDE = 22, 30
_WIDE_FROM = 96
TRUST_STYLES = {Trust.USER: "blue", Trust.TRUSTED: "green", Trust.UNTRUSTED: "yellow"}


class PromptText:
    """The messages of a prompt, piece by piece.

    Args:
        source_map: where each piece comes from.
        form_names: what the forms shown are called, by snippet.
        whole: all of it, fences included; else how each piece begins.
        source: whether to name the documents.
    """

    def __init__(self, source_map: SourceMap, form_names: Mapping[int, str], *, whole: bool, source: bool) -> None:
        self._map, self._form_names, self._whole, self._source = source_map, form_names, whole, source

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        gutter = _WIDE if options.max_width >= _WIDE_FROM else _NARROW
        for message, found in pieces(self._map):
            yield text((f"  {message.role}", "heading"))
            shown = [piece for piece in found if self._whole or piece.what != "fence"]
            few = shown if self._whole or len(shown) <= _PIECES + 1 else [*shown[: _PIECES - 1], shown[-1]]
            for piece in few:
                if piece is few[-1] and len(few) < len(shown):
                    more = count(len(shown) - len(few), "more block")
                    yield text((f"{' ' * gutter} ⋮ {more}: --prompt shows them", "quiet"))
                yield from self._lines(piece, gutter, console, options.max_width)

    def _lines(self, piece: Piece, gutter: int, console: Console, width: int) -> Iterator[Text]:
        style = TRUST_STYLES[piece.span.trust] if piece.span else TRUST_STYLES[Trust.USER]
        body = self._body(piece, console, width - gutter - 3)
        notes = self._notes(piece, gutter - 2)
        for at in range(max(len(body), len(notes))):
            note = notes[at] if at < len(notes) else Text()
            note.pad_right(gutter - 2 - note.cell_len)
            line = body[at] if at < len(body) else Text()
            yield Text.assemble("  ", note, (" │ ", style), line)

    def _body(self, piece: Piece, console: Console, width: int) -> list[Text]:
        given = piece.text if self._whole else _GAP.sub("\n", piece.text[: (_LINES + 2) * width])
        made = text((given, "quiet" if piece.what in ("fence", "attachment") else ""))
        wrapped = list(made.wrap(console, max(width, 20)))
        if self._whole or len(wrapped) <= _LINES:
            return wrapped
        last = wrapped[_LINES - 1]
        if last.cell_len > width - 2:
            last.right_crop(len(last.plain) - max(last.plain.rstrip().rfind(" "), 0))
        last.rstrip()
        return [*wrapped[: _LINES - 1], Text.assemble(last, (" …", "dim"))]

    def _notes(self, piece: Piece, width: int) -> list[Text]:
        """What the gutter says beside a piece: where it stands, and how far it is trusted."""
        if piece.what == "fence":
            return []
        if piece.span is None or piece.what == "attachment":
            return [text((piece.what, "label"))]
        span = piece.span
        form = f", {self._form_names.get(span.snippet, 'shortened')}" if span.form else ""
        at = [place(span.origin, span.snippet), leaf(span.origin, source=self._source)]
        notes = [text(words) for words in dict.fromkeys(at) if words]
        notes.append(text((f"{span.trust.name.lower()}{form}", TRUST_STYLES[span.trust])))
        for note in notes:
            note.truncate(width, overflow="ellipsis")
        return notes
