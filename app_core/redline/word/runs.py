"""Cutting runs, so that a span of characters is made of whole runs and nothing that is not text is caught in it.

A run (`w:r`, ECMA-376 part 1, 17.3.2.25) is text with one set of properties; cut in two, both halves keep them.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from rheostat.context.io.word import Element, Paragraph, Piece, clone, new, w

_RUN = w("r")
_PROPERTIES = w("rPr")
_TEXT = w("t")
_PRESERVE = {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}

# Run content that may be struck out; anything else in a run (a picture, a footnote mark, a field code) stays.
_STRIKEABLE = frozenset(
    w(name) for name in ("t", "tab", "ptab", "br", "cr", "noBreakHyphen", "softHyphen", "sym", "lastRenderedPageBreak")
)


def cut(paragraph: Paragraph, offsets: Iterable[int]) -> None:
    """Makes a run end at each of these offsets of the paragraph's text. The paragraph's pieces are stale afterwards."""
    wanted = set(offsets)
    pieces = paragraph.pieces
    for index in range(len(pieces) - 1, -1, -1):  # from the end, so that what stands before keeps its place
        piece, after = pieces[index], pieces[index + 1] if index + 1 < len(pieces) else None
        if piece.end in wanted and after is not None and after.node.getparent() is piece.node.getparent():
            _cut_before(after.node)
        _cut_text(piece, [offset - piece.start for offset in wanted if piece.start < offset < piece.end])


def isolate(runs: Iterable[Element]) -> None:
    """Gives what can't be struck out a run of its own."""
    for run in runs:
        content = [child for child in run if child.tag != _PROPERTIES]
        groups = [list(group) for _, group in groupby(content, key=lambda child: child.tag in _STRIKEABLE)]
        for group in reversed(groups[1:]):
            _cut_before(group[0])


def text_runs(text: str, properties: Element | None) -> list[Element]:
    """A run that shows the text, tabs and line breaks included; none for no text."""
    if not text:
        return []
    run = new(_RUN)
    if properties is not None:
        run.append(clone(properties))
    for kind, group in groupby(text, key=lambda character: character if character in "\t\n" else ""):
        characters = "".join(group)
        if kind:
            run.extend(new(w("tab") if kind == "\t" else w("br")) for _ in characters)
        else:
            run.append(new(_TEXT, _PRESERVE, text=characters))
    return [run]


def commonest_properties(pieces: Sequence[Piece]) -> Element | None:
    """The run properties of most of these characters, without the marks of a tracked formatting change."""
    worth: dict[Element, int] = {}
    for piece in pieces:
        worth[piece.run] = worth.get(piece.run, 0) + len(piece.text)
    if not worth:
        return None
    properties = max(worth, key=lambda run: worth[run]).find(_PROPERTIES)
    if properties is None:
        return None
    copy = clone(properties)
    for tag in ("rPrChange", "ins", "del", "moveFrom", "moveTo"):
        for mark in copy.findall(w(tag)):
            copy.remove(mark)
    return copy


def _cut_text(piece: Piece, offsets: Iterable[int]) -> None:
    end = len(piece.text)
    for offset in sorted(offsets, reverse=True):
        rest = new(_TEXT, _PRESERVE, text=piece.text[offset:end])
        piece.node.text = piece.text[:offset]
        piece.node.attrib.update(_PRESERVE)
        piece.node.addnext(rest)
        _cut_before(rest)
        end = offset


def _cut_before(node: Element) -> None:
    run = node.getparent()
    if run is None or run.tag != _RUN:  # a formula has runs of its own
        return
    rest = new(run.tag, dict(run.attrib))
    properties = run.find(_PROPERTIES)
    if properties is not None:
        rest.append(clone(properties))
    rest.extend([node, *node.itersiblings()])
    run.addnext(rest)
