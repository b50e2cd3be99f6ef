"""Decisions out of Logs, with what came of each, to be counted or taken again on other terms. Reads; runs nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rheostat.autonomy import Action, Decision, Said, Verdict

from .decisions import Asked, Ruled, UndoStarted
from .events import Event, NodeRetried
from .log import Record
from .view import View


@dataclass
class _Taken:
    """A decision, the node it is about, and the question that was asked, if one was."""

    decision: Decision
    node: str
    question: str = ""


def decisions(run: str, records: Iterable[Record]) -> tuple[Decision, ...]:
    """Every decision on an action of a run, in order, with what came of it so far.

    Args:
        run: its id.
        records: its whole Log.
    """
    seen = View(run)
    taken, latest = list[_Taken](), dict[str, _Taken]()
    for record in records:
        event = record.event
        if (one := _taken(seen, event, record.at, is_first=_node_of(event) not in latest)) is not None:
            taken.append(one)
            latest[one.node] = one
        elif isinstance(event, NodeRetried):
            latest.pop(event.node, None)
        elif isinstance(event, UndoStarted) and event.node in latest:
            regretted = latest[event.node]
            regretted.decision = replace(regretted.decision, regretted=True)
        seen.apply(event, record.at)
    return tuple(replace(one.decision, said=_said(seen, one)) for one in taken)


def _node_of(event: Event) -> str:
    return event.node if isinstance(event, Ruled | Asked) else ""


def _taken(seen: View, event: Event, at_s: float, *, is_first: bool) -> _Taken | None:
    match event:
        case Ruled():
            decided = _decision(seen, event.action, event.verdict, at_s, is_first=is_first)
            return _Taken(decided, event.node)
        case Asked():
            asked = event.question
            decided = _decision(seen, asked.action, asked.verdict, at_s, is_first=is_first)
            return _Taken(decided, event.node, asked.id)
        case _:
            return None


def _decision(seen: View, action: Action, ruled: Verdict, at_s: float, *, is_first: bool) -> Decision:
    terms = seen.terms
    return Decision(
        action=action,
        verdict=ruled,
        dial=seen.dial,
        policy=seen.policy,
        grants=tuple(seen.grants.values()),
        own=tuple(rule for rule in ruled.spoke if rule not in seen.policy.rules),
        passed=ruled.passed,
        app=terms.app,
        by=terms.asked_by,
        at=datetime.fromtimestamp(at_s, UTC),
        approvers=terms.approvers,
        first=is_first,
    )


def _said(seen: View, one: _Taken) -> Said:
    """What people said to a question, once it is settled; a rejection settles it alone."""
    given = seen.approvals.get(one.question, [])
    if any(approval.answer == "reject" for approval in given):
        return "rejected"
    if any(approval.edits for approval in given):
        return "edited"
    if given and all(waiting.id != one.question for waiting in seen.open_questions()):
        return "accepted"
    return "no answer" if one.question and seen.nodes[one.node].status == "declined" else ""
