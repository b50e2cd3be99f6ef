"""Who goes first: ready nodes and wanted calls, under limits of number, rate, money and time."""

from __future__ import annotations

from .command import Command, Start
from .event import Planned, Reserved, Settled, Ticked, Wanted, Withdrawn
from .state import Instance, State


def enqueue(state: State, commands: list[Command], node: Instance) -> None:
    """A node is ready: it starts as soon as the limits allow, the longest way to the end first."""
    commands.append(Start(node.id))


def ticked(state: State, commands: list[Command], event: Ticked) -> None:
    """Time went on."""


def planned(state: State, commands: list[Command], event: Planned) -> None:
    """Takes a plan in."""


def wanted(state: State, commands: list[Command], event: Wanted) -> None:
    """A call is wanted."""


def withdrawn(state: State, commands: list[Command], event: Withdrawn) -> None:
    """A call is wanted no more."""


def reserved(state: State, event: Reserved) -> None:
    """A call starts."""
    state.ledger.check(event.worst_usd)
    state.ledger.open_usd[event.call] = event.worst_usd


def settled(state: State, commands: list[Command], event: Settled) -> None:
    """A call ended."""
    if state.ledger.open_usd.pop(event.call, None) is None:
        raise ValueError(f"The call {event.call!r} was settled, but never reserved or settled before.")
    state.ledger.spent_usd += event.cost_usd
