"""The Log: one append-only, hash-chained list of events for each run, and the port of whatever keeps it."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Protocol

from pydantic import BaseModel, ConfigDict

from .events import EVENT, Event
from .run_errors import DamagedLog

GENESIS = sha256(b"rheostat log v1\n").hexdigest()
"""What the first record of every run chains to."""


class Record(BaseModel):
    """One event as kept: its place, when it happened (epoch seconds), its JSON, and the digest over all up to here."""

    model_config = ConfigDict(frozen=True)

    seq: int
    at: float
    body: str
    digest: str

    @property
    def event(self) -> Event:
        """The event itself."""
        return EVENT.validate_json(self.body)


class Store(Protocol):
    """Keeps the Logs of all runs."""

    def append(self, run: str, expected_seq: int, records: Sequence[Record]) -> None:
        """Adds records after the first `expected_seq`, all or none, and returns when they would survive a power cut.

        Raises RunTaken if the Log has grown since, and StoreFull if there is no room.
        """
        ...

    def read(self, run: str) -> list[Record]:
        """The whole Log of a run, in order. Raises UnknownRun."""
        ...

    def runs(self) -> list[str]:
        """The ids of all runs, newest first."""
        ...


def chained(events: Iterable[Event], *, seq: int, after: str, at: float) -> list[Record]:
    """Records for events to append after `seq` records, the last of which has the digest `after`."""
    records = list[Record]()
    for number, event in enumerate(events, start=seq):
        body = event.model_dump_json()
        after = _digest(after, number, at, body)
        records.append(Record(seq=number, at=at, body=body, digest=after))
    return records


def verify(run: str, records: Sequence[Record]) -> None:
    """Raises DamagedLog if a record was changed, added, taken away or moved."""
    after = GENESIS
    for number, record in enumerate(records):
        after = _digest(after, number, record.at, record.body)
        if record.seq != number or record.digest != after:
            raise DamagedLog(run, number)


def _digest(before: str, seq: int, at: float, body: str) -> str:
    return sha256(f"{before}\n{seq}\n{at!r}\n{body}".encode()).hexdigest()
