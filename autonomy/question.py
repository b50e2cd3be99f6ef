"""What a person is asked, and what they say."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from .action import Action
from .canonical import Json, Text
from .digest import digest
from .errors import NaiveTime, NothingToAsk, UnfitValue
from .grant import Grant
from .rule import Ruling
from .shown import Name
from .verdict import Verdict


class Question(BaseModel):
    """An action that waits for one or two people. Made by `ask`; kept in the run's Log.

    Args:
        id: never used for another question.
        action, verdict: what is asked, and why it has to be.
        digest: of both; an approval must carry the same one.
        asked_at, expires_at: from when until just before when it may be answered. Silence means no.
        preview: what the effect would do, for the screen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    action: Action
    verdict: Verdict
    digest: str
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    preview: Json = None

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if self.verdict.ruling not in (Ruling.ASK, Ruling.ASK_TWO):
            raise NothingToAsk(
                f"The verdict on this action is {self.verdict.ruling.name.lower()}, which no person's answer changes. "
                "Ask only where the verdict is ask or ask_two."
            )
        if self.expires_at <= self.asked_at:
            raise NothingToAsk("The question expires before it is asked. Give people time to answer.")
        if not self.is_intact:
            raise UnfitValue("The question's digest is not that of its action, so one of them was changed. Ask again.")
        return self

    @property
    def people(self) -> int:
        """How many different people have to accept."""
        return self.verdict.people

    @property
    def is_intact(self) -> bool:
        """Whether the action is still the one of the digest; a list inside an argument can be changed in place."""
        return self.digest == digest(self.action, self.verdict)


class Approval(BaseModel):
    """Who said what to which exact action. Also a "no" is one.

    Args:
        question, digest: the question's id and digest, as they were shown to the person.
        by: the person's one stable id, from whoever logged them in.
        at: when they said it.
        answer: "accept" or "reject".
        edits: new values for arguments, by name; the person vouches for them. Makes another action, decided on again.
        reason: free words; a rejection's go to the model.
        like_this: the person also accepts all of this kind in this run, until the question expires; see `like_this`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Name
    digest: str
    by: Name
    at: AwareDatetime
    answer: Literal["accept", "reject"]
    edits: dict[Name, Json] = Field(default_factory=dict[str, Json])
    reason: Annotated[Text, Field(max_length=10_000)] = ""
    like_this: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.answer == "reject" and (self.edits or self.like_this):
            raise UnfitValue("A rejection carries no edits and covers no other question. Accept with edits, or reject.")
        if self.edits and self.like_this:
            raise UnfitValue("An edit fits one action only. Accept it with the edit, or accept all like it unchanged.")
        return self


def ask(
    action: Action, verdict: Verdict, *, id: str, asked_at: datetime, expires_at: datetime, preview: Json = None
) -> Question:
    """The question to put to a person about an action.

    Args:
        action, verdict: what is proposed, and the verdict that says ask or ask two.
        id: never used for another question.
        asked_at, expires_at: aware times.
        preview: what the effect would do, for the screen.
    Raises pydantic's ValidationError (a NothingToAsk inside) if no answer could settle it.
    """
    return Question(
        id=id,
        action=action,
        verdict=verdict,
        digest=digest(action, verdict),
        asked_at=asked_at,
        expires_at=expires_at,
        preview=preview,
    )


def like_this(question: Question, *, by: Sequence[str], app: str, at: datetime) -> Grant:
    """The grant that people give who accept an action and all of its kind: this tool, in this run, until it expires.

    Args:
        question: what they accepted.
        by: who said so.
        app: whose run it is.
        at: now, as an aware time.
    Raises BadGrant if the action is steered: each such action is looked at by itself.
    """
    action = question.action
    return Grant(
        id=f"{question.id} and alike",
        by=tuple(by),
        app=app,
        run=action.run,
        tool=action.tool,
        control=_control_names(question),
        risk=action.risk,
        taint=question.verdict.taint,
        rules=question.verdict.rules,
        given_at=zoned(at),
        expires_at=question.expires_at,
    )


def zoned(time: datetime) -> datetime:
    """The same time. Raises NaiveTime if it has no time zone."""
    if time.utcoffset() is None:
        raise NaiveTime(f"The time {time} has no time zone. Pass datetime.now(timezone.utc) or another aware time.")
    return time


def _control_names(question: Question) -> tuple[str, ...]:
    return tuple(sorted(argument.name for argument in question.action.arguments if argument.control))
