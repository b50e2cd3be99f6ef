"""The core: `step(state, event) -> commands`. No clock, no randomness, no I/O: the same events give the same commands.

A node starts when its inputs are there; there is no barrier. One function drives the run, its resumption, its replay.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .graph import Graph
from .state import ENDED, WITH_VALUE, Instance, Labeled, Scope, State, Status


@dataclass(frozen=True, slots=True)
class Began:
    """The run was asked for."""

    inputs: Mapping[str, Labeled]
    cap_usd: float | None = None


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
class Paused:
    """The node waits for a person."""

    node: str


@dataclass(frozen=True, slots=True)
class Reserved:
    """A call is about to start that could cost this much."""

    call: str
    worst_usd: float


@dataclass(frozen=True, slots=True)
class Settled:
    """A call ended and cost this much."""

    call: str
    cost_usd: float


Event = Began | Started | Finished | Failed | Declined | Paused | Reserved | Settled


@dataclass(frozen=True, slots=True)
class Start:
    """Run this node; its arguments are `state.arguments(node)`."""

    node: str


@dataclass(frozen=True, slots=True)
class Complete:
    """Every node has ended; `state.result()` is the output, if there is one."""


Command = Start | Complete


@dataclass(slots=True)
class _Turn:
    """What one event set in motion: nodes to look at, and the commands that came of it."""

    ended: deque[Instance] = field(default_factory=deque[Instance])
    ready: deque[Instance] = field(default_factory=deque[Instance])
    commands: list[Command] = field(default_factory=list[Command])


def step(state: State, event: Event) -> list[Command]:
    """Applies one event to the state and returns what to do next.

    Raises:
        ValueError: the event speaks of a node that does not exist or has ended already, or of a call never reserved.
    """
    turn = _Turn()
    match event:
        case Began():
            state.ledger.cap_usd = event.cap_usd
            state.root = _open(state, turn, Scope("", state.graph), event.inputs)
        case Started():
            _alive(state, event.node).status = Status.RUNNING
        case Paused():
            _alive(state, event.node).status = Status.WAITING
        case Finished():
            node = _alive(state, event.node)
            node.value = event.value
            _end(turn, node, Status.DONE)
        case Failed():
            _end(turn, _alive(state, event.node), Status.FAILED, event.error)
        case Declined():
            _end(turn, _alive(state, event.node), Status.DECLINED, event.reason)
        case Reserved():
            state.ledger.check(event.worst_usd)
            state.ledger.open_usd[event.call] = event.worst_usd
        case Settled():
            if state.ledger.open_usd.pop(event.call, None) is None:
                raise ValueError(f"The call {event.call!r} was settled, but never reserved or settled before.")
            state.ledger.spent_usd += event.cost_usd
    _settle(state, turn)
    return turn.commands


def _alive(state: State, node_id: str) -> Instance:
    node = state.nodes.get(node_id)
    if node is None or node.status in ENDED or node.status is Status.PENDING:
        became = "is unknown" if node is None else f"is {node.status}"
        raise ValueError(f"An event came for the node {node_id!r}, which {became}.")
    return node


def _end(turn: _Turn, node: Instance, status: Status, reason: str = "") -> None:
    node.status, node.reason = status, reason
    turn.ended.append(node)


def _settle(state: State, turn: _Turn) -> None:
    """Follows the consequences until nothing more moves. A loop, not recursion: a chain may have 100,000 nodes."""
    while turn.ready or turn.ended:
        if turn.ready:
            _decide(state, turn, turn.ready.popleft())
            continue
        node = turn.ended.popleft()
        for dependent in state.waiting_for.pop(node.id, ()):
            dependent.missing -= 1
            if dependent.missing == 0:
                turn.ready.append(dependent)
        node.scope.open_nodes -= 1
        if node.scope.open_nodes == 0:
            _close(state, turn, node.scope)


def _open(state: State, turn: _Turn, scope: Scope, inputs: Mapping[str, Labeled]) -> Scope:
    """Puts the nodes of a scope's graph into the state."""
    for name, value in inputs.items():
        state.inputs[f"{scope.prefix}${name}"] = value
    scope.open_nodes = len(scope.graph.nodes)
    for node in scope.graph.nodes:
        instance = Instance(scope.prefix + node.id, node, scope)
        state.nodes[instance.id] = instance
        needs = {scope.prefix + ref.of for ref in node.references() if not ref.of.startswith("$")}
        for key in needs:
            state.waiting_for.setdefault(key, []).append(instance)
        instance.missing = len(needs)
        if not needs:
            turn.ready.append(instance)
    if not scope.graph.nodes:
        _close(state, turn, scope)
    return scope


def _decide(state: State, turn: _Turn, node: Instance) -> None:
    """All inputs of a node have ended: start it, skip it, or find that it can't run."""
    for guard in node.node.guards:
        if not state.available(node.scope, guard.condition):
            return _end(turn, node, Status.BLOCKED, _why_blocked(state, node))
        condition = state.resolve(node.scope, guard.condition)
        if bool(condition.data) is not guard.expected:
            # That the branch was not taken tells as much as the condition did.
            node.value = Labeled(None, condition.label)
            return _end(turn, node, Status.SKIPPED, "its branch was not taken")
    if not all(state.available(node.scope, arg) for arg in node.node.args.values()):
        return _end(turn, node, Status.BLOCKED, _why_blocked(state, node))
    if node.node.body is not None:
        return _expand(state, turn, node, node.node.body)
    node.status = Status.READY
    turn.commands.append(Start(node.id))


def _why_blocked(state: State, node: Instance) -> str:
    for ref in node.node.references():
        needed = state.nodes.get(node.scope.prefix + ref.of)
        if needed is not None and needed.status not in WITH_VALUE:
            # Name the first cause alone: a reason that quoted its predecessor's would grow along the chain.
            blocked = needed.status is Status.BLOCKED
            return needed.reason if blocked else f"{needed.id!r} {needed.status}: {needed.reason}"
    return "a value it needs is missing"


def _expand(state: State, turn: _Turn, node: Instance, body: Graph) -> None:
    """Opens one scope for each item of a map's list."""
    arguments = {name: state.resolve(node.scope, arg) for name, arg in node.node.args.items()}
    items = arguments.pop(node.node.over)
    node.status = Status.RUNNING
    node.children = [Scope(f"{node.id}[{n}]/", body, node) for n in range(len(items.data))]
    node.open_children = len(node.children)
    if not node.children:
        node.value = Labeled([], items.label)
        return _end(turn, node, Status.DONE)
    for scope, item in zip(node.children, items.data, strict=True):
        _open(state, turn, scope, {**arguments, node.node.over: Labeled(item, items.label)})


def _close(state: State, turn: _Turn, scope: Scope) -> None:
    """Every node of a scope has ended. The last scope of a map ends the map, with the outputs that there are."""
    owner = scope.owner
    if owner is None:
        state.complete = True
        turn.commands.append(Complete())
        return
    owner.open_children -= 1
    if owner.open_children:
        return
    outputs = [state.resolve(s, s.graph.output) for s in owner.children if state.available(s, s.graph.output)]
    owner.value = Labeled([o.data for o in outputs], state.join([o.label for o in outputs]))
    _end(turn, owner, Status.DONE)
