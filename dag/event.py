"""What can happen to a run. Only these change its state, and only through `step`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .plan import Plan
from .state import Labeled


@dataclass(frozen=True, slots=True)
class Began:
    """The run was asked for. `deadline_s` are seconds of work; waiting for people does not count."""

    inputs: Mapping[str, Labeled]
    cap_usd: float | None = None
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Ticked:
    """It is `at_s` now, in epoch seconds. The one way in which time reaches the core; going backwards is ignored."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Resumed:
    """Another process took the run on. Nobody was at work since the last event; who was is to start again."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan was made, or made anew."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class Started:
    """A node began to run."""

    node: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A node ended with a value."""

    node: str
    value: Labeled


@dataclass(frozen=True, slots=True)
class Failed:
    """A node ended with an error; nodes that need its value can't run."""

    node: str
    error: str


@dataclass(frozen=True, slots=True)
class Declined:
    """A person or a rule said no. Not a failure, but nodes that need the value can't run."""

    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class LetGo:
    """An optional node is left out: its value is None, and what needs it goes on without."""

    node: str
    reason: str


@dataclass(frozen=True, slots=True)
class Paused:
    """The node waits for a person."""

    node: str


@dataclass(frozen=True, slots=True)
class Retried:
    """A node that had failed is to run again, and what was blocked by it may run after all."""

    node: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Someone called the run off."""

    reason: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A node wants to make a call. Answered by Grant or Refuse, sooner or later. Not kept in the Log.

    Args:
        call: its id, used once.
        node: that wants it.
        model: whose limits it counts against.
        worst_usd: the most that it can cost.
        tokens: the most that it can take, prompt and answer.
        prefix: names the beginning that its prompt shares with others; "" for none.
        prefix_saves_usd: what it spares if another call has brought that prefix into the provider's cache before.
        hedge_after_s: seconds without an answer after which a twin is worth its money; None for never.
    """

    call: str
    node: str
    model: str
    worst_usd: float
    tokens: int = 0
    prefix: str = ""
    prefix_saves_usd: float = 0.0
    hedge_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The node wants a call no more that was not reserved yet. Not kept in the Log."""

    call: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """A call is about to start that could cost this much. The rest is for one that was wanted in another process."""

    call: str
    worst_usd: float
    node: str = ""
    model: str = ""
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """A call ended and cost this much. A call that is settled again got a late bill: what came on top is booked."""

    call: str
    cost_usd: float


Event = (
    Began
    | Ticked
    | Resumed
    | Planned
    | Started
    | Finished
    | Failed
    | Declined
    | LetGo
    | Paused
    | Retried
    | Cancelled
    | Wanted
    | Withdrawn
    | Reserved
    | Settled
)
