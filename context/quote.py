"""Checking a quote: finding the one exact span of a document that a model cites, or saying why there is none."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from .citation import stands_at
from .document import Document
from .errors import ContextError
from .folding import Folded, fold
from .marks import balanced
from .snippet import Origin

MAX_QUOTE_CHARS = 2000
_SHOWN_LENGTH = 80
_SHOWN_PLACES = 4


class Quote(BaseModel):
    """What a model cites.

    Args:
        place: the clause it names ("4.2", "Section 4.2(a)", a title); "" for anywhere. At most 80 characters.
        text: the words, as they stand in the document. At most 2,000 characters.
    """

    model_config = ConfigDict(frozen=True)

    place: str = Field(default="", max_length=80)
    text: str = Field(min_length=1, max_length=MAX_QUOTE_CHARS)

    @model_validator(mode="before")
    @classmethod
    def _from_label(cls, value: Any, info: ValidationInfo) -> Any:
        """A label ("s3") stands for the quote of that name, where the validation's context has `labels`."""
        if not isinstance(value, str):
            return value
        context = cast("dict[str, Any]", info.context or {})
        labels = cast("dict[str, Quote]", context.get("labels", {}))
        if value not in labels:
            raise ValueError(f"there is no sentence {value[:20]!r}; cite one of {', '.join(labels) or 'those shown'}")
        return labels[value].model_dump()


class NotThere(ContextError):
    """A quote that does not stand where it is said to stand.

    Args:
        quote: the quote.
        source: the document it was looked for in.
        elsewhere: where its words do stand; empty if nowhere in the document.
    """

    mend: ClassVar[Literal["builder", "model", "operator"]] = "model"

    def __init__(self, quote: Quote, source: str, elsewhere: tuple[Origin, ...] = ()) -> None:
        super().__init__(quote, source, elsewhere)
        self.quote = quote
        self.source = source
        self.elsewhere = elsewhere

    def __str__(self) -> str:
        said = _shorten(self.quote.text)
        if self.elsewhere:
            return (
                f"“{said}” does not stand at “{self.quote.place}” of {self.source} but at {_places(self.elsewhere)}. "
                "Cite that place, or quote what the cited place says."
            )
        return (
            f"“{said}” does not stand in {self.source}. "
            "Quote one unbroken passage word for word, with nothing changed, added or left out."
        )


class Ambiguous(ContextError):
    """A quote whose words stand several times where it is said to stand.

    Args:
        quote: the quote.
        source: the document it was looked for in.
        origins: everywhere it stands.
    """

    mend: ClassVar[Literal["builder", "model", "operator"]] = "model"

    def __init__(self, quote: Quote, source: str, origins: tuple[Origin, ...]) -> None:
        super().__init__(quote, source, origins)
        self.quote = quote
        self.source = source
        self.origins = origins

    def __str__(self) -> str:
        return (
            f"“{_shorten(self.quote.text)}” stands {len(self.origins)} times in {self.source}: "
            f"{_places(self.origins)}. Quote more of the words around it, or cite the place more closely."
        )


def locate(document: Document, quote: Quote) -> Origin:
    """Finds the exact span of the document that a quote names.

    White space, typographic quotes and dashes, soft hyphens and Markdown marks may differ; words, case and other
    punctuation may not, and "..." stands for nothing but itself. A clause number may be quoted or left out.

    Raises:
        NotThere: the words are not in the document, or not at the cited place.
        Ambiguous: they stand there more than once.
    """
    matches = _matches(document, quote.text)
    if not matches:
        raise NotThere(quote, document.source)
    there = [match for match in matches if match.stands_at(document, quote.place)]
    if not there:
        raise NotThere(quote, document.source, tuple(match.origin(document) for match in matches))
    if len(there) > 1:
        raise Ambiguous(quote, document.source, tuple(match.origin(document) for match in there))
    return there[0].origin(document)


@dataclass(frozen=True)
class _Match:
    """A span that says what the quote says, and the indexes of the blocks it touches."""

    start: int
    end: int
    blocks: range

    def stands_at(self, document: Document, place: str) -> bool:
        return not place.strip() or any(
            stands_at(document, index, self.start, self.end, place) for index in self.blocks
        )

    def origin(self, document: Document) -> Origin:
        return document.origin(self.start, self.end)


@dataclass
class _Page:
    """The folded text of all blocks in a row, as a reader sees them, and the way back into the document.

    `parts` are (offset in the row, offset in the document, folded text, index of the block).
    """

    row: str = ""
    parts: list[tuple[int, int, Folded, int]] = field(default_factory=list[tuple[int, int, Folded, int]])

    def part(self, at: int) -> tuple[int, int, Folded, int]:
        """The part that holds the character at `at`."""
        return self.parts[bisect_right(self.parts, at, key=lambda part: part[0]) - 1]


def _matches(document: Document, words: str) -> list[_Match]:
    # marks that a quote shows may be marks of the file, or characters that the file escapes
    readings = dict.fromkeys(fold(words, markdown=markdown).text for markdown in (document.markdown, False))
    for numbered in (True, False):
        page = _page(document, numbered)
        for wanted in filter(None, readings):
            if found := [_match(document, page, at, at + len(wanted)) for at in _occurrences(page.row, wanted)]:
                return found
    return []


def _page(document: Document, numbered: bool) -> _Page:
    page = _Page()
    pieces: list[str] = []
    at = 0
    for index in range(len(document.blocks)):
        for original_at, folded in _folded_block(document, index, numbered):
            page.parts.append((at, original_at, folded, index))
            pieces.append(folded.text)
            at += len(folded.text) + 1
    page.row = " ".join(pieces)
    return page


def _folded_block(document: Document, index: int, numbered: bool) -> Iterator[tuple[int, Folded]]:
    block = document.blocks[index]
    number_at, number = document.number_shown(index) if numbered else (block.start, "")
    if number and number_at == block.start:
        # an automatic number takes no room in the text
        yield block.start, Folded(number, ((0, 0, len(number), 0),))
    elif number:
        yield number_at, fold(number)
    folded = fold(document.block_text(block), markdown=document.markdown)
    if folded.text:
        yield block.start, folded


def _occurrences(row: str, wanted: str) -> Iterator[int]:
    """Where the wanted text stands in whole words."""
    at = row.find(wanted)
    while at >= 0:
        end = at + len(wanted)
        cut_before = at > 0 and wanted[0].isalnum() and row[at - 1].isalnum()
        cut_after = end < len(row) and wanted[-1].isalnum() and row[end].isalnum()
        if not (cut_before or cut_after):
            yield at
        at = row.find(wanted, at + 1)


def _match(document: Document, page: _Page, start: int, end: int) -> _Match:
    first_at, first_original, first, first_index = page.part(start)
    last_at, last_original, last, last_index = page.part(end - 1)
    original_start = first_original + first.start(start - first_at)
    original_end = last_original + last.end(end - last_at)
    if document.markdown:
        original_start, original_end = balanced(document.text, original_start, original_end)
    return _Match(original_start, original_end, range(first_index, last_index + 1))


def _shorten(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN_LENGTH else flat[:_SHOWN_LENGTH].rstrip() + "…"


def _places(origins: tuple[Origin, ...]) -> str:
    names = [
        origin.place or (f"line {origin.line}" if origin.line else f"character {origin.start}") for origin in origins
    ]
    listed = list(dict.fromkeys(names))
    more = f" and {len(listed) - _SHOWN_PLACES} more places" if len(listed) > _SHOWN_PLACES else ""
    return ", ".join(listed[:_SHOWN_PLACES]) + more
