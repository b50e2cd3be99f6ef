"""How a question stands once people have spoken, or have not."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .action import Action, Argument, Risk
from .digest import digest
from .level import Level
from .question import Approval, Question, zoned
from .rule import Rule, Ruling
from .shown import plain, quoted
from .verdict import Verdict, verdict


class Granted(BaseModel):
    """This exact action may run, once. `by` are the people who accepted it; `digest` is its own, edits included."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["granted"] = "granted"
    action: Action
    verdict: Verdict
    digest: str
    by: tuple[str, ...]


class Refused(BaseModel):
    """The action never runs. `reason` is a sentence for the model; `by` is the person who said no, if a person did."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["refused"] = "refused"
    reason: str
    by: str = ""


class Open(BaseModel):
    """`needed` more people have to accept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["open"] = "open"
    needed: int


class Again(BaseModel):
    """The question is closed; this action, with this verdict, has to be asked anew, for the `reason` given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["again"] = "again"
    action: Action
    verdict: Verdict
    reason: str


Standing = Granted | Refused | Open | Again


def _as_proposed(action: Action) -> Action:
    return action


def answer(
    question: Question,
    approvals: Sequence[Approval],
    *,
    now: datetime,
    used: Collection[str],
    level: Level,
    rules: Sequence[Rule] = (),
    approvers: int = 1,
    weigh: Callable[[Action], Action] = _as_proposed,
) -> Standing:
    """How the question stands. Anything that does not fit refuses: a run loses time by that, never safety.

    Args:
        question: as it was asked.
        approvals: all that were given to it. One rejection is enough to refuse.
        now: an aware time.
        used: ids of the questions that were granted before; each is granted once.
        level, rules, approvers: as they are now, for `verdict`, which rules again. A dial turned up or a rule dropped
            in the meantime answers nothing; one turned down or added may refuse, or make it be asked again.
        weigh: what the tool says of the action by its arguments as they are now: its risk, its cost, where its paths
            lead. It can't lower the risk.
    Raises NaiveTime if `now` has no time zone.
    """
    refused = _over(question, approvals, zoned(now), used) or _misfitting(question, approvals, now, used)
    if refused:
        return refused
    if not approvals:
        return Open(needed=question.people)
    approval = next((given for given in approvals if given.edits), approvals[0])
    action = _edited(question.action, approval, weigh)
    ruled = verdict(level, action, rules=rules, approvers=approvers)
    if ruled.ruling is Ruling.DENY:
        return Refused(reason=f"It may not run at all ({ruled.decided_by}). {' '.join(ruled.reasons)}")
    raised = _raised(question, action, ruled, edited=bool(approval.edits))
    if raised:
        return Again(action=action, verdict=_no_laxer(ruled, question.verdict), reason=raised)
    if approval.edits:
        return _granted(action, ruled, [approval.by])
    people = _different_people(approvals)
    if len(people) < question.people:
        return Open(needed=question.people - len(people))
    return _granted(action, question.verdict, people)


def misfit(question: Question, approval: Approval, *, now: datetime, used: Collection[str]) -> str:
    """Why an approval does not fit a question, as a sentence for the person who gave it; empty if it fits.

    To turn a stale or forged approval away at the door: once it is among the approvals, `answer` refuses the action.
    Raises NaiveTime if `now` has no time zone.
    """
    if approval.question != question.id:
        return f"This answers the question {quoted(approval.question)}, not {quoted(question.id)}. Answer this one."
    if question.id in used:
        return _USED
    if not question.is_intact:
        return "The action was changed after it was asked about. Ask again."
    if approval.digest != question.digest:
        return "This approval is for another action than the one that waits. Load the question again and look at it."
    if approval.at < question.asked_at:
        return "This approval is dated before the question was asked: it is old, or a clock was set back. Answer again."
    if approval.at > zoned(now):
        return "This approval is dated in the future. Set the clock right and answer again."
    unknown = sorted(set(approval.edits) - {argument.name for argument in question.action.arguments})
    if unknown:
        return f"The action has no argument {quoted(unknown[0])}. Edit only the arguments it has."
    return ""


_USED = "This question has been granted already, and an approval is used once. Wait to be asked again."


def _over(question: Question, approvals: Sequence[Approval], now: datetime, used: Collection[str]) -> Refused | None:
    if question.id in used:
        return Refused(reason=_USED)
    return _rejected(question, approvals) or _late(question, now)


def _rejected(question: Question, approvals: Sequence[Approval]) -> Refused | None:
    """A "no" needs no proof: it counts late, stale or among acceptances."""
    for given in approvals:
        if given.answer == "reject" and given.question == question.id:
            why = given.reason.strip() or "No reason was given."
            return Refused(reason=f"{plain(given.by)} rejected it: {why}", by=given.by)
    return None


def _late(question: Question, now: datetime) -> Refused | None:
    if now >= question.expires_at:
        return Refused(reason="It was not accepted in time, and silence means no.")
    return None


def _misfitting(
    question: Question, approvals: Sequence[Approval], now: datetime, used: Collection[str]
) -> Refused | None:
    for given in approvals:
        why = misfit(question, given, now=now, used=used)
        if why:
            return Refused(reason=why)
    return None


def _edited(action: Action, approval: Approval, weigh: Callable[[Action], Action]) -> Action:
    """The action with the person's values in it; the summary goes, since it speaks of the old ones."""
    if approval.edits:
        arguments = tuple(_with_edit(argument, approval) for argument in action.arguments)
        action = action.model_copy(update={"arguments": arguments, "summary": ""})
    weighed = weigh(action)
    return weighed.model_copy(update={"risk": max(action.risk, weighed.risk)})


def _with_edit(argument: Argument, approval: Approval) -> Argument:
    if argument.name not in approval.edits:
        return argument
    return Argument(
        name=argument.name,
        value=approval.edits[argument.name],
        control=argument.control,
        untrusted=argument.untrusted,
        vouched_by=approval.by,
        secret=argument.secret,
    )


def _raised(question: Question, action: Action, ruled: Verdict, *, edited: bool) -> str:
    """Why the acceptance does not reach this action, though it was given to the question; empty if it does."""
    if edited and question.people > 1:
        return "One of two people edited it. Both have to accept the same action."
    if action.risk > question.action.risk:
        return "Its risk is now higher than what was accepted."
    if not edited and digest(action, question.verdict) != question.digest:
        return "What it costs, or where its paths lead, is no longer what was accepted."
    if ruled.taint > question.verdict.taint:
        return "More untrusted text reaches into it than what was accepted."
    if ruled.ruling > question.verdict.ruling:
        return f"It now needs more than was asked for ({ruled.decided_by})."
    return ""


def _no_laxer(ruled: Verdict, asked: Verdict) -> Verdict:
    """One person's edit vouches for an argument, but does not send the second person away."""
    if ruled.ruling >= asked.ruling:
        return ruled
    reasons = (*ruled.reasons, f"Before the edit it was ruled {asked.ruling.name.lower()}.")
    kept = asked.model_dump(include={"ruling", "decided_by", "people", "roles", "four_eyes"})
    return ruled.model_copy(update={**kept, "reasons": reasons})


def _different_people(approvals: Sequence[Approval]) -> list[str]:
    """In whatever case an id was typed, it is one person."""
    return list({given.by.casefold(): given.by for given in approvals}.values())


def _granted(action: Action, ruled: Verdict, people: Sequence[str]) -> Granted:
    return Granted(action=action, verdict=ruled, digest=digest(action, ruled), by=tuple(people))
