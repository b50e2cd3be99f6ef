"""Counting tokens: pure arithmetic over a `count_text` that an adapter brings."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Message(BaseModel):
    """One message of a request, as the provider sees it."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True)
class Counter:
    """How to count one model's tokens.

    Args:
        name: of the tokenizer, for the receipt ("o200k_base", "SmolLM2 (exact)").
        count_text: tokens of one text.
        per_message, per_request: tokens that the chat format adds around each message and around the whole request.
        error: stated error as a share; the true count is at most `count * (1 + error)`. 0 means exact.

    Raises:
        ValueError: if an overhead or the error is negative, or the error is not finite.
    """

    name: str
    count_text: Callable[[str], int]
    per_message: int = 0
    per_request: int = 0
    error: float = 0.0

    def __post_init__(self) -> None:
        if min(self.per_message, self.per_request, self.error) < 0 or not isfinite(self.error):
            raise ValueError(
                f"The counter {self.name!r} would count too little: its overheads are {self.per_message} and "
                f"{self.per_request} tokens and its error is {self.error}. Give finite numbers of 0 or more."
            )

    def count(self, messages: Sequence[Message], schema: str = "") -> int:
        """An upper bound on the request's prompt tokens: messages, schema and overhead, raised by the stated error."""
        inside = sum(self.count_text(m.content) + self.per_message for m in messages)
        extra = self.count_text(schema) if schema else 0
        return ceil((inside + extra + self.per_request) * (1 + self.error))
