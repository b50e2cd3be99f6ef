"""How nodes move: a scope is opened, its nodes become ready, end, and close it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from .admit import enqueue, enter, leave
from .command import Command, Complete, Stop
from .graph import Graph, Inline, Loop, Map, Ref, references
from .state import ENDED, WITH_VALUE, Failure, Instance, Labeled, Scope, State, Status


@dataclass(slots=True)
class Turn:
    """What one event set in motion: nodes to look at, and the commands that came of it."""

    # Made for every event: calling `deque[Instance]` takes four times as long.
    ended: deque[Instance] = field(default_factory=lambda: deque())
    ready: deque[Instance] = field(default_factory=lambda: deque())
    empty: deque[Scope] = field(default_factory=lambda: deque())
    commands: list[Command] = field(default_factory=lambda: [])


def begin(state: State, node_id: str) -> None:
    """A node began to run."""
    if node := _alive(state, node_id):
        node.status = Status.RUNNING
        enter(state, node)


def pause(state: State, node_id: str) -> None:
    """A node waits for a person."""
    if node := _alive(state, node_id):
        node.status = Status.WAITING
        leave(state, node)


def finish(state: State, turn: Turn, node_id: str, value: Labeled) -> None:
    """A node ended with a value."""
    if node := _alive(state, node_id):
        node.value = value
        end(state, turn, node, Status.DONE)


def fail(state: State, turn: Turn, node_id: str, error: str) -> None:
    """A node ended with an error."""
    if node := _alive(state, node_id):
        _fail(state, turn, node, error)


def decline(state: State, turn: Turn, node_id: str, reason: str) -> None:
    """Somebody said no to a node."""
    if node := _alive(state, node_id):
        if node.node.on_failure in ("let go", "tell"):
            return _go_on_without(state, turn, node, f"it was declined: {reason}")
        end(state, turn, node, Status.DECLINED, reason)


def let_go(state: State, turn: Turn, node_id: str, reason: str) -> None:
    """A node is left out."""
    if node := _alive(state, node_id):
        _go_on_without(state, turn, node, reason)


def cancel(state: State, turn: Turn, reason: str) -> None:
    """Everything that has not ended is called off. Does nothing to a run that is complete."""
    if state.complete:
        return
    for node in state.nodes.values():
        if node.status in ENDED:
            continue
        if node.status is not Status.PENDING and node.node.body is None:
            leave(state, node)
            turn.commands.append(Stop(node.id))
        node.status, node.reason = Status.CANCELLED, reason
    for waiting in (turn.ready, turn.ended, turn.empty):
        waiting.clear()
    state.stopped, state.complete = reason, True
    turn.commands.append(Complete())


def end(state: State, turn: Turn, node: Instance, status: Status, reason: str = "") -> None:
    """A node ends; what follows from that is left to `follow`."""
    leave(state, node)
    node.status, node.reason = status, reason
    turn.ended.append(node)


def follow(state: State, turn: Turn) -> None:
    """Follows the consequences until nothing more moves. A loop, not recursion: a chain may have 100,000 nodes."""
    while turn.ready or turn.ended or turn.empty:
        if turn.ready:
            _decide(state, turn, turn.ready.popleft())
            continue
        if turn.empty:
            _close(state, turn, turn.empty.popleft())
            continue
        node = turn.ended.popleft()
        for dependent in dependents(state, node):
            dependent.missing -= 1
            if dependent.missing == 0:
                turn.ready.append(dependent)
        node.scope.open_nodes -= 1
        if node.scope.open_nodes == 0:
            _close(state, turn, node.scope)


def dependents(state: State, node: Instance) -> Iterable[Instance]:
    """The nodes of its scope that wait for a node."""
    prefix = node.scope.prefix
    return (state.nodes[prefix + waiting] for waiting in node.scope.graph.dependents.get(node.node.id, ()))


def open_scope(state: State, turn: Turn, scope: Scope) -> Scope:
    """Puts the nodes of a scope's graph into the state."""
    scope.open_nodes = len(scope.graph.nodes)
    for node in scope.graph.nodes:
        instance = Instance(scope.prefix + node.id, node, scope, len(node.needs))
        state.nodes[instance.id] = instance
        if not node.needs:
            turn.ready.append(instance)
    if not scope.graph.nodes:
        turn.empty.append(scope)
    return scope


def _alive(state: State, node_id: str) -> Instance | None:
    """The node an event speaks of; None if it was called off, since what was in flight then may still end.

    Raises:
        ValueError: there is none, or it is not its turn.
    """
    node = state.nodes.get(node_id)
    if node is not None and node.status is Status.CANCELLED:
        return None
    if node is None or node.status in ENDED or node.status is Status.PENDING:
        became = "is unknown" if node is None else f"is {node.status}"
        raise ValueError(f"An event came for the node {node_id!r}, which {became}.")
    return node


def _fail(state: State, turn: Turn, node: Instance, error: str) -> None:
    """A node failed; its policy says what that means to others."""
    match node.node.on_failure:
        case "let go" | "tell":
            _go_on_without(state, turn, node, f"it failed: {error}")
        case "block":
            end(state, turn, node, Status.FAILED, error)
        case "stop":
            end(state, turn, node, Status.FAILED, error)
            cancel(state, turn, f"{node.id!r} failed: {error}")


