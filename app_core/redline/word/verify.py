"""Reads a redline back and holds it to its promise, before anybody else sees it."""

from collections.abc import Collection
from typing import Any

from rheostat.context.io.word import Element, Package, layout_of, open_package, w

from ..errors import NotVerified
from .resolve import resolve

_RUN, _TEXT, _RUN_PROPERTIES = w("r"), w("t"), w("rPr")
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_BLANKS = " \t\r\n"
_AS_SPACE = str.maketrans("\n\r\t", "   ")
_COMMENT_ANCHORS = tuple(w(f"comment{kind}") for kind in ("RangeStart", "RangeEnd", "Reference"))

Shape = tuple[Any, ...]
"""An element as a value to compare: its tag, attributes, text and children."""


def verify(data: bytes, original: Package, ids: Collection[str], promised: str) -> None:
    """Checks a redlined file.

    Args:
        data: the file.
        original: what it was made from.
        ids: the `w:id`s of the marks that were added.
        promised: the text after accepting them.

    Raises:
        NotVerified: rejecting the added changes doesn't give back the old body, element by element and with its
            formatting; or accepting them doesn't give the promised text.
    """
    redlined = open_package(data, original.source)
    rejected, accepted = redlined.tree(redlined.main), redlined.tree(redlined.main)
    resolve(rejected, accept=False, ids=ids)
    _remove_comments(rejected, ids)
    if _normal_form(rejected) != _normal_form(original.tree(original.main)):
        raise NotVerified(_message(original, "rejecting the changes would not give back the original document"))
    resolve(accepted, accept=True, ids=ids)
    if _lines(layout_of(redlined, accepted).text) != _lines(promised):
        raise NotVerified(_message(original, "accepting the changes would not give the text that was approved"))


def _message(original: Package, what: str) -> str:
    return (
        f"The redline of {original.source} was not written: read back, {what}. This is a fault of the program; please "
        "report it with the file's structure. Meanwhile, make the change by hand."
    )


def _lines(text: str) -> list[str]:
    """Lines without the white space around them; a paragraph left without text is none."""
    return [line.strip() for line in text.split("\n") if line.strip()]


def _remove_comments(root: Element, ids: Collection[str]) -> None:
    for anchor in list(root.iter(*_COMMENT_ANCHORS)):
        run = anchor.getparent()
        if anchor.get(w("id")) not in ids or run is None:
            continue
        run.remove(anchor)
        above = run.getparent()
        if run.tag == _RUN and above is not None:
            above.remove(run)


def _normal_form(root: Element) -> Shape:
    """The document as a value that is equal where two documents differ only in how their text is cut into runs."""
    preserved = root.get(_SPACE) == "preserve"
    for text in root.iter(_TEXT):
        shown = text.text or ""
        if not preserved and text.get(_SPACE) != "preserve":
            shown = shown.strip(_BLANKS)
        text.text = shown.translate(_AS_SPACE)
        text.attrib[_SPACE] = "preserve"
    for run in list(root.iter(_RUN)):
        _join_run(run)
    for text in list(root.iter(_TEXT)):
        _join_text(text)
    for tag in (_RUN_PROPERTIES, w("pPr")):
        for empty in [found for found in root.iter(tag) if not len(found)]:
            parent = empty.getparent()
            if parent is not None:
                parent.remove(empty)
    return _shape(root)


def _join_run(run: Element) -> None:
    """Puts a run's content into the run before it, where the two look alike."""
    before = next(run.itersiblings(preceding=True), None)
    parent = run.getparent()
    if before is None or parent is None or before.tag != _RUN or _look(before) != _look(run):
        return
    before.extend([child for child in run if child.tag != _RUN_PROPERTIES])
    parent.remove(run)


def _join_text(text: Element) -> None:
    before = next(text.itersiblings(preceding=True), None)
    parent = text.getparent()
    if before is not None and parent is not None and before.tag == _TEXT:
        before.text = (before.text or "") + (text.text or "")
        parent.remove(text)


def _look(run: Element) -> Shape:
    properties = run.find(_RUN_PROPERTIES)
    return _shape(properties) if properties is not None and len(properties) else (), sorted(run.attrib.items())


def _shape(element: Element) -> Shape:
    text = element.text if element.text and not element.text.isspace() or element.tag == _TEXT else None
    return element.tag, sorted(element.attrib.items()), text, [_shape(child) for child in element]
