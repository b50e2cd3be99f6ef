"""The Log: one append-only, hash-chained list of events for each run, and the port of whatever keeps it.

Each record's digest is over the digest before it, its place, its time, and the digest of its body. So a body can be
erased: a tombstone keeps its digest, and the chain stays whole. A body is an event in its one canonical form: JSON in
UTF-8 without spaces, the fields in the order in which they are declared. The keys of a mapping stay in the order that
they have, since a workflow sees it: it is part of the value, and of the digest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import NamedTuple, Protocol

from pydantic import ValidationError

from .decisions import Erased, Tombstone
from .events import EVENT, Event
from .inbox import Waiting, kind_of
from .run_errors import DamagedLog, LogTooNew, Unwritable

GENESIS = sha256(b"rheostat log v1\n").hexdigest()
"""What the first record of a Log of the first version chains to; that of a later one to its run's `beginning`."""

TOMB = '{"kind":"tombstone","digest":"'
"""How the body of an erased record begins."""


class Record(NamedTuple):
    """One event as kept: its place, when it happened (epoch seconds), its JSON, and the digest over all up to here."""

    seq: int
    at: float
    body: str
    digest: str

    @property
    def is_tombstone(self) -> bool:
        """Whether what it said was erased."""
        return self.body.startswith(TOMB)

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
        """The ids of all runs that can be read, newest first."""
        ...

    def waiting(self) -> list[Waiting]:
        """What waits for people in all runs that go on, oldest first; also what has expired and nobody closed yet."""
        ...

    def unreadable(self) -> list[str]:
        """The ids of the others: their beginning was erased, or is missing."""
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

    def erase(self, run: str, expected_seq: int, told: Record, tombstones: Sequence[Record]) -> None:
        """Puts tombstones in the place of records, and appends the record that tells of it: all or none.

        What is replaced can't be read from the store's files any more. Raises as `append`.
        """
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


def beginning(run: str) -> str:
    """What the first record of a run chains to, so that no Log passes for that of another run."""
    return sha256(f"rheostat log v2\n{run}\n".encode()).hexdigest()


def before_first(run: str, records: Sequence[Record]) -> str:
    """What the first record of this Log is to chain to."""
    return GENESIS if records and _follows(records[0], GENESIS) else beginning(run)


class Fault(NamedTuple):
    """Something in a Log that is not as it was written: which record, and what of it, in a sentence."""

    seq: int
    sentence: str


def verify(run: str, records: Sequence[Record]) -> None:
    """Raises DamagedLog if a record was changed, added, taken away or moved."""
    for fault in faults(run, records):
        raise DamagedLog(run, *fault)


def faults(run: str, records: Sequence[Record]) -> Iterator[Fault]:
    """Every record that was changed, added, taken away, moved, or emptied without a word, in order.

    That the last records are gone, or all of them written anew, can't be told from the Log alone: see `heads`.
    """
    before, place = before_first(run, records), 0
    for record in records:
        if record.seq == place and _follows(record, before):
            before, place = record.digest, place + 1
            continue
        if record.seq > place:
            missing = f"Record {place} is" if record.seq == place + 1 else f"Records {place} to {record.seq - 1} are"
            yield Fault(place, f"{missing} missing.")
            before, place = record.digest, record.seq + 1
            continue
        moved = next((other for other in records if _follows(other._replace(seq=place), before)), None)
        if moved is None:
            yield Fault(place, f"Record {place} was changed, or was not written after the one before it.")
        else:
            yield Fault(place, f"Record {place} stands in the place of record {moved.seq}.")
        before, place = (moved or record).digest, place + 1
    yield from _emptied(records)


def _emptied(records: Sequence[Record]) -> Iterator[Fault]:
    """Tombstones of which no later record tells."""
    empty = [record.seq for record in records if record.is_tombstone]
    told = set[int]()
    if empty:
        for record in records:
            if kind_of(record.body) == "erased":
                with suppress(LogTooNew):  # it was changed, which is a fault of its own
                    told |= erased_by(record)
    for seq in empty:
        if seq not in told:
            yield Fault(seq, f"What record {seq} said is gone, and no record tells who erased it.")


def erased_by(record: Record) -> set[int]:
    """The places of the records that a record says were erased."""
    event = record.event
    stretches = event.records if isinstance(event, Erased) else ()
    return {seq for first, last in stretches for seq in range(max(0, first), min(last, record.seq) + 1)}


def buried(record: Record) -> Record:
    """The same record, with a tombstone in place of what it said."""
    return record._replace(body=written(Tombstone(digest=body_digest(record.body))))


def body_digest(body: str) -> str:
    """SHA-256, in hex, of an event as it was written; of a tombstone, the one that it keeps."""
    kept = body[len(TOMB) : -2]
    if body.startswith(TOMB) and len(kept) == _HEX and body.endswith('"}'):
        return kept
    return sha256(body.encode()).hexdigest()


def _follows(record: Record, before: str) -> bool:
    """Whether a record is what was written after the one with the digest `before`."""
    place = record[:3]
    return record.digest == _digest(before, *place) or record.digest == _digest_before_tombstones(before, *place)


def can_be_buried(record: Record, before: str) -> bool:
    """Whether its digest is over that of its body, not over the body itself, as in Logs of the first version."""
    return record.digest == _digest(before, *record[:3])


_HEX = 64


def _digest(before: str, seq: int, at: float, body: str) -> str:
    return sha256(f"v2\n{before}\n{seq}\n{at!r}\n{body_digest(body)}".encode()).hexdigest()


def _digest_before_tombstones(before: str, seq: int, at: float, body: str) -> str:
    return sha256(f"{before}\n{seq}\n{at!r}\n{body}".encode()).hexdigest()
