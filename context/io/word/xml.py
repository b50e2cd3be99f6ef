# ruff: noqa: D102  the methods of Element are documented by lxml
"""The little of lxml that Word files need, with types (lxml ships none), and a parser that trusts nothing.

Names follow ECMA-376 part 1, chapter 17 (WordprocessingML): `w("p")` is the tag of `<w:p>`.
"""

from collections.abc import Iterable, Iterator, MutableMapping
from copy import deepcopy
from importlib import import_module
from typing import Any, Protocol

WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
STRICT_WORD = "http://purl.oclc.org/ooxml/wordprocessingml/main"
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"


class Element(Protocol):
    """An XML element, as lxml has it. Comments and processing instructions have a `tag` that is no string."""

    tag: str
    text: str | None
    tail: str | None

    @property
    def attrib(self) -> MutableMapping[str, str]: ...
    def __iter__(self) -> Iterator["Element"]: ...
    def __len__(self) -> int: ...
    def get(self, key: str, default: str | None = None, /) -> str | None: ...
    def set(self, key: str, value: str, /) -> None: ...
    def iter(self, *tags: str) -> Iterator["Element"]: ...
    def iterancestors(self, *tags: str) -> Iterator["Element"]: ...
    def itersiblings(self, *tags: str, preceding: bool = False) -> Iterator["Element"]: ...
    def find(self, path: str, /) -> "Element | None": ...
    def findall(self, path: str, /) -> list["Element"]: ...
    def index(self, child: "Element", /) -> int: ...
    def append(self, child: "Element", /) -> None: ...
    def extend(self, children: Iterable["Element"], /) -> None: ...
    def insert(self, index: int, child: "Element", /) -> None: ...
    def remove(self, child: "Element", /) -> None: ...
    def addnext(self, sibling: "Element", /) -> None: ...
    def addprevious(self, sibling: "Element", /) -> None: ...
    def getparent(self) -> "Element | None": ...
    def getnext(self) -> "Element | None": ...
    def getroottree(self) -> Any: ...


class NotXml(ValueError):
    """Bytes that are no well-formed XML, or that declare a document type, which no Word file may."""


def w(name: str) -> str:
    """The tag or attribute `w:name` in lxml's notation."""
    return f"{{{WORD}}}{name}"


def local(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def parse(data: bytes) -> Element:
    """Reads XML without touching the network, a DTD or an entity.

    Raises NotXml where the bytes are damaged or carry a document type (the carrier of entity attacks).
    """
    etree = _etree()
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXml(str(error)) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotXml("it declares a document type, which Word files never do")
    return root


def serialise(root: Element) -> bytes:
    """The bytes of a part, declared as Word declares them."""
    document = root.getroottree()  # with the comments that stand before the root
    return _etree().tostring(document, xml_declaration=True, encoding="UTF-8", standalone=True)


def new(tag: str, attributes: dict[str, str] | None = None, *children: Element, text: str | None = None) -> Element:
    """A new element. Raises ValueError for text with characters that XML can't hold."""
    prefixes = {"w": WORD} if tag.startswith(f"{{{WORD}}}") else None
    element: Element = _etree().Element(tag, attributes or {}, nsmap=prefixes)
    element.text = text
    element.extend(children)
    return element


def clone(element: Element) -> Element:
    """A deep copy, without the text that follows it."""
    copy = deepcopy(element)
    copy.tail = None
    return copy


def _etree() -> Any:
    # lxml comes without type information; imported late so that importing rheostat stays cheap.
    return import_module("lxml.etree")
