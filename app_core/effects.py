"""A tool node's way from proposal to effect: verdict, question, answer, and the deed, journaled before and after."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

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

from .act import calling, key_of, previewed
from .act import propose as proposed
from .declare import Tool
from .errors import RheostatError
from .events import Answered, Asked, EffectStarted, NodeDeclined, NodeFailed, NodeStarted, Ruled
from .label import join
from .run_errors import RunTaken, StoreFull, UnfitAnswer

if TYPE_CHECKING:
    from .drive import Driver

AnyTool = Tool[Any, ..., Any]

UNKNOWN = Rule(
    name="unknown outcome",
    tool="*",
    at_least=Ruling.ASK,
    why="The process stopped while this was being done, so it may have happened already. Look first, then accept to do it.",
)
"""Asked about an effect that may have happened: it is never done again automatically."""


async def propose(driver: Driver, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """Rules on a tool node's action, and does it, asks about it or declines it accordingly."""
    action = proposed(tool, arguments, node=node, run=driver.view.run)
    ruling = _rule(driver, action)
    if ruling.ruling is Ruling.DENY:
        driver.emit(
            Ruled(node=node, action=action, verdict=ruling),
            NodeDeclined(node=node, reason=" ".join(ruling.reasons), by=ruling.decided_by),
        )
    elif ruling.ruling >= Ruling.ASK:
        # The preview may refuse the action (its target is gone): better now than after a person has decided.
        preview = await driver.run_function(previewed, {"tool": tool, "arguments": arguments})
        _ask(driver, action, ruling, preview)
    else:
        driver.emit(Ruled(node=node, action=action, verdict=ruling))
        await perform(driver, tool, action, arguments)


async def perform(
    driver: Driver, tool: AnyTool, action: Action, arguments: Mapping[str, Labeled], question: str = ""
) -> None:
    """Does an action that may be done, under its idempotency key."""
    from .drive import finished

    key = key_of(action.run, action.node)
    called = calling(tool, action, arguments, key)
    driver.emit(EffectStarted(node=action.node, key=key, action=action, question=question))
    result = await driver.run_function(tool.function, called)
    driver.emit(finished(tool, action.node, result, join(value.label for value in arguments.values())))


async def after_stop(driver: Driver, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """An effect was started and its end is not in the Log: done again only if the tool honours its key, else asked about."""
    action = driver.view.nodes[node].action
    assert action is not None
    driver.emit(NodeStarted(node=node))
    with failing(driver, node):
        if tool.honours_key:
            await perform(driver, tool, action, arguments)
        else:
            _ask(driver, action, _rule(driver, action, UNKNOWN), None)


def record(driver: Driver, approval: Approval) -> None:
    """Takes what a person said into the Log and does what follows.

    Raises:
        UnfitAnswer: it does not fit the question; nothing was recorded.
    """
    question = driver.view.questions.get(approval.question)
    if question is None:
        raise UnfitAnswer(
            f"There is no question {approval.question!r} in this run.", "Load the open questions again."
        )
    problem = misfit(question, approval, now=datetime.now(UTC), used=driver.view.granted)
    if problem and approval.answer == "accept":
        raise UnfitAnswer("The answer was not taken.", problem)
    driver.emit(Answered(approval=approval))
    settle(driver, question)
    for other in driver.view.open_questions():
        _follow(driver, other)


def settle(driver: Driver, question: Question) -> None:
    """Does what the answers to a question, or its expiry, lead to."""
    node = driver.view.asked_by[question.id]
    given = driver.view.approvals.get(question.id, [])
    # What was accepted in time stays accepted, however long the process was away before it could act on it.
    standing = _standing(driver, question, given, max((a.at for a in given), default=datetime.now(UTC)))
    if isinstance(standing, Open):
        standing = _standing(driver, question, given, datetime.now(UTC))
    match standing:
        case Granted():
            driver.spawn(_do(driver, node, standing.action, question.id))
        case Refused():
            driver.emit(NodeDeclined(node=node, reason=standing.reason, by=standing.by))
        case Again():
            _ask(driver, standing.action, standing.verdict, question.preview)
        case Open():
            return


def _standing(driver: Driver, question: Question, given: Sequence[Approval], now: datetime) -> Standing:
    return answer(
        question,
        given,
        now=now,
        used=driver.view.granted,
        level=driver.view.level,
        approvers=driver.view.terms.approvers,
        rules=_rules(question),
    )


async def _do(driver: Driver, node: str, action: Action, question: str) -> None:
    tool = driver.cast[driver.state.nodes[node].node.calls]
    assert isinstance(tool, Tool)
    with failing(driver, node):
        await perform(driver, tool, action, driver.state.arguments(node), question)


def _ask(driver: Driver, action: Action, ruling: Verdict, preview: Any) -> None:
    now = datetime.now(UTC)
    number = sum(node == action.node for node in driver.view.asked_by.values()) + 1
    question = ask(
        action,
        ruling,
        id=f"{action.node}?{number}",
        asked_at=now,
        expires_at=now + timedelta(seconds=driver.view.terms.expires_s),
        preview=preview,
    )
    driver.emit(Asked(node=action.node, question=question))
    if not _follow(driver, question):
        driver.asks(question)


def _follow(driver: Driver, question: Question) -> bool:
    """Answers a question by an "accept all like this" said to an earlier one, if one covers it."""
    for asked in driver.view.questions.values():
        for approval in driver.view.approvals.get(asked.id, []):
            meant = likewise(asked, approval, question, at=datetime.now(UTC))
            if meant is not None:
                driver.emit(Answered(approval=meant))
                settle(driver, question)
                return True
    return False


def _rule(driver: Driver, action: Action, *rules: Rule) -> Verdict:
    return verdict(driver.view.level, action, rules=rules, approvers=driver.view.terms.approvers)


def _rules(question: Question) -> tuple[Rule, ...]:
    return (UNKNOWN,) if UNKNOWN.name in question.verdict.rules else ()


@contextmanager
def failing(driver: Driver, node: str) -> Generator[None]:
    """Turns an error into the node's failure. Trouble with the Log itself goes through: it ends this process's hold."""
    try:
        yield
    except (RunTaken, StoreFull):
        raise
    except (RheostatError, ContextError, DagError, AutonomyError, ValidationError) as error:
        driver.emit(NodeFailed(node=node, error=str(error), mend=getattr(error, "mend", "builder")))
