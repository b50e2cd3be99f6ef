"""What `step` asks of whoever drives a run. A command is no fact: the event that comes of it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Start:
    """Run this node; its arguments are `state.arguments(node)`."""

    node: str


@dataclass(frozen=True, slots=True)
class Stop:
    """Cancel what this node has in flight; nobody needs it any more. No event is expected."""

    node: str


@dataclass(frozen=True, slots=True)
class Grant:
    """This call may be made: record it as Reserved, then make it."""

    call: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """This call can't be made. Of the budget, `left_usd` has not been spent, and `left_s` not been worked."""

    call: str
    why: Literal["budget", "deadline"]
    left_usd: float
    left_s: float


@dataclass(frozen=True, slots=True)
class Hedge:
    """This call takes long: make the same one again as `twin`, Reserved like any other; the first answer counts."""

    call: str
    twin: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Say what time it is (Ticked) once it is `at_s`."""

    at_s: float


@dataclass(frozen=True, slots=True)
class Replan:
    """What happened is far enough from the plan that a new one is worth making."""

    reason: str


@dataclass(frozen=True, slots=True)
class Complete:
    """Every node has ended; `state.result()` is the output, if there is one."""


Command = Start | Stop | Grant | Refuse | Hedge | Wake | Replan | Complete
