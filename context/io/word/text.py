"""What a person sees in a Word file, character by character, and the element that each character comes from.

Seen is the body with tracked changes accepted: insertions, but no deletions, no hidden text, no field codes. Headers,
footers, footnotes and comments are other parts of the file and not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .xml import COMPATIBILITY, MATH, SPACE, Element, w

P = w("p")
R = w("r")
T = w("t")
INSERTED = (w("ins"), w("moveTo"))
DELETED = (w("del"), w("moveFrom"))

_WRAPPERS = frozenset(w(name) for name in ("hyperlink", "smartTag", "customXml", "sdt", "sdtContent", "dir", "bdo"))
_CHOICE, _FALLBACK, _ALTERNATE = (f"{{{COMPATIBILITY}}}{name}" for name in ("Choice", "Fallback", "AlternateContent"))
_MATHS = (f"{{{MATH}}}oMath", f"{{{MATH}}}oMathPara")
_MATH_TEXT = f"{{{MATH}}}t"

# ECMA-376 part 1, 17.3.3: the run content that a reader sees as one character.
_ONE_CHARACTER = {w("tab"): "\t", w("ptab"): "\t", w("br"): "\n", w("cr"): "\n", w("noBreakHyphen"): "\u2011"}
# Word shows a line end or tab that stands raw in the XML as a space.
_AS_SPACE = str.maketrans("\n\r\t", "   ")
_XML_BLANKS = " \t\r\n"
_UNKNOWN = "\ufffd"


@dataclass(eq=False)
class Field:
    """A complex field (17.16.18): a cross reference, date or link that Word computes. `runs` hold code and result."""

    runs: list[Element] = field(default_factory=list[Element])
    paragraphs: int = 0
    open: bool = True


@dataclass(frozen=True, eq=False)
class Piece:
    """Characters that one element shows.

    Args:
        text: what is seen; at least one character.
        start: its offset in the paragraph's text.
        node: the element: a `w:t`, `w:tab`, ...
        run: the `w:r` that holds it.
        skipped: characters at the start of the node that are not seen (blanks without xml:space="preserve").
        locked: why the characters can't be changed, as the end of a sentence; "" if they can.
        field: the complex field whose result this is.
    """

    text: str
    start: int
    node: Element
    run: Element
    skipped: int = 0
    locked: str = ""
    field: Field | None = None

    @property
    def end(self) -> int:
        """The offset after its last character."""
        return self.start + len(self.text)


@dataclass(frozen=True, eq=False)
class Paragraph:
    """A `w:p` and its visible pieces in order. `anchor` is its index among all `w:p` of the body."""

    element: Element
    anchor: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """What a person sees of it, tabs and line breaks as one character each."""
        return "".join(piece.text for piece in self.pieces)


def paragraphs(root: Element, hidden_styles: frozenset[str] = frozenset()) -> Iterator[Paragraph]:
    """All paragraphs of a document in order: also those in tables, text boxes and content controls, and the empty ones.

    A text box is stored twice, for new and for old programs; the copy for old ones is left out.

    Args:
        root: the `w:document`.
        hidden_styles: ids of the styles whose text is hidden.
    """
    walk = _Walk(root.get(SPACE) == "preserve", hidden_styles)
    body = root.find(w("body"))
    for anchor, element in enumerate(body.iter(P) if body is not None else ()):
        above = {ancestor.tag: ancestor for ancestor in element.iterancestors()}
        if _FALLBACK in above:
            continue
        gone = any(tag in above for tag in DELETED)
        yield Paragraph(element, anchor, () if gone else walk.paragraph(element, _lock(above)))


class _Walk:
    """Walks paragraphs in order; it lives as long as the document, since a field may span several paragraphs."""

    def __init__(self, preserved: bool, hidden_styles: frozenset[str]) -> None:
        self._preserved = preserved
        self._hidden_styles = hidden_styles
        self._in_result: list[bool] = []  # one entry for each open field: past its separator, in the part that is seen?
        self._field = Field(open=False)  # the outermost one; fields nest
        self._pieces: list[Piece] = []
        self._length = 0

    def paragraph(self, element: Element, locked: str) -> tuple[Piece, ...]:
        self._pieces, self._length = [], 0
        if self._field.open:
            self._field.paragraphs += 1
        if _style(element, "pPr", "pStyle") not in self._hidden_styles:
            self._inline(element, locked)
        return tuple(self._pieces)

    def _inline(self, parent: Element, locked: str) -> None:
        for child in parent:
            tag = child.tag
            if tag == R:
                self._run(child, locked)
            elif tag in _WRAPPERS:
                self._inline(child, locked)
            elif tag in INSERTED:
                self._inline(child, locked or _lock({tag: child}))
            elif tag == w("fldSimple"):
                self._inline(child, locked or "lies in a field, which Word computes")
            elif tag == _ALTERNATE:
                self._inline(_choice(child), locked)
            elif tag in _MATHS:
                for text in child.iter(_MATH_TEXT):
                    self._add(text.text or "", text, text, 0, "lies in a formula")

    def _run(self, run: Element, locked: str) -> None:
        hidden = self._hidden(run)
        if self._field.open:
            self._field.runs.append(run)
        for node in run:
            tag = node.tag
            if tag == w("fldChar"):
                self._field_mark(node.get(w("fldCharType")), run)
            elif hidden or not all(self._in_result):
                continue
            elif tag == T:
                self._text(node, run, locked)
            elif tag in _ONE_CHARACTER:
                self._add(_ONE_CHARACTER[tag], node, run, 0, locked)
            elif tag == w("sym"):
                self._add(_symbol(node), node, run, 0, locked)
            elif tag == w("ruby"):
                for base in node.findall(f"{w('rubyBase')}/{R}"):
                    self._run(base, locked or "carries a reading aid")

    def _field_mark(self, kind: str | None, run: Element) -> None:
        if kind == "begin":
            if not self._in_result:
                self._field = Field([run], paragraphs=1)
            self._in_result.append(False)
        elif kind == "separate" and self._in_result:
            self._in_result[-1] = True
        elif kind == "end" and self._in_result:
            self._in_result.pop()
            self._field.open = bool(self._in_result)

    def _text(self, node: Element, run: Element, locked: str) -> None:
        text = node.text or ""
        kept = text if self._preserved or node.get(SPACE) == "preserve" else text.strip(_XML_BLANKS)
        self._add(kept.translate(_AS_SPACE), node, run, text.find(kept), locked)

    def _add(self, text: str, node: Element, run: Element, skipped: int, locked: str) -> None:
        if text:
            owner = self._field if self._in_result else None
            self._pieces.append(Piece(text, self._length, node, run, skipped, locked, owner))
            self._length += len(text)

    def _hidden(self, run: Element) -> bool:
        properties = run.find(w("rPr"))
        if properties is None:
            return False
        vanish = properties.find(w("vanish"))
        if vanish is not None:
            return is_on(vanish)
        return _style(run, "rPr", "rStyle") in self._hidden_styles


def is_on(toggle: Element | None) -> bool:
    """Whether a toggle property (17.17.4) such as `<w:b/>` is there and not switched off."""
    return toggle is not None and toggle.get(w("val"), "true") not in ("0", "false", "off")


def _style(element: Element, properties: str, style: str) -> str | None:
    found = element.find(f"{w(properties)}/{w(style)}")
    return None if found is None else found.get(w("val"))


def _choice(alternate: Element) -> Element:
    chosen = alternate.find(_CHOICE)
    return chosen if chosen is not None else alternate


def _symbol(node: Element) -> str:
    """A `w:sym` (17.3.3.30) names a character of a symbol font, which Word stores in the private use area."""
    try:
        code = int(node.get(w("char")) or "", 16)
    except ValueError:
        return _UNKNOWN
    return chr(code) if 0x20 < code < 0xD800 or 0xE000 <= code < 0xFFFE else _UNKNOWN


def _lock(above: dict[str, Element]) -> str:
    for tag in INSERTED:
        if tag in above:
            author = above[tag].get(w("author")) or "an unnamed author"
            return f"lies in a tracked change by {author}"
    return ""
