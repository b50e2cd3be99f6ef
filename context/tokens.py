"""Counting tokens: pure arithmetic over a `count_text` that an adapter brings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from .attachment import Attachment
from .errors import Uncountable


class Placed(NamedTuple):
    """An attachment of a message: it is sent between `content[:at]` and `content[at:]`."""

    at: int
    attachment: Attachment


class Message(BaseModel):
    """One message of a request, as the provider sees it.

    Args:
        role: who speaks.
        content: what is said.
        breakpoints: offsets in the content, ascending, at which what stays the same from call to call ends. A provider
            that takes cache breakpoints gets the content in blocks that end there; for others they change nothing.
        attachments: in the order of their places.
    """

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str
    breakpoints: tuple[int, ...] = ()
    attachments: tuple[Placed, ...] = ()


class Measure(NamedTuple):
    """A request's prompt tokens before any error is added: what was counted, what was supposed, what was bounded.

    Args:
        text: of all texts, as counted.
        overhead: that the chat format is supposed to add, at the most.
        attached: of images and files, at the most.
    """

    text: int
    overhead: int
    attached: int


def remembered(count_text: Callable[[str], int], most: int = 250_000) -> Callable[[str], int]:
    """A count_text that counts each content once, and keeps the counts without keeping the texts.

    Args:
        count_text: counts one text; always gives the same for the same.
        most: counts are forgotten, the longest unused first, so that at most twice as many as this are kept.
    """
    # By Python's own hash: 64 bits under a key drawn for this process, so that nobody can write two texts which share
    # one, and chance needs billions of texts. A str remembers its hash, which makes a look-up cost 0.1 µs whatever the
    # length. Threads may lose each other's newest counts, never mix them up.
    newer, older = dict[int, int](), dict[int, int]()

    def counted(text: str) -> int:
        nonlocal newer, older
        key = hash(text)
        tokens = newer.get(key)
        if tokens is None:
            tokens = older.get(key)
            if tokens is None:
                tokens = count_text(text)
            if len(newer) >= most:
                newer, older = {}, newer
            newer[key] = tokens
        return tokens

    return counted


def _uncountable(attachment: Attachment) -> int:
    raise Uncountable(f"It is not known how this model counts {attachment.media_type}; send {attachment.name} as text.")


@dataclass(frozen=True)
class Counter:
    """How to count one model's tokens.

    Args:
        name: of the tokenizer, for the receipt ("o200k_base", "SmolLM2 (exact)").
        count_text: tokens of one text.
        per_message, per_request: tokens that the chat format adds around each message and around the whole request.
        error: stated error as a share; the true count of texts and format is at most `(1 + error)` times what is
            counted. 0 means exact.
        sticky: characters that may join a token with the blank line before them, besides white space. Texts that end in
            a blank line and are followed by anything else count the same alone as in a row, so that a long prompt can
            be counted exactly from counts of its parts. None if this tokenizer makes no such promise.
        count_attachment: the most tokens that an image or a file can take; the error is not added to it. Raises
            Uncountable if nobody knows.

    Raises:
        ValueError: if an overhead or the error is negative, or the error is not finite.
    """

    name: str
    count_text: Callable[[str], int]
    per_message: int = 0
    per_request: int = 0
    error: float = 0.0
    sticky: str | None = None
    count_attachment: Callable[[Attachment], int] = _uncountable

    def __post_init__(self) -> None:
        if min(self.per_message, self.per_request, self.error) < 0 or not isfinite(self.error):
            raise ValueError(
                f"The counter {self.name!r} would count too little: its overheads are {self.per_message} and "
                f"{self.per_request} tokens and its error is {self.error}. Give finite numbers of 0 or more."
            )

    def count(self, messages: Sequence[Message], *extra: str) -> int:
        """An upper bound on the request's prompt tokens, raised by the stated error.

        Args:
            messages: all of the request's.
            extra: what is sent beside them and counts as prompt: the answer's schema, the tools, as JSON.

        Raises:
            Uncountable: there is an attachment whose tokens nobody can state.
        """
        text, overhead, attached = self.measure(messages, *extra)
        return ceil((text + overhead) * (1 + self.error)) + attached

    def measure(self, messages: Sequence[Message], *extra: str) -> Measure:
        """What `count` adds up, before the error. Arguments and errors as there."""
        texts = (*(message.content for message in messages), *extra)
        placed = (placed for message in messages for placed in message.attachments)
        return Measure(
            text=sum(self.count_text(text) for text in texts if text),
            overhead=self.per_message * len(messages) + self.per_request,
            attached=sum(self.count_attachment(attachment) for _, attachment in placed),
        )

    def count_parts(self, parts: Sequence[str]) -> int:
        """Exactly what `count_text` gives for all the parts in a row, from counts of the parts where `sticky` allows.

        Parts that may share a token with a neighbour are counted together with it.

        Args:
            parts: of one text, in order. Best are parts that end in a blank line and begin with a word.
        """
        if self.sticky is None:
            return self.count_text("".join(parts))
        tokens, together = 0, ""
        for part in filter(None, parts):
            first = part[0]
            if together.endswith("\n\n") and not (first.isspace() or first in self.sticky):
                tokens += self.count_text(together)
                together = part
            else:
                together += part
        return tokens + self.count_text(together)
