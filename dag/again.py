"""Runs a failed node again, and with it what was blocked by it."""

from __future__ import annotations

from .graph import Map
from .scope import Turn, dependents
from .state import NOTHING, Instance, State, Status


def retry(state: State, turn: Turn, node_id: str) -> None:
    """A failed node becomes ready again, and what was blocked by it waits for it once more.

    Raises:
        ValueError: it has not failed, the run was stopped, or something went on without its value.
    """
    node = state.nodes.get(node_id)
    if node is None or node.status is not Status.FAILED or node.inside or state.stopped:
        raise ValueError(_why_not(state, node, node_id))
    affected = _affected(state, node)
    for one in affected:
        _reopen(state, one)
    reopened = {one.id for one in affected}
    for one in affected:
        for dependent in dependents(state, one):
            if dependent.id in reopened or dependent.status is Status.PENDING:
                dependent.missing += 1
    turn.ready.append(node)


def _why_not(state: State, node: Instance | None, node_id: str) -> str:
    if node is None:
        return f"There is no node {node_id!r} to be run again."
    if node.inside:
        return f"{node_id!r} can't be run again as a whole. Retry the node inside that failed: {node.reason}"
    if state.stopped:
        return f"{node_id!r} can't be run again: the run was stopped, because {state.stopped} Fork the run instead."
    return f"{node_id!r} can't be run again: it is {node.status}, and only what failed can."


def _affected(state: State, node: Instance) -> list[Instance]:
    """The node, what was blocked by it, and the maps, loops and subgraphs that ended over it."""
    affected, seen = [node], {node.id}
    for one in affected:
        touched = list(dependents(state, one))
        owner = one.scope.owner
        if owner is not None:
            _check_last_turn(node, one, owner)
            touched.append(owner)
        for other in touched:
            if (
                other.id in seen
                or other.status is Status.PENDING
                or (other is owner and other.status is Status.RUNNING)
            ):
                continue
            if not _reopens(other, owner):
                raise _went_on(node, other)
            if other.status is not Status.SKIPPED:
                seen.add(other.id)
                affected.append(other)
    return affected


def _reopens(other: Instance, owner: Instance | None) -> bool:
    """Whether a node that has ended can take its end back. What was left out stays left out, and hinders nobody."""
    if other is owner:
        return other.status in (Status.DONE, Status.FAILED)
    if other.status is Status.FAILED:
        return not other.inside
    return other.status in (Status.BLOCKED, Status.SKIPPED)


def _check_last_turn(node: Instance, one: Instance, owner: Instance) -> None:
    if not isinstance(owner.node.runs, Map) and owner.inside[-1] is not one.scope:
        raise _went_on(node, owner)


def _went_on(node: Instance, other: Instance) -> ValueError:
    return ValueError(
        f"{node.id!r} can't be run again: {other.id!r} went on without it. Fork the run from {node.id!r} instead."
    )


def _reopen(state: State, node: Instance) -> None:
    scope = node.scope
    if scope.open_nodes == 0:
        if scope.owner is None:
            state.complete = False
        else:
            scope.owner.open_inside += 1
    scope.open_nodes += 1
    node.status = Status.RUNNING if node.inside else Status.PENDING
    node.reason, node.value = "", NOTHING
