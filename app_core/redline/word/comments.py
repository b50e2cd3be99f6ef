"""Comments in the margin (ECMA-376 part 1, 17.13.4): the part that holds them and their anchors in the text."""

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass

from rheostat.context.io.word import OFFICE, Element, Package, clone, new, parse, relationships_name, serialise, w

from .marks import Marks, P

_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.comments+xml"
_CONTENT_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_PRESERVE = {"{http://www.w3.org/XML/1998/namespace}space": "preserve"}


@dataclass(frozen=True)
class Note:
    """A comment and the elements of the text it is about, in order."""

    text: str
    about: Sequence[Element]


def add_comments(package: Package, notes: Sequence[Note], marks: Marks) -> dict[str, bytes]:
    """Anchors each note in the text and returns the parts of the package that change for it, by name."""
    if not notes:
        return {}
    name = package.related("comments")
    parts = {} if name in package.parts else _new_part(package)
    name = name if name is not None and name in package.parts else next(iter(parts))
    root = parse(parts.get(name) or package.parts[name])
    for note in notes:
        attributes = marks.attributes()
        root.append(_comment(note.text, {**attributes, w("initials"): _initials(marks.author)}))
        _anchor(note.about, attributes[w("id")])
    return {**parts, name: serialise(root)}


def _comment(text: str, attributes: dict[str, str]) -> Element:
    paragraphs = [_paragraph(line) for line in text.splitlines()]
    reference = new(w("r"), {}, _reference_style(), new(w("annotationRef")))
    paragraphs[0].insert(1, reference)
    return new(w("comment"), attributes, *paragraphs)


def _paragraph(text: str) -> Element:
    style = new(w("pPr"), {}, new(w("pStyle"), {w("val"): "CommentText"}))
    return new(P, {}, style, new(w("r"), {}, new(w("t"), _PRESERVE, text=text)))


def _reference_style() -> Element:
    return new(w("rPr"), {}, new(w("rStyle"), {w("val"): "CommentReference"}))


def _anchor(about: Sequence[Element], number: str) -> None:
    """Puts the range marks and the reference directly into the paragraphs, where every reader looks for them."""
    first, last = _below_paragraph(about[0]), _below_paragraph(about[-1])
    identity = {w("id"): number}
    first.addprevious(new(w("commentRangeStart"), identity))
    end = new(w("commentRangeEnd"), identity)
    last.addnext(end)
    end.addnext(new(w("r"), {}, _reference_style(), new(w("commentReference"), identity)))


def _below_paragraph(element: Element) -> Element:
    for above in element.iterancestors():
        if above.tag == P:
            break
        element = above
    return element


def _initials(author: str) -> str:
    return "".join(word[0] for word in author.split()[:3]).upper()


def _new_part(package: Package) -> dict[str, bytes]:
    """An empty comments part, related to the document and declared (ECMA-376 part 2, 10.1)."""
    name = posixpath.join(posixpath.dirname(package.main), "comments.xml")
    while name in package.parts:
        name = f"{name.removesuffix('.xml')}-added.xml"
    relationships = relationships_name(package.main)
    related = (
        clone(package.tree(relationships))
        if relationships in package.parts
        else new(f"{{{_RELATIONSHIPS}}}Relationships")
    )
    taken = {child.get("Id") for child in related}
    number = next(n for n in range(1, len(taken) + 2) if f"rIdComments{n}" not in taken)
    target = {"Id": f"rIdComments{number}", "Type": f"{OFFICE}/comments", "Target": posixpath.basename(name)}
    related.append(new(f"{{{_RELATIONSHIPS}}}Relationship", target))
    types = package.tree("[Content_Types].xml")
    types.append(new(f"{{{_CONTENT_TYPES}}}Override", {"PartName": f"/{name}", "ContentType": _TYPE}))
    return {
        name: serialise(new(w("comments"))),
        relationships: serialise(related),
        "[Content_Types].xml": serialise(types),
    }
