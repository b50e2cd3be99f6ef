"""The source map of a prompt: from every character to where it comes from, and back."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from .folding import Folded, fold
from .quote import Ambiguous, NotThere, Quote
from .snippet import Origin, Trust
from .tokens import Message


class Span(BaseModel):
    """Which characters of a message come from a snippet: `messages[message].content[start:end]` is the form shown.

    Args:
        message: index of the message.
        start, end: characters of its content, without the fence.
        block_start, block_end: characters of its content, the fence included.
        snippet: index in the snippets given.
        form: the form shown, 0 being the full one.
        trust, origin: the snippet's.
        also: further places where the text stands.
        verbatim: the origins of which each character shown is one: none of a shorter form.
    """

    model_config = ConfigDict(frozen=True)

    message: int
    start: int
    end: int
    block_start: int
    block_end: int
    snippet: int
    form: int
    trust: Trust
    origin: Origin | None
    also: tuple[Origin, ...] = ()
    verbatim: tuple[Origin, ...] = ()

    def origin_of(self, start: int, end: int) -> Origin | None:
        """Where characters of the message within this span come from; the snippet's whole origin if not verbatim."""
        for origin in self.verbatim:
            at = origin.start + start - self.start
            return origin.model_copy(update={"start": at, "end": at + end - start})
        return self.origin


class Cited(BaseModel):
    """Where the words of a quote stand.

    Args:
        origin: in the source: the exact characters where the text was shown verbatim, else the snippet's whole origin;
            None for what no source wrote.
        also: further origins of the same text.
        message, start, end: in the prompt.
        snippet: index of the snippet; None for the program's own words: the instruction, the task.
        trust: of the words.
    """

    model_config = ConfigDict(frozen=True)

    origin: Origin | None
    also: tuple[Origin, ...]
    message: int
    start: int
    end: int
    snippet: int | None
    trust: Trust


class _Stretch(NamedTuple):
    """Characters of one message that one author wrote; no span for the program's own."""

    message: int
    start: int
    folded: Folded
    span: Span | None


class SourceMap(BaseModel):
    """What the model saw, and where each character of it comes from. It can be stored, and asked again years later.

    Args:
        messages: the request.
        spans: where each snippet stands in the messages, in their order.
    """

    model_config = ConfigDict(frozen=True)

    messages: tuple[Message, ...]
    spans: tuple[Span, ...]

    def origin_at(self, message: int, char: int) -> Origin | None:
        """Where a character of a message comes from.

        Returns:
            The one character of the source where the text is shown verbatim; the snippet's whole origin where a shorter
            form is shown (place, page and line are the snippet's in both cases); None for text that no source wrote.
        """
        at = bisect_right(self.spans, (message, char), key=lambda span: (span.message, span.start)) - 1
        if at < 0 or self.spans[at].message != message or char >= self.spans[at].end:
            return None
        return self.spans[at].origin_of(char, char + 1)

    def shown_at(self, source: str, char: int) -> tuple[int, int] | None:
        """Where the model first sees a character of a source verbatim: (index of the message, character), or None."""
        for span in self.spans:
            for origin in span.verbatim:
                if origin.source == source and origin.start <= char < origin.end:
                    return span.message, span.start + char - origin.start
        return None

    def trust_of(self, message: int, start: int, end: int) -> Trust:
        """The least trust of any text that stands, with its fence, in `messages[message].content[start:end]`.

        What the program itself wrote is the user's own.
        """
        touched = (s.trust for s in self.spans if s.message == message and s.block_start < end and start < s.block_end)
        return max(touched, default=Trust.USER)

    def cite(self, quote: Quote | str) -> Cited:
        """Resolves a quote in an answer to where its words come from.

        White space, typographic quotes and dashes may differ, words may not; see `locate`. The quote's place is not
        looked at. Only words that the model was shown count: what it quotes from elsewhere it has made up, or knows.

        What no snippet says may stand in the instruction or the task: then there is no origin, and the user is trusted.

        Raises:
            NotThere: if nothing in the prompt says that.
            Ambiguous: if several snippets say it, or one several times, at different places of a source.
        """
        wanted = quote if isinstance(quote, Quote) else Quote(text=quote)
        words = fold(wanted.text).text
        found = list(self._occurrences(words, self._shown)) or list(self._occurrences(words, self._own))
        if not found:
            raise NotThere(wanted, "what the model saw")
        placed = [cited for cited in found if cited.origin] or found
        origins = tuple(dict.fromkeys(cited.origin for cited in placed if cited.origin))
        if len(origins) > 1:
            raise Ambiguous(wanted, "what the model saw", origins)
        return max(placed, key=lambda cited: cited.trust)

    def _occurrences(self, words: str, stretches: Iterable[_Stretch]) -> Iterator[Cited]:
        for message, begin, folded, span in stretches:
            at = folded.text.find(words) if words else -1
            while at >= 0:
                start, end = begin + folded.start(at), begin + folded.end(at + len(words))
                if not _cuts_a_word(folded.text, at, at + len(words)):
                    yield Cited(
                        origin=span.origin_of(start, end) if span else None,
                        also=span.also if span else (),
                        message=message,
                        start=start,
                        end=end,
                        snippet=span.snippet if span else None,
                        trust=span.trust if span else Trust.USER,
                    )
                at = folded.text.find(words, at + 1)

    @cached_property
    def _shown(self) -> tuple[_Stretch, ...]:
        return tuple(self._stretch(span.message, span.start, span.end, span) for span in self.spans)

    @cached_property
    def _own(self) -> tuple[_Stretch, ...]:
        """What stands in no span's block: the fences are not the program's words alone, for they name sources."""
        found, at = list[_Stretch](), 0
        for message, said in enumerate(self.messages):
            start = 0
            while at < len(self.spans) and self.spans[at].message == message:
                found.append(self._stretch(message, start, self.spans[at].block_start, None))
                start, at = self.spans[at].block_end, at + 1
            found.append(self._stretch(message, start, len(said.content), None))
        return tuple(found)

    def _stretch(self, message: int, start: int, end: int, span: Span | None) -> _Stretch:
        return _Stretch(message, start, fold(self.messages[message].content[start:end]), span)


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    before = start > 0 and text[start].isalnum() and text[start - 1].isalnum()
    return before or (end < len(text) and text[end - 1].isalnum() and text[end].isalnum())
