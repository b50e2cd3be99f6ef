"""The unit of context: a piece of text that knows where it came from, how much it is needed and how far to trust it."""

from enum import IntEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Trust(IntEnum):
    """How far the author of a text is trusted. A larger number is less trusted, so that joining labels is `max`."""

    USER = 0
    """Said by the person the run works for."""
    TRUSTED = 1
    """The builder's or the organisation's own data: a playbook, a policy, a code base under review by its owner."""
    UNTRUSTED = 2
    """From outside: a counterparty's contract, a web page, a mail. It may try to steer the model."""


class Need(IntEnum):
    """How much a snippet is needed. Three named bands, because a number on every line is an anti-pattern."""

    MUST = 0
    SHOULD = 1
    COULD = 2


def _encodable(name: str) -> str:
    return name.encode(errors="replace").decode()


# A file's name may hold bytes that are no text; Python keeps them as lone surrogates, which no log could store.
_Name = Annotated[str, AfterValidator(_encodable)]


class Origin(BaseModel):
    """Where a text stands: `source` from character `start` up to, not including, `end`.

    `place` is what a person would say ("4.2 Term", "row 3 of table 1"); `page` and `line` count from 1 where known.
    """

    model_config = ConfigDict(frozen=True)

    source: _Name
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    place: _Name = ""
    page: int | None = None
    line: int | None = None


class Snippet(BaseModel):
    """A text offered to the model.

    Args:
        text: the full form.
        origin: where the text stands; None for text that the program itself wrote.
        need: must, should or could be in the prompt.
        score: worth within its band, larger first; any finite number of zero or more.
        trust: who wrote it; it follows the text into the Pack.
        shorter: other forms of the same text, longest first; used when the full one does not fit.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    origin: Origin | None = None
    need: Need = Need.COULD
    score: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    trust: Trust = Trust.UNTRUSTED
    shorter: tuple[str, ...] = ()