def _go_on_without(state: State, turn: Turn, node: Instance, reason: str) -> None:
    known = [state.resolve(node.scope, arg) for arg in node.node.args.values()]
    label = state.join([value.label for value in known if value is not None])
    node.value = Labeled(Failure(reason) if node.node.on_failure == "tell" else None, label)
    end(state, turn, node, Status.SKIPPED, reason)


def _decide(state: State, turn: Turn, node: Instance) -> None:
    """All inputs of a node have ended: start it, skip it, or find that it can't run."""
    for guard in node.node.guards:
        condition = state.resolve(node.scope, guard.condition)
        if condition is None:
            return _block(state, turn, node)
        if _true(condition.data) is not guard.expected:
            # That the branch was not taken tells as much as the condition did.
            node.value = Labeled(None, condition.label)
            return end(state, turn, node, Status.SKIPPED, "its branch was not taken")
    given = state.given(node)
    if given is None:
        return _block(state, turn, node)
    if node.node.body is not None:
        return _expand(state, turn, node, node.node.body, given)
    node.status = Status.READY
    enqueue(state, node)


def _true(data: object) -> bool:
    try:
        return bool(data)
    except Exception:  # an array, say, has no truth; that there is something counts then
        return True


def _block(state: State, turn: Turn, node: Instance) -> None:
    reason = why_missing(state, node.scope, node.node.references())
    if node.node.optional:
        return _go_on_without(state, turn, node, reason)
    end(state, turn, node, Status.BLOCKED, reason)


def why_missing(state: State, scope: Scope, refs: Iterable[Ref]) -> str:
    """Why the first of these references that has no value has none."""
    for ref in refs:
        if state.resolve(scope, ref) is not None:
            continue
        needed = state.nodes.get(scope.prefix + ref.of)
        if needed is None or needed.status in WITH_VALUE:
            return f"{ref.of!r} has no {'.'.join(map(str, ref.path))!r}" if ref.path else f"{ref.of!r} was not given"
        # Name the first cause alone: a reason that quoted its predecessor's would grow along the chain.
        return needed.reason if needed.status is Status.BLOCKED else f"{needed.id!r} {needed.status}: {needed.reason}"
    return "a value it needs is missing"


def _expand(state: State, turn: Turn, node: Instance, body: Graph, given: Mapping[str, Labeled]) -> None:
    """Opens the scopes in which a node's body runs: for a loop, that of the first turn."""
    match node.node.runs:
        case Map(over=over):
            _expand_map(state, turn, node, body, given, over)
        case Loop(carry=carry):
            _open_inside(state, turn, node, [Scope(f"{node.id}[0]/", body, given, node, carry, given[carry])])
        case _:
            _open_inside(state, turn, node, [Scope(f"{node.id}/", body, given, node)])


def _expand_map(state: State, turn: Turn, node: Instance, body: Graph, given: Mapping[str, Labeled], over: str) -> None:
    items = given[over]
    data: object = items.data
    if not isinstance(data, Sequence) or isinstance(data, str | bytes):
        error = f"{over!r} is no list but of type {type(data).__name__}, so there is nothing to map over."
        return _fail(state, turn, node, error)
    listed = cast("Sequence[Any]", data)
    if not listed:
        node.value = Labeled([], items.label)
        return end(state, turn, node, Status.DONE)
    scopes = [
        Scope(f"{node.id}[{n}]/", body, given, node, over, Labeled(item, items.label)) for n, item in enumerate(listed)
    ]
    _open_inside(state, turn, node, scopes)


def _open_inside(state: State, turn: Turn, node: Instance, scopes: list[Scope]) -> None:
    node.status, node.inside, node.open_inside = Status.RUNNING, scopes, len(scopes)
    if isinstance(node.node.runs, Map) and scopes[0].graph.nodes:
        state.drift.open(node.id, scopes[0].graph.nodes[0].id, len(scopes))
    for scope in scopes:
        open_scope(state, turn, scope)


def _close(state: State, turn: Turn, scope: Scope) -> None:
    """Every node of a scope has ended. With its last scope the owner ends, or a loop takes its next turn."""
    owner = scope.owner
    if owner is None:
        state.complete = True
        turn.commands.append(Complete())
        return
    owner.open_inside -= 1
    if owner.open_inside:
        return
    match owner.node.runs:
        case Loop() as loop:
            _next_turn(state, turn, owner, scope, loop)
        case Inline():
            _end_with_output(state, turn, owner, scope)
        case _:
            outputs = [output for each in owner.inside if (output := state.output(each))]
            owner.value = Labeled([o.data for o in outputs], state.join([o.label for o in outputs]))
            end(state, turn, owner, Status.DONE)


def _next_turn(state: State, turn: Turn, owner: Instance, scope: Scope, loop: Loop) -> None:
    done = state.resolve(scope, loop.until)
    output = state.output(scope)
    if done is None:
        return _fail(state, turn, owner, why_missing(state, scope, [loop.until]))
    turns = len(owner.inside)
    if output is None or _true(done.data) or turns == loop.at_most:
        return _end_with_output(state, turn, owner, scope)
    following = Scope(f"{owner.id}[{turns}]/", scope.graph, scope.inputs, owner, loop.carry, output)
    owner.open_inside = 1
    cast("list[Scope]", owner.inside).append(following)
    open_scope(state, turn, following)


def _end_with_output(state: State, turn: Turn, owner: Instance, scope: Scope) -> None:
    output = state.output(scope)
    if output is None:
        return _fail(state, turn, owner, why_missing(state, scope, references(scope.graph.output)))
    owner.value = output
    end(state, turn, owner, Status.DONE)
