"""What a run has done to the world, as its Log tells it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rheostat.autonomy import Action, Json, Risk

from .decisions import EffectStarted, UndoFailed, Undone, UndoStarted
from .events import Event, NodeFailed, NodeFinished
from .log import Record
from .run_errors import NotUndone

Standing = Literal["done", "failed", "unknown", "undoing", "undone"]


@dataclass(frozen=True, slots=True)
class Effect:
    """What really happened, and whether it still stands.

    Args:
        node: whose effect it is.
        action: what was done, as it was granted.
        key: its idempotency key.
        standing: "failed": the tool raised an error, so it may have been done halfway. "unknown": it was begun, and
            its end is not in the Log. "undoing": taking it back was begun, and its end is not in the Log.
        seq: of the record that ended or else began it.
        at: when that was, in epoch seconds.
        result: what the tool gave, as JSON.
        whole: whether the tool came to its end.
        undone_by: who had it taken back, or wanted to.
        said: what the tool said to being undone, or why it could not be.
    """

    node: str
    action: Action
    key: str
    standing: Standing
    seq: int
    at: float
    result: Json = None
    whole: bool = False
    undone_by: str = ""
    said: Json = None

    @property
    def name(self) -> str:
        """What was done, in a line."""
        return self.action.summary or self.action.tool


def effects(records: Iterable[Record]) -> list[Effect]:
    """What a Log tells of effects, oldest end first. What only read is none."""
    found = dict[str, Effect]()
    for record in records:
        event = record.event
        node = getattr(event, "node", "")
        effect = _after(found.get(node), event, record)
        if effect is not None:
            if isinstance(event, EffectStarted | NodeFinished | NodeFailed):
                found.pop(node, None)  # the order is that of the ends
            found[node] = effect
    return [effect for effect in found.values() if effect.action.risk > Risk.READ]


def _after(effect: Effect | None, event: Event, record: Record) -> Effect | None:
    """How an effect stands after one more event of its node; None if there is none."""
    seq, at = record.seq, record.at
    if isinstance(event, EffectStarted):
        return Effect(event.node, event.action, event.key, "unknown", seq, at)
    if effect is None:
        return None
    match event:
        case NodeFinished() if effect.standing == "unknown":
            return replace(effect, standing="done", whole=True, result=event.value, seq=seq, at=at)
        case NodeFailed() if effect.standing == "unknown":
            return replace(effect, standing="failed", seq=seq, at=at)
        case UndoStarted():
            return replace(effect, standing="undoing", undone_by=event.by)
        case Undone():
            return replace(effect, standing="undone", said=event.said)
        case UndoFailed():
            return replace(effect, standing="done" if effect.whole else "failed", said=event.error)
        case _:
            return effect


def since(found: Sequence[Effect], point: str, records: Iterable[Record]) -> list[Effect]:
    """The effects that ended after a step did, newest first; those that were undone left out.

    Args:
        found: all of the run.
        point: the step's id; "" for the beginning of the run.
        records: its Log.

    Raises:
        NotUndone: there is no such step, or it has not finished.
    """
    told = ((record.seq, record.event) for record in records) if point else ()
    ends = [seq for seq, event in told if isinstance(event, NodeFinished) and event.node == point]
    if point and not ends:
        raise NotUndone(f"The run can't go back to {point!r}.", "No such step has finished in it.", "Name another one.")
    end = ends[-1] if ends else -1
    return [effect for effect in reversed(found) if effect.seq > end and effect.standing != "undone"]
