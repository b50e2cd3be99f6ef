"""The unit of context: a piece of text that knows where it came from, how much it is needed and how far to trust it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from .attachment import Attachment


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


Name = Annotated[str, AfterValidator(_encodable)]
"""A file's name may hold bytes that are no text; Python keeps them as lone surrogates, which no log could store."""


class Origin(BaseModel):
    """Where a text stands: `source` from character `start` up to, not including, `end`.

    `place` is what a person would say ("4.2 Term", "row 3 of table 1"); `page` and `line` count from 1 where known.
    """

    model_config = ConfigDict(frozen=True)

    source: Name
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    place: Name = ""
    page: int | None = None
    line: int | None = None


@dataclass(frozen=True)
class Form:
    """A shorter form of a snippet, shown where the full one does not fit.

    Args:
        text: the form itself, or a function that makes it of the full text. The function is called only if not
            everything fits whole; where it raises, or gives no text or one that is no shorter, the snippet does
            without it.
        name: what it is, for the receipt: "shortened", "outline", "title".
        worth: share of the full form's worth, above 0 and at most 1; None for half of the next longer form's.

    Raises:
        ValueError: if the worth is no such share.
    """

    text: str | Callable[[str], str]
    name: str = "shortened"
    worth: float | None = None

    def __post_init__(self) -> None:
        if self.worth is not None and not 0 < self.worth <= 1:
            raise ValueError(
                f"The form {self.name!r} can't be worth {self.worth:g} of the whole. Give a share above 0, at most 1."
            )


class Snippet(BaseModel):
    """A text offered to the model.

    Args:
        text: the full form.
        origin: where the text stands; None for text that the program itself wrote.
        also: further places where the same text stands, or from which it was made.
        need: must, should or could be in the prompt.
        score: worth within its band, larger first; any finite number of zero or more.
        trust: who wrote it; it follows the text into the Pack.
        shorter: other forms of the same text, longest first.
        group: snippets of one group are kept together or left out together: a tool call and its result.
        needs: groups that must be in wherever this one is: the definition that a clause uses.
        section: name of the Section it belongs to; "" for what varies from call to call.
        role: who says it in the conversation. What the program gathers is said by the user.
        version_of: what the text is a state of ("src/app.py"). Of several states in sections that keep the best, and in
            each stable one, only the one given last is shown; a less trusted one supersedes none. A conversation stays
            as it was said.
        attachment: an image or a file that is sent with the text; a shorter form is sent without it.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    origin: Origin | None = None
    also: tuple[Origin, ...] = ()
    need: Need = Need.COULD
    score: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    trust: Trust = Trust.UNTRUSTED
    shorter: tuple[Form, ...] = ()
    group: str = ""
    needs: tuple[str, ...] = ()
    section: str = ""
    role: Literal["user", "assistant"] = "user"
    version_of: str = ""
    attachment: Attachment | None = None


def derived(text: str, sources: Sequence[Snippet]) -> Snippet:
    """A snippet made of others: a summary, an extract, a memory. It is no more trusted than the least trusted of them.

    Args:
        text: what was made of them.
        sources: all that went into it; at least one.

    Returns:
        A Snippet whose `also` holds every place that the sources come from. Set need, score and section with
        `model_copy`, which leaves the trust alone.

    Raises:
        ValueError: without sources, since nobody could say how far to trust it.
    """
    if not sources:
        raise ValueError("A text derived from nothing has no trust to inherit. Pass the snippets it was made of.")
    places = (place for source in sources for place in (source.origin, *source.also) if place)
    return Snippet(text=text, also=tuple(dict.fromkeys(places)), trust=max(source.trust for source in sources))
