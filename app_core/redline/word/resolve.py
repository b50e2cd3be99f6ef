"""Accepting and rejecting tracked changes (ECMA-376 part 1, 17.13.5), those of everybody or some of them only."""

from collections.abc import Collection, Iterable

from rheostat.context.io.word import Element, w

_KEPT_WHEN_ACCEPTED = (w("ins"), w("moveTo"))
_KEPT_WHEN_REJECTED = (w("del"), w("moveFrom"))
_RANGES = tuple(w(f"move{way}Range{edge}") for way in ("From", "To") for edge in ("Start", "End"))
_PROPERTY_CHANGES = tuple(w(f"{kind}PrChange") for kind in ("r", "p", "sect", "tbl", "tblEx", "tr", "tc"))
_AS_KEPT = {w("delText"): w("t"), w("delInstrText"): w("instrText")}
# What a paragraph's properties hold beside those that a w:pPrChange records.
_NOT_RECORDED = (w("rPr"), w("sectPr"))


def resolve(root: Element, accept: bool, ids: Collection[str] | None = None) -> None:
    """Accepts or rejects, in place.

    Args:
        root: the `w:document`.
        accept: True to accept, False to reject.
        ids: the `w:id`s to resolve; None for all.
    """
    changes = list(root.iter(*_KEPT_WHEN_ACCEPTED, *_KEPT_WHEN_REJECTED, *_RANGES, *_PROPERTY_CHANGES))
    ends: list[Element] = []
    for change in reversed(changes):  # the innermost first
        parent = change.getparent()
        if parent is None or (ids is not None and change.get(w("id")) not in ids):
            continue
        keep = change.tag in (_KEPT_WHEN_ACCEPTED if accept else _KEPT_WHEN_REJECTED)
        if change.tag in _RANGES:
            parent.remove(change)
        elif change.tag in _PROPERTY_CHANGES:
            _resolve_properties(parent, change, accept)
        elif parent.tag == w("trPr"):
            _resolve_row(parent, change, keep)
        elif parent.tag in (w("rPr"), w("numPr")):
            parent.remove(change)
            paragraph = _paragraph_ended_by(parent)
            if paragraph is not None and not keep:
                ends.append(paragraph)
        elif keep:
            _unwrap(parent, change)
        else:
            parent.remove(change)
    _join(ends)


def _unwrap(parent: Element, change: Element) -> None:
    for node in change.iter(*_AS_KEPT):
        node.tag = _AS_KEPT[node.tag]
    for child in list(change):
        change.addprevious(child)
    parent.remove(change)


def _resolve_properties(properties: Element, change: Element, accept: bool) -> None:
    properties.remove(change)
    recorded = change.find(properties.tag)
    if accept or recorded is None:
        return
    stays = [child for child in properties if child.tag in _NOT_RECORDED] if properties.tag == w("pPr") else []
    for child in list(properties):
        properties.remove(child)
    properties.extend([*recorded, *stays])


def _resolve_row(properties: Element, change: Element, keep: bool) -> None:
    row = properties.getparent()
    table = row.getparent() if row is not None else None
    properties.remove(change)
    if row is not None and table is not None and not keep:
        table.remove(row)


def _paragraph_ended_by(mark: Element) -> Element | None:
    """The paragraph whose end has these run properties; None for the properties of a run."""
    properties = mark.getparent()
    return properties.getparent() if properties is not None and properties.tag == w("pPr") else None


def _join(paragraphs: Iterable[Element]) -> None:
    """Joins each paragraph, its end being gone, with the one after it, whose properties the whole then has.

    Given from the last to the first. The last paragraph of a cell or before a table keeps its end, as it does in Word.
    """
    for paragraph in paragraphs:
        after = paragraph.getnext()
        parent = paragraph.getparent()
        if after is None or after.tag != w("p") or parent is None:
            continue
        for own in paragraph.findall(w("pPr")):
            paragraph.remove(own)
        for properties in after.findall(w("pPr")):
            paragraph.insert(0, properties)
        paragraph.extend(list(after))
        parent.remove(after)
