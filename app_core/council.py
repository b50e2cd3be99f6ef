"""What the members of a council and its chair are told. They see one another's answers, but not whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter

from rheostat.context import Need, Snippet, Trust

from .prompt import Part

_RANK = (
    "{count} answers to this task have been given; they are shown above as Answer 1 to Answer {count}. Don't answer "
    "the task yourself. Judge how correct, complete and useful each of them is, and give their numbers, best first."
)
_CHAIR = (
    "{count} answers to this task have been given independently of one another; they are shown above, the one that "
    "their authors' peers found best first. Any of them may be wrong. Take what is right in them, and answer the task."
)


class Ranking(BaseModel):
    """Numbers of answers. Those that are named twice, or not at all, do no harm: see `pursue`."""

    best_first: list[Annotated[int, Field(ge=1, le=9)]] = Field(min_length=1, max_length=9)

    @property
    def places(self) -> tuple[int, ...]:
        """The places in the list that was shown."""
        return tuple(number - 1 for number in self.best_first)


RANKING: TypeAdapter[Any] = TypeAdapter(Ranking)


def ranking(answers: Sequence[str], trust: Trust) -> Part:
    """A member is to rank answers.

    Args:
        answers: in the order in which it sees them.
        trust: the least of what went into them.
    """
    return Part(RANKING, _RANK.format(count=len(answers)), _shown(answers, trust))


def chairing(codec: TypeAdapter[Any], answers: Sequence[str], trust: Trust) -> Part:
    """The chair is to answer, with the members' answers at hand. Arguments as for `ranking`; `codec` of the answer."""
    more = _CHAIR.format(count=len(answers)) if len(answers) > 1 else ""
    return Part(codec, more, _shown(answers, trust))


def _shown(answers: Sequence[str], trust: Trust) -> tuple[Snippet, ...]:
    return tuple(
        Snippet(text=f"Answer {number}:\n{text}", need=Need.MUST, trust=max(trust, Trust.TRUSTED))
        for number, text in enumerate(answers, 1)
    )
