"""Decisions out of Logs, with what came of each, to be counted or taken again on other terms. Reads; runs nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from rheostat.autonomy import Action, Decision, Grant, Said, Verdict

from .decisions import Asked, Ruled, UndoStarted
from .events import NodeRetried
from .log import Record
from .view import View


@dataclass
class _Taken:
    """A decision, the node it is about, and the id of the question that was asked, if one was."""

    decision: Decision
    node: str
    question: str = ""


def decisions(run: str, records: Sequence[Record], *, kept: Collection[Grant] = ()) -> tuple[Decision, ...]:
    """Every decision on an action of a run, in order, with what came of it so far.

    Args:
        run: its id.
        records: its whole Log.
        kept: the grants for every run of its app, revoked ones too, where they are known. A Log has only those of them
            that let something go.
    """
    seen = View(run)
    taken, latest = list[_Taken](), dict[str, _Taken]()
    for record in records:
        event = record.event
        match event:
            case Ruled():
                decision = _decision(seen, event.action, event.verdict, record.at, kept)
                taken.append(_Taken(replace(decision, first=event.node not in latest), event.node))
                latest[event.node] = taken[-1]
            case Asked():
                asked = event.question
                decision = _decision(seen, asked.action, asked.verdict, record.at, kept)
                taken.append(_Taken(replace(decision, first=event.node not in latest), event.node, asked.id))
                latest[event.node] = taken[-1]
            case NodeRetried():
                latest.pop(event.node, None)
            case UndoStarted() if event.node in latest:
                latest[event.node].decision = replace(latest[event.node].decision, regretted=True)
            case _:
                pass
        seen.apply(event, record.at)
    return tuple(replace(one.decision, said=_said(seen, one)) for one in taken)


def _decision(seen: View, action: Action, ruled: Verdict, at_s: float, kept: Iterable[Grant]) -> Decision:
    terms, at = seen.terms, datetime.fromtimestamp(at_s, UTC)
    return Decision(
        action=action,
        verdict=ruled,
        dial=seen.dial,
        policy=seen.policy,
        grants=tuple(_grants(seen, ruled, at, kept)),
        own=tuple(rule for rule in ruled.spoke if rule not in seen.policy.rules),
        passed=ruled.passed,
        app=terms.app,
        by=terms.asked_by,
        at=at,
        approvers=seen.approvers,
    )


def _grants(seen: View, ruled: Verdict, at: datetime, kept: Iterable[Grant]) -> Iterable[Grant]:
    """The grants that nobody had revoked by then.

    Of one for every run the Log knows only that it let something go once, not whether it was revoked later on.
    """
    known = {grant.id: grant for grant in kept if not grant.run}
    for grant in seen.grants.values():
        if grant.run or ruled.decided_by == f"grant {grant.id}":
            known[grant.id] = grant
    for grant in known.values():
        if grant.revoked_at is None:
            yield grant
        elif grant.revoked_at > at:
            yield grant.model_copy(update={"revoked_at": None, "revoked_by": ""})


def _said(seen: View, one: _Taken) -> Said:
    """What people said to a question, once it is settled; one rejection settles it."""
    given = seen.approvals.get(one.question, [])
    if any(not approval.accepts for approval in given):
        return "rejected"
    if any(seen.questions[one.question].is_changed_by(approval) for approval in given):
        return "edited"
    if given and all(waiting.id != one.question for waiting in seen.open_questions()):
        return "accepted"
    return "no answer" if one.question and seen.nodes[one.node].status == "declined" else ""
