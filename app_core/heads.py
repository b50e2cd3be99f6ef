"""Heads: how long each Log is and where its chain stands. Kept elsewhere, they show what was cut off or written anew.

A chain alone proves that no record between its beginning and its end was changed. Whoever can write the store could
still cut records off at its end, or write all of it anew. A head that lies where they can't write shows both.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Literal, NamedTuple, Self

from pydantic import AwareDatetime, Field, ValidationError

from .frozen import Frozen
from .log import Fault, Record, Store, faults, verify
from .run_errors import UnfitHeads

LEAST_KEY_BYTES = 32
"""Whoever can guess the key can sign."""

MOST_FAULTS = 20
"""Faults that are named of one Log."""

_DOMAIN = b"rheostat heads v1\n"
"""Keeps these signatures apart from any other HMAC over JSON."""


class Head(Frozen):
    """Where one Log stood: how many records it had, and the digest of the last."""

    run: str
    records: int = Field(ge=1)
    digest: str = Field(pattern="^[0-9a-f]{64}$")


class Heads(Frozen):
    """Where all Logs of a store stood at a moment.

    Args:
        at: that moment.
        heads: one for each run.
        signature: HMAC-SHA-256 over all the rest, by whoever has the key; "" where none was given.
    """

    kind: Literal["rheostat heads"] = "rheostat heads"
    at: AwareDatetime
    heads: tuple[Head, ...]
    signature: str = ""

    def signed(self, key: bytes) -> Self:
        """The same with a signature. Raises UnfitHeads if the key is too short."""
        return self.model_copy(update={"signature": self._signature(key)})

    def is_signed_with(self, key: bytes) -> bool:
        """Whether whoever has this key has signed exactly this. Raises UnfitHeads if the key is too short."""
        return hmac.compare_digest(self.signature.encode(), self._signature(key).encode())

    def _signature(self, key: bytes) -> str:
        if len(key) < LEAST_KEY_BYTES:
            raise UnfitHeads(
                f"The key has {len(key)} bytes.",
                "A short one can be guessed.",
                f"Make one of {LEAST_KEY_BYTES}: `openssl rand -out audit.key {LEAST_KEY_BYTES}`.",
            )
        said = self.model_dump(mode="json", exclude={"signature"})
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hmac.digest(key, _DOMAIN + text.encode(), "sha256").hex()


def read_heads(text: str, key: bytes | None = None) -> Heads:
    """Heads as they were exported.

    Args:
        text: the file's.
        key: with which they were signed; None if they were not, or that is not to be looked at.

    Raises:
        UnfitHeads: it is no such file, or not signed with this key.
    """
    try:
        heads = Heads.model_validate_json(text)
    except ValidationError as error:
        raise UnfitHeads(
            "This is no file of heads.",
            f"{error.errors()[0]['msg']}.",
            "Give one that `rheostat audit export-heads` wrote.",
        ) from None
    if key is not None and not heads.is_signed_with(key):
        raise UnfitHeads(
            "These heads are not signed with this key.",
            "They were changed, or somebody else wrote them.",
            "Take the file and the key from where they are kept safe.",
        )
    return heads


def heads_of(store: Store) -> Heads:
    """Where every Log of a store stands now, erased ones too. Raises DamagedLog if one is not what was written."""
    heads = list[Head]()
    for run in sorted([*store.runs(), *store.unreadable()]):
        records = store.read(run)
        verify(run, records)
        heads.append(Head(run=run, records=len(records), digest=records[-1].digest))
    return Heads(at=datetime.now(UTC), heads=tuple(heads))


class Examined(NamedTuple):
    """What came of looking at one Log.

    Args:
        run: whose it is. records: how many there are; erased: how many of them say nothing any more.
        against: the head it was held against; None if there was none.
        faults: what is wrong, at most MOST_FAULTS; empty if it is what was written.
    """

    run: str
    records: int
    erased: int
    against: Head | None
    faults: tuple[Fault, ...]


def examine(run: str, records: Sequence[Record], head: Head | None = None) -> Examined:
    """Looks whether a Log is what was written, and all of what a head knows of it.

    Args:
        run: its id.
        records: what there is; empty for a run that is gone.
        head: of the same run.
    """
    found = tuple(islice(_all_faults(run, records, head), MOST_FAULTS))
    return Examined(run, len(records), sum(record.is_tombstone for record in records), head, found)


def _all_faults(run: str, records: Sequence[Record], head: Head | None) -> Iterator[Fault]:
    yield from faults(run, records)
    if head is None:
        return
    last = head.records - 1
    there = next((record for record in reversed(records) if record.seq == last), None)
    if not records:
        yield Fault(0, f"The whole Log is gone. The head knows {head.records} records.")
    elif records[-1].seq < last:
        yield Fault(
            records[-1].seq + 1, f"The Log was cut: the last record is {records[-1].seq}, the head knows {last}."
        )
    elif there is not None and there.digest != head.digest:
        yield Fault(
            last, f"The Log was written anew: record {last} or one before it is not the one that the head knows."
        )
