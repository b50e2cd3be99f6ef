"""Puts questions about actions to people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from rheostat.autonomy import Action, Verdict, ask

from .decisions import Asked
from .hold import Hold


def pose(hold: Hold, action: Action, ruling: Verdict, preview: Any) -> None:
    """Puts a question about an action."""
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
    hold.asks(question)
