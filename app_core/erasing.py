"""Erasing what a Log says, so that nobody can read it any more, while its chain stays whole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from .decisions import Erased
from .inbox import kind_of
from .log import Record, Store, before_first, buried, can_be_buried, chained, verify
from .run_errors import BadInput
from .view import view


def erase(store: Store, run: str, *, by: str, reason: str = "") -> int:
    """Erases what the Log of a run that has ended says, and records who did. What other runs took over stays there.

    Args:
        store: that keeps it.
        run: its id.
        by: who erases; `reason` why. Both stay in the Log, and so do those of earlier times.

    Returns:
        How many records are without their words now.

    Raises:
        UnknownRun, DamagedLog: there is no such run, or its Log is not what was written. Nothing is changed.
        BadInput: the run has not ended, or an older version wrote it.
        RunHeld: a process works on it.
        StoreBusy: the words are out of the Log, but may still be in free parts of the store's file. Erase again.
    """
    lease = store.lease(run)
    lease.take()
    try:
        records = store.read(run)
        verify(run, records)
        _check_can_be(run, records)
        words = [record for record in records if kind_of(record.body) != "erased"]
        told = Erased(records=_stretches(record.seq for record in words), by=by, reason=reason)
        at = max(time.time(), records[-1].at)
        [last] = chained([told], seq=len(records), after=records[-1].digest, at=at)
        store.erase(run, len(records), last, [buried(record) for record in words])
        return len(words)
    finally:
        lease.drop()


def _check_can_be(run: str, records: Sequence[Record]) -> None:
    if not records[0].is_tombstone and view(run, records).status == "running":
        raise BadInput(
            f"Run {run} has not ended.",
            "Without what its Log says it could not go on.",
            f"Wait for its end, or call it off with `rheostat cancel {run}`.",
        )
    befores = [before_first(run, records), *(record.digest for record in records)]
    if not all(can_be_buried(record, before) for record, before in zip(records, befores, strict=False)):
        raise BadInput(
            f"Run {run} can't be erased.",
            "An older version wrote it, and its chain is over the words themselves.",
            "Where they must go, so must the whole file of runs.",
        )


def _stretches(places: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Places in order, as the first and last of each stretch without a gap."""
    found = list[tuple[int, int]]()
    for place in places:
        if found and found[-1][1] == place - 1:
            found[-1] = (found[-1][0], place)
        else:
            found.append((place, place))
    return tuple(found)
