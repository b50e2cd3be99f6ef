"""Calling a run off: here, if nobody works on it, or by leaving word for the process that does."""

from __future__ import annotations

import time

from .events import CallSettled, RunEnded, RunResumed
from .log import Store, chained, verify
from .run_errors import RunHeld
from .view import view
from .word import CallOff

_LOOK_S = 0.1


def cancel(store: Store, run: str, *, why: str, patience_s: float) -> None:
    """Ends a run as cancelled. Needs neither its App nor a model.

    Args:
        store: that keeps it.
        run: its id.
        why: kept as the reason.
        patience_s: how long to wait for a process that works on it to stop.

    Raises:
        RunHeld: that process has not stopped yet; it will as soon as it can.
    """
    until_s = time.monotonic() + patience_s
    lease, left = store.lease(run), False
    while True:
        try:
            lease.take()
        except RunHeld:
            if not left:
                store.leave_word(run, CallOff(why=why).model_dump_json())
                left = True
            if time.monotonic() > until_s:
                raise
            time.sleep(_LOOK_S)
            continue
        try:
            return _end(store, run, why)
        finally:
            lease.drop()


def _end(store: Store, run: str, why: str) -> None:
    """Nobody works on the run: ends it, unless it has ended. Calls that were cut off are booked as assumed."""
    records = store.read(run)
    verify(run, records)
    seen = view(run, records)
    if seen.status == "running":
        cut_off = [
            CallSettled(call=call, node=call.rpartition(":")[0], cost_usd=worst_usd, assumed=worst_usd > 0)
            for call, worst_usd in seen.open_usd.items()
        ]
        events = [RunResumed(), *cut_off, RunEnded(status="cancelled", reason=why)]
        at = max(time.time(), seen.last_at)
        store.append(run, len(records), chained(events, seq=len(records), after=records[-1].digest, at=at))
    store.heard(run, max((number for number, _ in store.words(run)), default=0))
