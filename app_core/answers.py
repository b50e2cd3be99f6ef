"""Questions put to people, and what their answers, or their silence, lead to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import ValidationError

from rheostat.autonomy import (
    Action,
    Again,
    Approval,
    AutonomyError,
    Grant,
    Granted,
    GrantScope,
    Open,
    Question,
    Refused,
    Ruling,
    Standing,
    answer,
    like_this,
    misfit,
    plain,
    roles_of,
    with_parts,
)

from .act import unfit_edit
from .around import dial_of
from .asking import clock, pose
from .decisions import Answered, GrantGiven, Ruled, Withdrawn
from .declare import Tool
from .effects import perform
from .events import Event, NodeDeclined
from .failing import FAILURES, fail
from .hold import Hold
from .rulings import rule, rules_for
from .run_errors import UnfitAnswer
from .weigh import weighed


def record(hold: Hold, *approvals: Approval) -> None:
    """Takes what people said into the Log and does what follows.

    Raises:
        UnfitAnswer: one does not fit its question; nothing was recorded.
    """
    asked = [_fitting(hold, approval) for approval in approvals]
    for question, approval in zip(asked, approvals, strict=True):
        if not is_open(hold, question.id):
            continue  # an answer before this one has settled it
        if approval.answer == "stop":
            hold.call_off(f"called off by {plain(approval.by)}{': ' if approval.reason else ''}{approval.reason}")
        hold.emit(Answered(approval=approval))
        settle(hold, question)


def _fitting(hold: Hold, approval: Approval) -> Question:
    """The open question that an approval fits."""
    question = hold.view.questions.get(approval.question)
    if question is None:
        raise UnfitAnswer(f"There is no question {approval.question!r} in this run.", "Load the open questions again.")
    if not is_open(hold, question.id):
        raise UnfitAnswer(f"The question {question.id!r} is settled already.", "Load the open questions again.")
    problem = misfit(question, approval, now=clock(hold), used=hold.view.granted, team=hold.view.policy.people)
    if problem := problem or _unfit_change(hold, question, approval) or _unfit_grant(hold, question, approval):
        raise UnfitAnswer("The answer was not taken.", problem)
    return question


def _unfit_change(hold: Hold, question: Question, approval: Approval) -> str:
    """Why the values that are accepted are not what the tool takes."""
    tool = hold.cast[hold.state.nodes[hold.view.asked_by[question.id]].node.calls]
    assert isinstance(tool, Tool)
    values = dict(approval.edits)
    if approval.parts is not None:
        names = {part.argument for part in question.parts}
        action = with_parts(question.action, question.parts, approval.parts)
        values |= {argument.name: argument.value for argument in action.arguments if argument.name in names}
    return unfit_edit(tool, values)


def _unfit_grant(hold: Hold, question: Question, approval: Approval) -> str:
    """Why an acceptance can't reach as far as the person wants."""
    if approval.grant is None:
        return ""
    if question.is_steered:
        return "Outside text may be steering this one, so no other is accepted along with it."
    try:
        _granted(hold, question, approval.grant, [approval.by])
    except (AutonomyError, ValidationError) as error:
        return str(error.errors()[0]["msg"] if isinstance(error, ValidationError) else error)
    return ""


def is_open(hold: Hold, question: str) -> bool:
    """Whether a question, by its id, still waits."""
    return any(waiting.id == question for waiting in hold.view.open_questions())


def expire(hold: Hold) -> None:
    """Takes silence for a no where a question's time is up."""
    now = clock(hold)
    for question in hold.view.open_questions():
        if question.is_over(now):
            settle(hold, question)


def reconsider(hold: Hold) -> None:
    """Decides again on all that waits, since the dial was moved, a grant was given or revoked, or the policy changed.

    What may go through now does; what may not run at all any more is declined. The rest goes on waiting.
    """
    for question in hold.view.open_questions():
        node = hold.view.asked_by[question.id]
        ruled = rule(hold, question.action, *rules_for(hold, question))
        if ruled.ruling is Ruling.DENY:
            hold.emit(
                Ruled(node=node, action=question.action, verdict=ruled),
                NodeDeclined(node=node, reason=" ".join(ruled.reasons), by=ruled.decided_by),
            )
        elif ruled.ruling < Ruling.ASK:
            withdrawn = Withdrawn(node=node, question=question.id, reason=f"{ruled.decided_by} lets it go.")
            before = (withdrawn, Ruled(node=node, action=question.action, verdict=ruled))
            hold.spawn(_do(hold, question.id, question.action, before))


def settle(hold: Hold, question: Question) -> None:
    """Does what the answers to a question, or its expiry, lead to."""
    node = hold.view.asked_by[question.id]
    given = hold.view.approvals.get(question.id, [])
    # What was accepted in time stays accepted, however long the process was away before it could act on it.
    standing = _standing(hold, question, given, max((a.at for a in given), default=clock(hold)))
    if isinstance(standing, Open):
        standing = _standing(hold, question, given, clock(hold))
    match standing:
        case Granted():
            hold.spawn(_do(hold, question.id, standing.action))
            _give(hold, question, [approval for approval in given if approval.by in standing.by])
        case Refused():
            hold.emit(NodeDeclined(node=node, reason=standing.reason, by=standing.by))
        case Again():
            same = standing.action.arguments == question.action.arguments
            pose(hold, standing.action, standing.verdict, question.preview, question.parts if same else ())
        case Open():
            return


def _standing(hold: Hold, question: Question, given: Sequence[Approval], now: datetime) -> Standing:
    node = hold.view.asked_by[question.id]
    tool, arguments = hold.cast[hold.state.nodes[node].node.calls], hold.state.arguments(node)
    assert isinstance(tool, Tool)
    return answer(
        question,
        given,
        now=now,
        used=hold.view.granted,
        level=dial_of(hold).for_action(question.action),
        approvers=hold.view.approvers,
        rules=(*hold.view.policy.rules, *rules_for(hold, question)),
        team=hold.view.policy.people,
        weigh=lambda action: weighed(tool, action, arguments),
    )


def _give(hold: Hold, question: Question, given: Sequence[Approval]) -> None:
    """Takes people at their word who accepted all that is like this."""
    scopes = list[GrantScope]()
    for approval in given:
        if approval.grant is not None and approval.grant not in scopes:
            scopes.append(approval.grant)
    for number, scope in enumerate(scopes):
        people = [approval.by for approval in given if approval.grant == scope]
        grant = _granted(hold, question, scope, people, number)
        if not grant.run:
            hold.grants.give(grant)
        hold.emit(GrantGiven(grant=grant, question=question.id))
    if scopes:
        reconsider(hold)


def _granted(hold: Hold, question: Question, scope: GrantScope, by: Sequence[str], number: int = 0) -> Grant:
    roles = roles_of(by, hold.view.policy.people)
    grant = like_this(question, scope, by=by, roles=roles, app=hold.view.terms.app, at=clock(hold))
    return grant.model_copy(update={"id": f"{grant.id}, {number + 1}"}) if number else grant


async def _do(hold: Hold, question: str, action: Action, before: Sequence[Event] = ()) -> None:
    """Does what a question was about, unless that has begun already: the second of two reasons finds nothing to do."""
    if not is_open(hold, question):
        return
    node = hold.view.asked_by[question]
    tool = hold.cast[hold.state.nodes[node].node.calls]
    assert isinstance(tool, Tool)
    try:
        await perform(hold, tool, action, hold.state.arguments(node), "" if before else question, before)
    except FAILURES as error:
        fail(hold, node, error)
