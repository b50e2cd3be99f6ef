"""Runs inside runs: one that a function of another run starts goes no further alone than that other may."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from rheostat.autonomy import Dial

from .hold import Hold
from .login import login_name
from .run_errors import BadInput

AROUND: ContextVar[Hold | None] = ContextVar("AROUND", default=None)
"""The run whose functions are being run here. Threads that a run uses have it; those that a function starts do not."""


def dial_of(hold: Hold) -> Dial:
    """How far a run may go alone now: as far as its own dial says, and that of each run around it."""
    return hold.view.dial if hold.around is None else hold.view.dial.under(dial_of(hold.around))


def check_outside() -> None:
    """Raises BadInput in a function of a run: else what it runs could give it more leave than people gave it."""
    if AROUND.get() is not None:
        raise BadInput(
            "Neither the dial nor a grant can be changed from inside of a run.",
            "Else it could give itself more leave than people gave it.",
            "Do it from outside.",
        )


def within_another(terms: Mapping[str, Any]) -> dict[str, Any]:
    """The terms of a request as they are for a run that is started here: under the dial of the run around it.

    Who started that one is, unless somebody is named, whom this one is for, too.
    """
    around = AROUND.get()
    if around is None:
        return {**terms, "asked_by": terms["asked_by"] or login_name()}
    dial: Dial = terms["dial"]
    asked_by = terms["asked_by"] or around.view.terms.asked_by
    return {**terms, "asked_by": asked_by, "dial": dial.under(dial_of(around))}
