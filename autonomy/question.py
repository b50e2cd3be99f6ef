"""What a person is asked, and what they say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from .action import Action
from .canonical import Json, Text
from .digest import digest
from .errors import NaiveTime, NothingToAsk, UnfitValue
from .grant import Grant, GrantScope
from .part import Part, unfit_parts
from .policy import Patience
from .rule import Ruling
from .shown import Line, Name
from .taint import Taint
from .verdict import Verdict

_LONGEST_NAME = 200

_NO_PATIENCE = Patience()

Nobody = Annotated[str, Field(max_length=0)]


def _in_order(numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers)))


class Question(BaseModel):
    """An action that waits for people. Made by `ask`; kept in the run's Log. The same for every channel.

    Args:
        id: never used for another question.
        action, verdict: what is asked, and why it has to be.
        digest: of both and of the parts; an approval must carry the same one.
        asked_at, expires_at: from when until just before when it may be answered. Silence means no.
        preview: what the effect would do, for the screen.
        parts: what may be accepted by itself, numbered from 1; empty for the whole or nothing.
        asked_for: on whose behalf the run acts; "" if nobody knows.
        if_not: what becomes of the run if nobody accepts, in a sentence.
        spent_usd, left_usd: by the run, when this was asked; no `left_usd` without a budget.
        remind_at: when whoever was asked is to be reminded.
        escalate_at, escalate_to: from when on this person may answer as well.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Name
    action: Action
    verdict: Verdict
    digest: str
    asked_at: AwareDatetime
    expires_at: AwareDatetime
    preview: Json = None
    parts: tuple[Part, ...] = ()
    asked_for: Name | Nobody = ""
    if_not: Line = ""
    spent_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    left_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    remind_at: AwareDatetime | None = None
    escalate_at: AwareDatetime | None = None
    escalate_to: Name | Nobody = ""

    @model_validator(mode="after")
    def _can_be_answered(self) -> Self:
        if self.verdict.ruling not in (Ruling.ASK, Ruling.ASK_TWO):
            raise NothingToAsk(
                f"The verdict on this action is {self.verdict.ruling.name.lower()}, which no person's answer changes. "
                "Ask only where the verdict is ask or ask_two."
            )
        if self.expires_at <= self.asked_at:
            raise NothingToAsk("The question expires before it is asked. Give people time to answer.")
        if unfit := unfit_parts(self.action, self.parts):
            raise UnfitValue(unfit)
        if not self.is_intact:
            raise UnfitValue("The question's digest is not that of its action, so one of them was changed. Ask again.")
        return self

    @property
    def why(self) -> str:
        """Why a person is asked at all, in a sentence."""
        return self.verdict.why or next(iter(self.verdict.reasons), "")

    @property
    def people(self) -> int:
        """How many different people have to accept.

        Where the one on whose behalf it is does not count, and nobody knows who that is, one of two is another.
        """
        return max(self.verdict.people, 2 if self.verdict.four_eyes and not self.asked_for else 1)

    @property
    def is_steered(self) -> bool:
        """Whether text from outside may be steering the action. Then it is looked at by itself."""
        return self.verdict.taint is Taint.STEERED

    @property
    def is_intact(self) -> bool:
        """Whether the action is still the one of the digest; a list inside an argument can be changed in place."""
        return self.digest == digest(self.action, self.verdict, self.parts)

    def is_changed_by(self, approval: "Approval") -> bool:
        """Whether what an approval accepts is another action than the one asked about."""
        return bool(approval.edits) or (approval.parts is not None and len(approval.parts) < len(self.parts))

    def is_over(self, now: datetime) -> bool:
        """Whether it was not answered in time. Raises NaiveTime if `now` has no time zone."""
        return zoned(now) >= self.expires_at

    def wants_reminding(self, now: datetime) -> bool:
        """Whether whoever was asked is to be reminded by now, if that has not been done yet."""
        return self.remind_at is not None and self.remind_at <= zoned(now) < self.expires_at

    def is_escalated(self, now: datetime) -> bool:
        """Whether `escalate_to` may answer as well by now."""
        return bool(self.escalate_to) and self.escalate_at is not None and self.escalate_at <= zoned(now)


