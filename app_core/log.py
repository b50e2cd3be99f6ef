"""The Log: one append-only, hash-chained list of events for each run, and the port of whatever keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from pydantic import ValidationError

from .events import EVENT, Event
from .inbox import Waiting
from .run_errors import DamagedLog, LogTooNew, Unwritable

GENESIS = sha256(b"rheostat log v1\n").hexdigest()
"""What the first record of every run chains to."""


class Record(NamedTuple):
    """One event as kept: its place, when it happened (epoch seconds), its JSON, and the digest over all up to here."""

    seq: int
    at: float
    body: str
    digest: str

    @property
    def event(self) -> Event:
        """The event itself. Raises LogTooNew if this version does not know such an event."""
        try:
            return EVENT.validate_json(self.body)
        except ValidationError as error:
            raise LogTooNew(self.seq, error.errors()[0]["msg"]) from None


class Lease(Protocol):
    """Who works on a run. Lost with the process, whatever ends it."""

    def take(self) -> None:
        """Takes the run for this holder alone; nothing happens if it has it. Raises RunHeld, naming who has it."""
        ...

    def drop(self) -> None:
        """Lets others have it; nothing happens if this holder has not got it."""
        ...


class Store(Protocol):
    """Keeps the Logs of all runs, and what processes that share them have to tell each other."""

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

    def waiting(self) -> list[Waiting]:
        """What waits for people in all runs that go on, oldest first; also what has expired and nobody closed yet."""
        ...

    def lease(self, run: str) -> Lease:
        """The right to work on a run, not taken yet."""
        ...

    def leave_word(self, run: str, word: str) -> int:
        """Leaves word for whoever works on a run, now or next. Gives the word's number, higher than any before."""
        ...

    def words(self, run: str) -> list[tuple[int, str]]:
        """What was left for whoever works on a run, each with its number, in the order in which it was left."""
        ...

    def heard(self, run: str, upto: int) -> None:
        """Takes away what was left for whoever works on a run, up to this number."""
        ...

    def keep(self, key: str, body: str) -> None:
        """Keeps a result for other runs, in place of what was kept under this key before."""
        ...

    def kept(self, key: str) -> str | None:
        """What was kept under a key."""
        ...


def written(event: Event) -> str:
    """An event as JSON. Raises Unwritable if it holds what JSON can't, such as half a character."""
    try:
        return type(event).__pydantic_serializer__.to_json(event).decode()
    except ValueError as error:  # pydantic's own class for it is a ValueError
        raise Unwritable(event.kind, str(error)) from None


def chained(events: Iterable[Event], *, seq: int, after: str, at: float) -> list[Record]:
    """Records for events to append after `seq` records, the last of which has the digest `after`."""
    return linked([written(event) for event in events], seq=seq, after=after, at=at)


def linked(bodies: Iterable[str], *, seq: int, after: str, at: float) -> list[Record]:
    """As `chained`, for events that were written before."""
    records = list[Record]()
    for number, body in enumerate(bodies, start=seq):
        after = _digest(after, number, at, body)
        records.append(Record(number, at, body, after))
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
