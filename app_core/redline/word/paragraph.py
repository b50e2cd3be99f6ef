"""Tracks the edits of one paragraph."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rheostat.context.io.word import Element, Field, Piece, w

from ..change import Change
from ..errors import Refused
from ..plan import quoted
from .lines import LineEdit
from .marks import Marks, P, R
from .runs import commonest_properties, text_runs

_LOCKING = frozenset(w(name) for name in ("ins", "moveTo", "fldSimple"))
_STRUCK = (w("del"), w("moveFrom"))
_LINK = w("hyperlink")
_INVISIBLE = (w("rPr"), w("lastRenderedPageBreak"))


@dataclass(frozen=True)
class ParagraphRedline:
    """A paragraph whose runs end where its edits start and end.

    Args:
        paragraph: the `w:p`.
        pieces: its visible text.
        marks: makes the tracked changes.
        changes: all changes, by the `owner` of an edit.
    """

    paragraph: Element
    pieces: Sequence[Piece]
    marks: Marks
    changes: Sequence[Change]

    def write(self, edits: Sequence[LineEdit]) -> Iterator[tuple[int, list[Element]]]:
        """Makes the edits; gives for each, the last first, its owner and the elements that show it, in order."""
        for edit in reversed(edits):  # from the end, so that what stands before keeps its place
            inside = [piece for piece in self.pieces if edit.start <= piece.start and piece.end <= edit.end]
            if edit.kind == "note":
                yield edit.owner, [piece.run for piece in inside]
                continue
            struck = self.marks.delete(self._runs(inside, edit)) if inside else []
            if edit.kind == "remove" and _is_empty(self.paragraph):
                self.marks.delete_end(self.paragraph)
            yield edit.owner, [*struck, *(self._insert(edit, inside, struck) if edit.new else ())]

    def _runs(self, inside: Sequence[Piece], edit: LineEdit) -> list[Element]:
        """The runs to strike out: those of the text and, where a field goes as a whole, those of its code."""
        for piece in inside:
            if piece.locked:
                raise self._refused(edit, piece.locked)
        runs = {piece.run for piece in inside}
        for field in {piece.field for piece in inside if piece.field is not None}:
            if not self._is_whole(field, inside):
                raise self._refused(edit, "lies partly in a field, such as a cross reference, which Word computes")
            runs.update(field.runs)
        return [run for run in self.paragraph.iter(R) if run in runs]

    def _is_whole(self, field: Field, inside: Sequence[Piece]) -> bool:
        shown = [piece for piece in self.pieces if piece.field is field]
        mixed = any(piece.run in field.runs for piece in self.pieces if piece.field is not field)
        return len(shown) == sum(piece.field is field for piece in inside) and field.paragraphs == 1 and not mixed

    def _insert(self, edit: LineEdit, inside: Sequence[Piece], struck: Sequence[Element]) -> list[Element]:
        """Puts the new text in its place; a line end begins a new paragraph, or a new line where none may begin."""
        parent, following, beside = self._place(edit, struck)
        properties = commonest_properties(_alike(inside or beside, parent) or _alike(self.pieces, parent))
        inserted: list[Element] = []
        for index, text in enumerate(edit.new.split("\n") if parent.tag == P else [edit.new]):
            if index:
                parent = self.marks.split(parent, following)
            if text:
                inserted.append(self.marks.insert(text_runs(text, properties)))
                _put(inserted[-1], parent, following)
        return inserted

    def _place(self, edit: LineEdit, struck: Sequence[Element]) -> tuple[Element, Element | None, Sequence[Piece]]:
        """Where new text goes: the parent, the child it goes before (None for the end), and the pieces next to it."""
        if struck:
            # Where a passage lies partly in a link, the new text goes beside the link.
            after = min(reversed(struck), key=lambda mark: sum(1 for _ in _ancestors(mark)))
            return _parent(after), after.getnext(), ()
        left = next((piece for piece in reversed(self.pieces) if piece.end <= edit.start), None)
        right = next((piece for piece in self.pieces if piece.start >= edit.start), None)
        if left is not None:
            if left.field is not None and right is not None and right.field is left.field:
                raise self._refused(edit, "lies in a field, which Word computes")
            last = left.field.runs[-1] if left.field is not None else left.run
            after = _climbed(last, right.run if right is not None else None)
            if any(above.tag in _LOCKING for above in _ancestors(after)):
                raise self._refused(edit, left.locked)
            return _parent(after), after.getnext(), [left] if right is None else [left, right]
        assert right is not None  # a line has text
        first = right.field.runs[0] if right.field is not None else right.run
        following = _climbed(first, None)
        for sibling in following.itersiblings(preceding=True):  # earlier insertions at the same place come after
            if sibling.get(w("id")) not in self.marks.made:
                break
            following = sibling
        return _parent(following), following, [right]

    def _refused(self, edit: LineEdit, why: str) -> Refused:
        text = "".join(piece.text for piece in self.pieces)
        what = f"change of {quoted(text[edit.start : edit.end])}" if edit.end > edit.start else "insertion"
        before = quoted(text[max(0, edit.start - 30) : edit.start])
        where = f" after {before}" if before else ""
        return Refused(
            f"The {what}{where} can't be tracked: it {why}. Settle that in Word first, or leave this change out.",
            self.changes[edit.owner],
        )


def _climbed(element: Element, apart_from: Element | None) -> Element:
    """The outermost element around this one, below the paragraph, that doesn't hold the other."""
    others = set(apart_from.iterancestors()) if apart_from is not None else set[Element]()
    for above in _ancestors(element):
        if above in others:
            break
        element = above
    return element


def _ancestors(element: Element) -> Iterator[Element]:
    """What lies between an element and its paragraph, innermost first."""
    for above in element.iterancestors():
        if above.tag == P:
            return
        yield above


def _parent(element: Element) -> Element:
    parent = element.getparent()
    assert parent is not None  # it lies in a paragraph
    return parent


def _put(element: Element, parent: Element, following: Element | None) -> None:
    if following is None:
        parent.append(element)
    else:
        following.addprevious(element)


def _alike(pieces: Iterable[Piece], place: Element) -> list[Piece]:
    """Those in a link if the place is in one, else those that are not: text beside a link is not to look like one."""
    linked = place.tag == _LINK or any(above.tag == _LINK for above in _ancestors(place))
    return [piece for piece in pieces if any(above.tag == _LINK for above in _ancestors(piece.run)) == linked]


def _is_empty(paragraph: Element) -> bool:
    """Whether nothing is left of a paragraph but its end, which may then go too: another paragraph follows it."""
    after = paragraph.getnext()
    ends_section = paragraph.find(f"{w('pPr')}/{w('sectPr')}") is not None
    holds_paragraphs = sum(1 for _ in paragraph.iter(P)) > 1
    if after is None or after.tag != P or ends_section or holds_paragraphs:
        return False
    return all(
        any(above.tag in _STRUCK for above in _ancestors(run)) or all(child.tag in _INVISIBLE for child in run)
        for run in paragraph.iter(R)
    )