class Approval(BaseModel):
    """Who said what to which exact action. Also a "no" is one.

    Args:
        question, digest: the question's id and digest, as they were shown to the person.
        by: the person's one stable id, from whoever logged them in.
        at: when they said it.
        answer: "accept"; "reject"; or "stop", which also calls off the run.
        parts: numbers of the question's parts that are accepted, if not all.
        edits: new values for arguments, by name; the person vouches for them. Makes another action, decided on again.
        reason: free words; a rejection's go to the model.
        grant: the person also accepts all that is like it, as far as this reaches; `GrantScope()` is all of its kind in
            this run, until the question expires.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: Name
    digest: str
    by: Name
    at: AwareDatetime
    answer: Literal["accept", "reject", "stop"]
    parts: Annotated[tuple[int, ...], Field(min_length=1), AfterValidator(_in_order)] | None = None
    edits: dict[Name, Json] = Field(default_factory=dict[str, Json])
    reason: Annotated[Text, Field(max_length=10_000)] = ""
    grant: GrantScope | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        more = [self.parts is not None, bool(self.edits), self.grant is not None]
        if self.answer != "accept" and any(more):
            raise UnfitValue(
                "A no carries no edits and no parts, and covers no other question. Accept with these, or reject."
            )
        if sum(more) > 1:
            raise UnfitValue(
                "An acceptance is of some parts, or with edits, or of all that is like it. Say one of these at a time."
            )
        return self

    @property
    def accepts(self) -> bool:
        """Whether it is a yes, to all of it or to some."""
        return self.answer == "accept"


def ask(
    action: Action,
    verdict: Verdict,
    *,
    id: str,
    asked_at: datetime,
    expires_at: datetime,
    preview: Json = None,
    parts: Sequence[Part] = (),
    asked_for: str = "",
    if_not: str = "",
    spent_usd: float = 0.0,
    left_usd: float | None = None,
    patience: Patience = _NO_PATIENCE,
) -> Question:
    """The question to put to people about an action.

    Args:
        action, verdict: what is proposed, and the verdict that says ask or ask two.
        id: never used for another question.
        asked_at, expires_at: aware times.
        preview: what the effect would do, for the screen.
        parts: what may be accepted by itself; see `items_of` and `hunks_of`.
        asked_for: on whose behalf the run acts; "" if nobody knows.
        if_not: what becomes of the run if nobody accepts, in a sentence.
        spent_usd, left_usd: by the run so far.
        patience: when to remind, and when somebody else may answer as well.
    Raises pydantic's ValidationError (a NothingToAsk inside) if no answer could settle it.
    """
    return Question(
        id=id,
        action=action,
        verdict=verdict,
        digest=digest(action, verdict, parts),
        asked_at=asked_at,
        expires_at=expires_at,
        preview=preview,
        parts=tuple(parts),
        asked_for=asked_for,
        if_not=if_not,
        spent_usd=spent_usd,
        left_usd=left_usd,
        remind_at=_after(asked_at, patience.remind_s),
        escalate_at=_after(asked_at, patience.escalate_s),
        escalate_to=patience.escalate_to,
    )


def like_this(
    question: Question, scope: GrantScope, *, by: Sequence[str], roles: Sequence[str] = (), app: str, at: datetime
) -> Grant:
    """The grant that people give who accept an action and all that is like it.

    Args:
        question: what they accepted.
        scope: how far their yes reaches.
        by: who said so, and the `roles` they have among them.
        app: whose run it is.
        at: now, as an aware time.
    Raises BadGrant, perhaps inside pydantic's ValidationError: the action is steered, and each such action is looked at
    by itself; or the scope is over already, or leaves out the action itself.
    """
    return scope.grant(
        question.action,
        taint=question.verdict.taint,
        rules=question.verdict.rules,
        id=f"{question.action.run} {question.id} and alike"[-_LONGEST_NAME:].strip(),
        by=by,
        roles=roles,
        app=app,
        given_at=zoned(at),
        expires_at=question.expires_at,
    )


def together(questions: Sequence[Question]) -> list[tuple[Question, ...]]:
    """Questions that can be looked at on one screen: of one run, tool, kind of control and demand for people.

    Each keeps its own digest and gets its own Approval. What is steered stands alone. In the order they came in.
    """
    groups = dict[object, list[Question]]()
    for question in questions:
        action, ruled = question.action, question.verdict
        kind = (action.run, action.tool, control_names(action), ruled.ruling, ruled.rules, question.people, ruled.roles)
        groups.setdefault(question.id if question.is_steered else kind, []).append(question)
    return [tuple(group) for group in groups.values()]


def control_names(action: Action) -> tuple[str, ...]:
    """Names of the arguments that say who, where or how much, sorted."""
    return tuple(sorted(argument.name for argument in action.arguments if argument.control))


def zoned(time: datetime) -> datetime:
    """The same time. Raises NaiveTime if it has no time zone."""
    if time.utcoffset() is None:
        raise NaiveTime(f"The time {time} has no time zone. Pass datetime.now(timezone.utc) or another aware time.")
    return time


def _after(time: datetime, wait_s: float | None) -> datetime | None:
    return None if wait_s is None else time + timedelta(seconds=wait_s)
