"""The core: `step(state, event) -> commands`. No clock, no randomness, no I/O: the same events give the same commands.

A node starts when its inputs are there; there is no barrier. One function drives the run, its resumption, its replay,
its simulation.
"""

from .admit import ended, planned, resumed, start, ticked
from .again import retry
from .command import Command
from .event import (
    Began,
    Cancelled,
    Declined,
    Event,
    Failed,
    Finished,
    LetGo,
    Paused,
    Planned,
    Reserved,
    Resumed,
    Retried,
    Settled,
    Started,
    Ticked,
    Wanted,
    Withdrawn,
)
from .grant import reserved, settled, wanted, withdrawn
from .scope import Turn, begin, cancel, decline, fail, finish, follow, let_go, open_scope, pause
from .state import Scope, State

_ENDS = (Finished, Failed, Declined, LetGo)


def step(state: State, event: Event) -> list[Command]:
    """Applies one event to the state and returns what to do next.

    Raises:
        ValueError: the event speaks of a node that does not exist or has ended already, or of a call never reserved.
    """
    turn = Turn()
    match event:
        case Finished():
            finish(state, turn, event.node, event.value)
        case Started():
            begin(state, event.node)
        case Ticked():
            ticked(state, turn.commands, event)
        case Began():
            state.ledger.cap_usd = event.cap_usd
            state.deadline_s = event.deadline_s
            state.root = open_scope(state, turn, Scope("", state.graph, event.inputs))
        case Paused():
            pause(state, event.node)
        case Failed():
            fail(state, turn, event.node, event.error)
        case Declined():
            decline(state, turn, event.node, event.reason)
        case LetGo():
            let_go(state, turn, event.node, event.reason)
        case Retried():
            retry(state, turn, event.node)
        case Cancelled():
            cancel(state, turn, event.reason)
        case _:
            _of_calls(state, turn.commands, event)
    follow(state, turn)
    if isinstance(event, _ENDS):
        ended(state, event.node)
    start(state, turn.commands)
    return turn.commands


def _of_calls(
    state: State,
    commands: list[Command],
    event: Resumed | Planned | Wanted | Withdrawn | Reserved | Settled,
) -> None:
    match event:
        case Resumed():
            resumed(state, commands, event)
        case Planned():
            planned(state, commands, event)
        case Wanted():
            wanted(state, commands, event)
        case Withdrawn():
            withdrawn(state, commands, event)
        case Reserved():
            reserved(state, commands, event)
        case Settled():
            settled(state, commands, event)
