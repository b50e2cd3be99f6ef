"""A tool node's way from proposal to effect: verdict, question, answer, and the deed, journaled before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from rheostat.autonomy import (
    Action,
    Again,
    Approval,
    AutonomyError,
    Granted,
    Open,
    Question,
    Refused,
    Rule,
    Ruling,
    Standing,
    Verdict,
    answer,
    ask,
    likewise,
    misfit,
    verdict,
)
from rheostat.context import ContextError
from rheostat.dag import DagError, Labeled

from .act import calling, key_of, previewed, unfit_edit
from .act import propose as proposed
from .declare import Tool
from .errors import RheostatError
from .events import Answered, Asked, EffectStarted, NodeDeclined, NodeFailed, Ruled
from .functions import do_effect
from .hold import Hold
from .label import join
from .replay import finished
from .run_errors import TookTooLong, UnfitAnswer

AnyTool = Tool[Any, ..., Any]

UNKNOWN = Rule(
    name="unknown outcome",
    tool="*",
    at_least=Ruling.ASK,
    why="The process stopped while doing this, so it may have happened already. Look first; accept to do it.",
)
"""Asked about an effect that may have happened: it is never done again automatically."""

NO_END = Rule(
    name="no end in time",
    tool="*",
    at_least=Ruling.ASK,
    why="This was begun and had not ended in the time that it is given, so it may have happened, or happen yet. "
    "Look first; accept to do it once more.",
)
"""Asked about an effect that was given up while it went on."""


async def propose(hold: Hold, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """Rules on a tool node's action, and does it, asks about it or declines it accordingly."""
    # A workflow that somebody else wrote has a label of its own, and declares no effect.
    declared = hold.state.nodes[node].scope.graph.label is None
    action = proposed(tool, arguments, node=node, run=hold.view.run, declared=declared)
    ruling = _rule(hold, action, *tool.rules)
    if ruling.ruling is Ruling.DENY:
        hold.emit(
            Ruled(node=node, action=action, verdict=ruling),
            NodeDeclined(node=node, reason=" ".join(ruling.reasons), by=ruling.decided_by),
        )
    elif ruling.ruling >= Ruling.ASK:
        # The preview may refuse the action (its target is gone): better now than after a person has decided.
        preview = await hold.run_function(previewed, {"tool": tool, "arguments": arguments})
        _ask(hold, action, ruling, preview)
    else:
        hold.emit(Ruled(node=node, action=action, verdict=ruling))
        await perform(hold, tool, action, arguments)


async def perform(
    hold: Hold, tool: AnyTool, action: Action, arguments: Mapping[str, Labeled], question: str = ""
) -> None:
    """Does an action that may be done, under its idempotency key."""
    key = key_of(action.run, action.node)
    called = calling(tool, action, arguments, key)
    hold.emit(EffectStarted(node=action.node, key=key, action=action, question=question))
    try:
        result = await do_effect(tool.function, called, tool.timeout_s)
    except TookTooLong:
        return _ask(hold, action, _rule(hold, action, NO_END, *tool.rules), None)
    hold.emit(finished(tool, action.node, result, join(value.label for value in arguments.values())))


async def after_stop(hold: Hold, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """An effect whose end is not in the Log: done again only if the tool honours its key, else asked about."""
    action = hold.view.nodes[node].action
    assert action is not None
    if tool.honours_key:
        await perform(hold, tool, action, arguments)
    else:
        _ask(hold, action, _rule(hold, action, UNKNOWN, *tool.rules), None)


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
    if problem and approval.answer == "accept":
        raise UnfitAnswer("The answer was not taken.", problem)
    hold.emit(Answered(approval=approval))
    settle(hold, question)
    for other in hold.view.open_questions():
        _follow(hold, other)


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
            hold.spawn(_do(hold, node, standing.action, question.id))
        case Refused():
            hold.emit(NodeDeclined(node=node, reason=standing.reason, by=standing.by))
        case Again():
            _ask(hold, standing.action, standing.verdict, question.preview)
        case Open():
            return


def _standing(hold: Hold, question: Question, given: Sequence[Approval], now: datetime) -> Standing:
    return answer(
        question,
        given,
        now=now,
        used=hold.view.granted,
        level=hold.view.level,
        approvers=hold.view.terms.approvers,
        rules=_rules(hold, question),
    )


async def _do(hold: Hold, node: str, action: Action, question: str) -> None:
    tool = hold.cast[hold.state.nodes[node].node.calls]
    assert isinstance(tool, Tool)
    try:
        await perform(hold, tool, action, hold.state.arguments(node), question)
    except FAILURES as error:
        fail(hold, node, error)


def _ask(hold: Hold, action: Action, ruling: Verdict, preview: Any) -> None:
    now = datetime.now(UTC)
    number = sum(node == action.node for node in hold.view.asked_by.values()) + 1
    question = ask(
        action,
        ruling,
        id=f"{action.node}?{number}",
        asked_at=now,
        expires_at=now + timedelta(seconds=hold.view.terms.expires_s),
        preview=preview,
    )
    hold.emit(Asked(node=action.node, question=question))
    if not _follow(hold, question):
        hold.asks(question)


def _follow(hold: Hold, question: Question) -> bool:
    """Answers a question by an "accept all like this" said to an earlier one, if one covers it."""
    for asked in hold.view.questions.values():
        for approval in hold.view.approvals.get(asked.id, []):
            meant = likewise(asked, approval, question, at=datetime.now(UTC))
            if meant is not None:
                hold.emit(Answered(approval=meant))
                settle(hold, question)
                return True
    return False


def _rule(hold: Hold, action: Action, *rules: Rule) -> Verdict:
    return verdict(hold.view.level, action, rules=rules, approvers=hold.view.terms.approvers)


def _rules(hold: Hold, question: Question) -> tuple[Rule, ...]:
    tool = hold.cast[hold.state.nodes[hold.view.asked_by[question.id]].node.calls]
    own = tool.rules if isinstance(tool, Tool) else ()
    return (*(rule for rule in (UNKNOWN, NO_END) if rule.name in question.verdict.rules), *own)


FAILURES = (RheostatError, ContextError, DagError, AutonomyError, ValidationError)
"""What may go wrong with one node."""


def fail(hold: Hold, node: str, error: Exception) -> None:
    """Turns an error into the node's failure. Raises it again if it stops the run: it ends this process's hold."""
    if getattr(error, "stops_run", False):
        raise error
    sentence = str(error).encode(errors="replace").decode()
    hold.later(NodeFailed(node=node, error=sentence, mend=getattr(error, "mend", "builder")))
