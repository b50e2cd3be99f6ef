"""Questions put to people, and what their answers, or their silence, lead to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from rheostat.autonomy import (
    Action,
    Again,
    Approval,
    Granted,
    Open,
    Question,
    Refused,
    Ruling,
    Standing,
    Taint,
    answer,
    like_this,
    misfit,
)

from .act import unfit_edit
from .asking import pose
from .decisions import Answered, GrantGiven, Ruled, Withdrawn
from .declare import Tool
from .effects import perform
from .events import Event, NodeDeclined
from .failing import FAILURES, fail
from .hold import Hold
from .rulings import rule, rules_for
from .run_errors import UnfitAnswer


def record(hold: Hold, approval: Approval) -> None:
    """Takes what a person said into the Log and does what follows.

    Raises:
        UnfitAnswer: it does not fit the question; nothing was recorded.
    """
    question = hold.view.questions.get(approval.question)
    if question is None:
        raise UnfitAnswer(f"There is no question {approval.question!r} in this run.", "Load the open questions again.")
    tool = hold.cast[hold.state.nodes[hold.view.asked_by[question.id]].node.calls]
    assert isinstance(tool, Tool)
    problem = misfit(question, approval, now=datetime.now(UTC), used=hold.view.granted)
    problem = problem or unfit_edit(tool, approval.edits)
    if approval.like_this and question.verdict.taint is Taint.STEERED:
        problem = problem or "Outside text may be steering this one, so no other is accepted along with it."
    if problem and approval.answer == "accept":
        raise UnfitAnswer("The answer was not taken.", problem)
    hold.emit(Answered(approval=approval))
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
    standing = _standing(hold, question, given, max((a.at for a in given), default=datetime.now(UTC)))
    if isinstance(standing, Open):
        standing = _standing(hold, question, given, datetime.now(UTC))
    match standing:
        case Granted():
            hold.spawn(_do(hold, question.id, standing.action))
            _give(hold, question, given)
        case Refused():
            hold.emit(NodeDeclined(node=node, reason=standing.reason, by=standing.by))
        case Again():
            pose(hold, standing.action, standing.verdict, question.preview)
        case Open():
            return


def _standing(hold: Hold, question: Question, given: Sequence[Approval], now: datetime) -> Standing:
    return answer(
        question,
        given,
        now=now,
        used=hold.view.granted,
        level=hold.view.dial.for_action(question.action),
        approvers=hold.view.terms.approvers,
        rules=rules_for(hold, question),
    )


def _give(hold: Hold, question: Question, given: Sequence[Approval]) -> None:
    """Takes people at their word who accepted all of this kind."""
    people = tuple(dict.fromkeys(approval.by for approval in given if approval.like_this))
    if people:
        now = datetime.now(UTC)
        hold.emit(
            GrantGiven(grant=like_this(question, by=people, app=hold.view.terms.app, at=now), question=question.id)
        )
        reconsider(hold)


async def _do(hold: Hold, question: str, action: Action, before: Sequence[Event] = ()) -> None:
    """Does what a question was about, unless that has begun already: the second of two reasons finds nothing to do."""
    if all(waiting.id != question for waiting in hold.view.open_questions()):
        return
    node = hold.view.asked_by[question]
    tool = hold.cast[hold.state.nodes[node].node.calls]
    assert isinstance(tool, Tool)
    try:
        await perform(hold, tool, action, hold.state.arguments(node), "" if before else question, before)
    except FAILURES as error:
        fail(hold, node, error)
