"""How a question stands once people have spoken, or have not."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .action import Action, Argument
from .digest import digest
from .level import Level
from .part import with_parts
from .question import Approval, Question, zoned
from .rule import Rule, Ruling
from .shown import plain, quoted
from .team import NOBODY, Team, different, roles_wanting, why_not
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
    """`needed` more people have to accept, and among them somebody of each of these `roles`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["open"] = "open"
    needed: int
    roles: tuple[str, ...] = ()


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
    team: Team = NOBODY,
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
        team: who may approve, as it is now. The yes of somebody else, or of who has left it since, does not count.
        weigh: what the tool says of the action by its arguments as they are now: its risk, its cost, where its paths
            lead. It can't lower the risk.
    Raises NaiveTime if `now` has no time zone.
    """
    given = [approval for approval in approvals if not why_not(question, approval, team)]
    refused = _over(question, given, zoned(now), used) or _misfitting(question, given, now, used)
    if refused:
        return refused
    if not given:
        return _open(question, [], team)
    approval = next((each for each in given if question.is_changed_by(each)), given[0])
    changed = question.is_changed_by(approval)
    action = _accepted(question, approval, weigh)
    ruled = verdict(level, action, rules=rules, by=question.asked_for, now=now, approvers=approvers)
    if ruled.ruling is Ruling.DENY:
        return Refused(reason=f"It may not run at all ({ruled.decided_by}). {' '.join(ruled.reasons)}")
    people = [approval.by] if changed else different(each.by for each in given)
    enough = len(people) >= question.people and not roles_wanting(question, people, team)
    raised = _raised(question, action, ruled, changed=changed, enough=enough)
    if raised:
        return Again(action=action, verdict=_no_laxer(ruled, question.verdict), reason=raised)
    if not enough:
        return _open(question, people, team)
    return _granted(action, ruled if changed else question.verdict, people)


def misfit(question: Question, approval: Approval, *, now: datetime, used: Collection[str], team: Team = NOBODY) -> str:
    """Why an approval does not fit a question, as a sentence for the person who gave it; empty if it fits.

    To turn a stale or forged approval away at the door: once it is among the approvals, `answer` refuses the action.
    A no fits as long as it is about this question, and from somebody of the team.
    Raises NaiveTime if `now` has no time zone.
    """
    return why_not(question, approval, team) or _misfit(question, approval, zoned(now), used)


def _misfit(question: Question, approval: Approval, now: datetime, used: Collection[str]) -> str:
    if approval.question != question.id:
        return f"This answers the question {quoted(approval.question)}, not {quoted(question.id)}. Answer this one."
    if question.id in used:
        return _USED
    if not approval.accepts:
        return ""
    if not question.is_intact:
        return "The action was changed after it was asked about. Ask again."
    if approval.digest != question.digest:
        return "This approval is for another action than the one that waits. Load the question again and look at it."
    if approval.at < question.asked_at:
        return "This approval is dated before the question was asked: it is old, or a clock was set back. Answer again."
    if approval.at >= question.expires_at or question.is_over(now):
        return "It was not accepted in time, and silence means no."
    if approval.at > now:
        return "This approval is dated in the future. Set the clock right and answer again."
    unknown = sorted(set(approval.edits) - {argument.name for argument in question.action.arguments})
    if unknown:
        return f"The action has no argument {quoted(unknown[0])}. Edit only the arguments it has."
    beyond = sorted(set(approval.parts or ()) - set(range(1, len(question.parts) + 1)))
    if beyond:
        return f"There is no part {beyond[0]}. {_PARTS[bool(question.parts)].format(len(question.parts))}"
    return ""


_PARTS = {True: "Accept some of the parts 1 to {0}.", False: "Accept this as a whole, or reject it."}
_USED = "This question has been granted already, and an approval is used once. Wait to be asked again."


def _over(question: Question, approvals: Sequence[Approval], now: datetime, used: Collection[str]) -> Refused | None:
    if question.id in used:
        return Refused(reason=_USED)
    return _rejected(question, approvals) or _late(question, now)


def _rejected(question: Question, approvals: Sequence[Approval]) -> Refused | None:
    """A "no" needs no proof: it counts late, stale or among acceptances."""
    for given in approvals:
        if not given.accepts and given.question == question.id:
            why = given.reason.strip() or "No reason was given."
            did = "rejected it" if given.answer == "reject" else "called the run off"
            return Refused(reason=f"{plain(given.by)} {did}: {why}", by=given.by)
    return None


def _late(question: Question, now: datetime) -> Refused | None:
    if question.is_over(now):
        return Refused(reason="It was not accepted in time, and silence means no.")
    return None


def _misfitting(
    question: Question, approvals: Sequence[Approval], now: datetime, used: Collection[str]
) -> Refused | None:
    for given in approvals:
        why = _misfit(question, given, now, used)
        if why:
            return Refused(reason=why)
    return None


def _accepted(question: Question, approval: Approval, weigh: Callable[[Action], Action]) -> Action:
    """The action with the person's values, or only the parts they want, in it.

    The summary goes then, since it speaks of the old ones.
    """
    action = question.action
    if question.is_changed_by(approval):
        changed = with_parts(action, question.parts, approval.parts) if approval.parts else action
        arguments = tuple(_with_edit(argument, approval) for argument in changed.arguments)
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


def _raised(question: Question, action: Action, ruled: Verdict, *, changed: bool, enough: bool) -> str:
    """Why the acceptance does not reach this action, though it was given to the question; empty if it does."""
    asked = question.verdict
    if changed and not enough:
        return "One of those who have to accept it changed it. All of them have to accept the same action."
    if action.risk > question.action.risk:
        return "Its risk is now higher than what was accepted."
    if not changed and digest(action, asked, question.parts) != question.digest:
        return "What it costs, or where its paths lead, is no longer what was accepted."
    if ruled.taint > asked.taint:
        return "More untrusted text reaches into it than what was accepted."
    if ruled.ruling > asked.ruling or _wants_more(ruled, asked):
        return f"It now needs more than was asked for ({ruled.decided_by})."
    if not changed and _has_joined(ruled, asked):
        return "A rule that asks about it has joined since."
    return ""


def _wants_more(ruled: Verdict, asked: Verdict) -> bool:
    """Whether more people, or others, have to accept than were asked."""
    if ruled.ruling < Ruling.ASK:
        return False
    more = ruled.people > asked.people or not set(ruled.roles) <= set(asked.roles)
    return more or (ruled.four_eyes and not asked.four_eyes)


def _has_joined(ruled: Verdict, asked: Verdict) -> bool:
    """Whether a rule asks that did not speak when the question was put: nobody has been told its reason."""
    return any(rule.at_least >= Ruling.ASK and rule.name not in asked.rules for rule in ruled.spoke)


def _no_laxer(ruled: Verdict, asked: Verdict) -> Verdict:
    """One person's edit vouches for an argument, but does not send away anybody else who was to be asked."""
    lower = ruled.ruling < asked.ruling
    kept = asked.model_dump(include={"decided_by", "why"}) if lower else {}
    said = (*ruled.reasons, f"Before the change it was ruled {asked.ruling.name.lower()}.") if lower else ruled.reasons
    joined = {
        "ruling": max(ruled.ruling, asked.ruling),
        "people": max(ruled.people, asked.people),
        "roles": tuple(sorted({*ruled.roles, *asked.roles})),
        "four_eyes": ruled.four_eyes or asked.four_eyes,
        "reasons": said,
    }
    return ruled.model_copy(update={**kept, **joined})


def _open(question: Question, people: Sequence[str], team: Team) -> Open:
    roles = roles_wanting(question, people, team)
    return Open(needed=max(question.people - len(people), 1 if roles else 0), roles=tuple(roles))


def _granted(action: Action, ruled: Verdict, people: Sequence[str]) -> Granted:
    return Granted(action=action, verdict=ruled, digest=digest(action, ruled), by=tuple(people))
