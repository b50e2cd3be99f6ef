"""Where ready nodes and wanted calls wait for their turn. Plain data; `admit` and `grant` move it."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field

from .bucket import Bucket

_COPY = re.compile(r"\[\d+\]")

Line = list[tuple[float, int, str]]
"""A heap of names; what has most time ahead of it to the workflow's end first, else what came up first."""


def task_of(node_id: str) -> str:
    """A node's task: its path without the numbers of the copies. That of `review[3]/judge` is `review/judge`."""
    return _COPY.sub("", node_id) if "[" in node_id else node_id


@dataclass(slots=True)
class Want:
    """A call that is wanted, or in flight.

    Args:
        node, model, worst_usd, tokens, prefix, hedge_after_s: as in Wanted; `prefix` is "" if it saves nothing.
        twin_of: the call that it is made beside.
        made: whether it is Reserved, not only granted.
        hedged: whether it has a twin, wanted or in flight.
    """

    call: str
    node: str
    model: str
    worst_usd: float
    tokens: int
    prefix: str = ""
    hedge_after_s: float | None = None
    twin_of: str = ""
    made: bool = False
    hedged: bool = False


@dataclass(slots=True)
class Desk:
    """Who waits, and who was let through.

    Args:
        ready: nodes that wait to be started.
        at_work: nodes that were told to start and have neither ended nor wait for a person, in that order.
        lines: calls that wait, by model. `wants` are those still wanted; what else is in a line is passed over.
        flying: calls that are granted or reserved and not settled.
        buckets: what was taken of each model's rate.
        leading: by prefix, the one call in flight that is to bring it into the provider's cache; "" once one has.
        behind: calls that wait for the one that leads their prefix.
        hedges: when calls in flight become worth a twin.
        wake_s: the earliest Wake that was asked for and has not come.
        order: numbers what comes up, one after the other.
    """

    ready: Line = field(default_factory=Line)
    at_work: dict[str, None] = field(default_factory=dict[str, None])
    lines: dict[str, Line] = field(default_factory=dict[str, Line])
    wants: dict[str, Want] = field(default_factory=dict[str, Want])
    flying: dict[str, Want] = field(default_factory=dict[str, Want])
    buckets: dict[str, Bucket] = field(default_factory=dict[str, Bucket])
    leading: dict[str, str] = field(default_factory=dict[str, str])
    behind: dict[str, deque[str]] = field(default_factory=dict[str, deque[str]])
    hedges: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])
    wake_s: float | None = None
    order: int = 0
