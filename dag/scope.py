"""How nodes move: a scope is opened, its nodes become ready, end, and close it."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from .admit import enqueue
from .command import Command, Complete
from .graph import Graph
from .state import ENDED, WITH_VALUE, Instance, Labeled, Scope, State, Status


@dataclass(slots=True)
class Turn:
    """What one event set in motion: nodes to look at, and the commands that came of it."""

    ended: deque[Instance] = field(default_factory=deque[Instance])
    ready: deque[Instance] = field(default_factory=deque[Instance])
    commands: list[Command] = field(default_factory=list[Command])


def alive(state: State, node_id: str) -> Instance:
    """The node an event speaks of. Raises ValueError if there is none, or if it is not its turn."""
    node = state.nodes.get(node_id)
    if node is None or node.status in ENDED or node.status is Status.PENDING:
        became = "is unknown" if node is None else f"is {node.status}"
        raise ValueError(f"An event came for the node {node_id!r}, which {became}.")
    return node


def end(turn: Turn, node: Instance, status: Status, reason: str = "") -> None:
    """A node ends; what follows from that is left to `follow`."""
    node.status, node.reason = status, reason
    turn.ended.append(node)


def follow(state: State, turn: Turn) -> None:
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


def open_scope(state: State, turn: Turn, scope: Scope, inputs: Mapping[str, Labeled]) -> Scope:
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


def _decide(state: State, turn: Turn, node: Instance) -> None:
    """All inputs of a node have ended: start it, skip it, or find that it can't run."""
    for guard in node.node.guards:
        if not state.available(node.scope, guard.condition):
            return end(turn, node, Status.BLOCKED, _why_blocked(state, node))
        condition = state.resolve(node.scope, guard.condition)
        if bool(condition.data) is not guard.expected:
            # That the branch was not taken tells as much as the condition did.
            node.value = Labeled(None, condition.label)
            return end(turn, node, Status.SKIPPED, "its branch was not taken")
    if not all(state.available(node.scope, arg) for arg in node.node.args.values()):
        return end(turn, node, Status.BLOCKED, _why_blocked(state, node))
    if node.node.body is not None:
        return _expand(state, turn, node, node.node.body)
    node.status = Status.READY
    enqueue(state, turn.commands, node)


def _why_blocked(state: State, node: Instance) -> str:
    for ref in node.node.references():
        needed = state.nodes.get(node.scope.prefix + ref.of)
        if needed is not None and needed.status not in WITH_VALUE:
            # Name the first cause alone: a reason that quoted its predecessor's would grow along the chain.
            blocked = needed.status is Status.BLOCKED
            return needed.reason if blocked else f"{needed.id!r} {needed.status}: {needed.reason}"
    return "a value it needs is missing"


def _expand(state: State, turn: Turn, node: Instance, body: Graph) -> None:
    """Opens one scope for each item of a map's list."""
    arguments = {name: state.resolve(node.scope, arg) for name, arg in node.node.args.items()}
    items = arguments.pop(node.node.over)
    node.status = Status.RUNNING
    node.children = [Scope(f"{node.id}[{n}]/", body, node) for n in range(len(items.data))]
    node.open_children = len(node.children)
    if not node.children:
        node.value = Labeled([], items.label)
        return end(turn, node, Status.DONE)
    for scope, item in zip(node.children, items.data, strict=True):
        open_scope(state, turn, scope, {**arguments, node.node.over: Labeled(item, items.label)})


def _close(state: State, turn: Turn, scope: Scope) -> None:
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
    end(turn, owner, Status.DONE)


def retry(state: State, turn: Turn, node_id: str) -> None:
    """A failed node becomes ready again, and what was blocked by it waits for it once more."""
    raise NotImplementedError


def cancel(state: State, turn: Turn, reason: str) -> None:
    """Everything that has not ended is called off."""
    raise NotImplementedError
