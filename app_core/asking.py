"""Puts questions about actions to people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from rheostat.autonomy import Action, Part, Question, Verdict, ask, plain
from rheostat.dag import Map

from .decisions import Asked, Reminded
from .hold import Hold
from .view import View

_LONGEST_S = 100 * 365 * 86_400.0
"""For a question to wait; a calendar ends somewhere."""


def pose(hold: Hold, action: Action, ruling: Verdict, preview: Any, parts: Sequence[Part] = ()) -> None:
    """Puts a question about an action."""
    view, now = hold.view, clock(hold)
    number = sum(node == action.node for node in view.asked_by.values()) + 1
    patience = view.policy.patience
    question = ask(
        action,
        ruling,
        id=f"{action.node}?{number}",
        asked_at=now,
        expires_at=now + timedelta(seconds=min(patience.expires_s or view.terms.expires_s, _LONGEST_S)),
        preview=preview,
        parts=parts,
        asked_for=plain(view.terms.asked_by),
        if_not=_if_not(hold, action.node),
        spent_usd=view.spent_usd,
        left_usd=left_usd(view),
        patience=patience,
    )
    hold.emit(Asked(node=action.node, question=question))
    hold.asks(question)


def remind(hold: Hold) -> None:
    """Puts into the Log, once each, that people are to be reminded of a question, or that somebody may stand in."""
    now, view = clock(hold), hold.view
    for question in view.open_questions():
        told = view.reminded.get(question.id, ())
        if question.wants_reminding(now) and "" not in told:
            hold.emit(Reminded(question=question.id))
        if question.is_escalated(now) and not question.is_over(now) and question.escalate_to not in told:
            hold.emit(Reminded(question=question.id, to=question.escalate_to))


def clock(hold: Hold) -> datetime:
    """What time it is: never before what is in the Log already, though a clock was set back."""
    return max(datetime.now(UTC), datetime.fromtimestamp(hold.now(), UTC))


def said_at(question: Question) -> datetime:
    """The time to put on an answer that is given now: after its question, though a clock was set back."""
    return max(datetime.now(UTC), question.asked_at)


def left_usd(view: View) -> float | None:
    """What a run may still spend; None without a budget."""
    if view.terms.budget_usd is None:
        return None
    return max(0.0, view.terms.budget_usd - view.spent_usd - sum(view.open_usd.values()))


def _if_not(hold: Hold, node: str) -> str:
    """What becomes of a run if nobody accepts a node's action."""
    at = hold.state.nodes[node]
    waiting = [name.replace("_", " ") for name in at.scope.graph.dependents.get(at.node.id, ())]
    match at.node.on_failure:
        case "stop":
            return "Without a yes it is not done, and the whole run stops."
        case "tell":
            return "Without a yes it is not done; the model is told so, and goes on."
        case "let go":
            return "Without a yes it is not done, and the run goes on."
        case "block" if waiting:
            return f"Without a yes it is not done, and neither is what needs it: {', '.join(waiting)}."
        case _:
            owner = at.scope.owner
            alone = owner is not None and isinstance(owner.node.runs, Map)
            return f"Without a yes it is not done{'; the others of its list go on' if alone else ''}."
