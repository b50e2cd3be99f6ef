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


def _uncountable(attachment: Attachment) -> int:
    raise Uncountable(f"It is not known how this model counts {attachment.media_type}; send {attachment.name} as text.")


@dataclass(frozen=True)
class Counter:
    """How to count one model's tokens.

    Args:
        name: of the tokenizer, for the receipt ("o200k_base", "SmolLM2 (exact)").
        count_text: tokens of one text.
        per_message, per_request: tokens that the chat format adds around each message and around the whole request.
        error: stated error as a share; the true count is at most `count * (1 + error)`. 0 means exact.
        sticky: characters that may join a token with the blank line before them, besides white space. Texts that end in
            a blank line and are followed by anything else count the same alone as in a row, so that a long prompt can
            be counted exactly from counts of its parts. None if this tokenizer makes no such promise.
        count_attachment: tokens of an image or a file.

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
        """
        inside = sum(self.count_text(m.content) + self.per_message for m in messages)
        inside += sum(self.count_attachment(placed.attachment) for m in messages for placed in m.attachments)
        beside = sum(self.count_text(text) for text in extra if text)
        return ceil((inside + beside + self.per_request) * (1 + self.error))
