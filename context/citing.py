"""From a quote in an answer to where its words come from, so that a reader can look them up."""

from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict

from .ancestry import visible
from .document import Document
from .errors import ContextError
from .fence import disarm
from .folding import fold
from .quote import Ambiguous, NotThere, Quote, locate
from .snippet import Origin, Trust
from .source_map import SourceMap, Span


class Citation(BaseModel):
    """A quote that the model was shown, and where its words stand.

    Args:
        quote: as the model gave it.
        origin: where the words stand; None for words of the program's own.
        also: further places where the same words stand.
        trust: of whoever wrote them.
    """

    model_config = ConfigDict(frozen=True)

    quote: Quote
    origin: Origin | None
    also: tuple[Origin, ...] = ()
    trust: Trust


def citation(quote: Quote, shown: SourceMap, documents: Sequence[Document] = ()) -> Citation:
    """Resolves a quote to where its words come from, if the model was shown them.

    A document at hand gives the exact characters, place, page and line; there the quote may run on from one snippet
    to the next, leave out a clause's number or repeat Markdown marks, and its place tells equal words apart. Without
    one the citation is as exact as the source map (see `SourceMap.cite`), and equal words are cited with all their
    places.

    Args:
        quote: out of the answer.
        shown: what the model saw.
        documents: that the snippets may come from.

    Raises:
        NotThere: if the model was not shown these words.
    """
    for document in documents:
        try:
            exact = locate(document, quote)
        except ContextError:
            continue
        spans = [span for span in shown.spans if span.origin and span.origin.source == document.source]
        said = _said(shown, spans)
        if all(words in said for words in _words(document, exact)):
            holder = next((span for span in spans if span.origin and _holds(span.origin, exact)), None)
            trust = max((span.trust for span in spans), default=document.trust)
            return Citation(quote=quote, origin=exact, also=holder.also if holder else (), trust=trust)
    return _as_shown(quote, shown)


def _said(shown: SourceMap, spans: Sequence[Span]) -> str:
    """What the model read of one source, in the source's order."""
    ordered = sorted(spans, key=lambda span: span.origin.start if span.origin else 0)
    texts = (shown.messages[span.message].content[span.start : span.end] for span in ordered)
    return " ".join(fold(disarm(text)).text for text in texts)


def _words(document: Document, origin: Origin) -> Iterator[str]:
    """The words of a stretch as a reader sees them, block by block, without their numbers."""
    for block in document.blocks:
        start, end = max(block.start, origin.start), min(block.end, origin.end)
        if start < end:
            yield fold(disarm(visible(document, start, end))).text


def _holds(outer: Origin, inner: Origin) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _as_shown(quote: Quote, shown: SourceMap) -> Citation:
    # What the model read in place of a fence's or a chat's marks is what it may quote, and so may a label.
    readings = dict.fromkeys((quote.text, disarm(quote.text)))
    for words in readings:
        try:
            cited = shown.cite(words)
        except NotThere:
            continue
        except Ambiguous as error:
            origin, *also = error.origins or (None,)
            trust = max((span.trust for span in shown.spans), default=Trust.USER)
            return Citation(quote=quote, origin=origin, also=tuple(place for place in also if place), trust=trust)
        return Citation(quote=quote, origin=cited.origin, also=cited.also, trust=cited.trust)
    sources = dict.fromkeys(span.origin.source for span in shown.spans if span.origin)
    raise NotThere(quote, f"what was shown of {', '.join(sources)}" if sources else "what was shown")
