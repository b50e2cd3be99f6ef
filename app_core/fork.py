"""What a fork takes over from the run that it starts from: all that came of the same arguments."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rheostat import dag
from rheostat.context import Trust
from rheostat.dag import Labeled, Limits, State, Status

from .declare import AnyWorkflow
from .events import NodeFinished, RunStarted
from .label import Label, join
from .replay import Cast, apply, finished
from .run_errors import AppFailed, BadInput

_ALL_AT_ONCE = 2**31


def taken_over(
    old: State,
    started: RunStarted,
    values: Mapping[str, Any],
    *,
    workflow: AnyWorkflow,
    cast: Cast,
    run: str,
    undone: Collection[str] = (),
) -> Sequence[NodeFinished]:
    """The nodes that are finished in a fork before it runs, in order.

    Args:
        old: the state of the run that it starts from, whose id is `run`.
        started: how the fork starts.
        values: what nodes are to have given, by id.
        workflow: that both run.
        cast: the functions that its nodes call.
        undone: the nodes whose effect was taken back in that run: in this one it has not happened.

    Raises:
        BadInput: a value does not fit, or its node's turn does not come before something has run.
    """
    new = State(workflow.graph, join, Limits(nodes_at_once=_ALL_AT_ONCE))
    kept = list[NodeFinished]()
    commands = apply(started, 0.0, new, workflow, cast)
    for command in commands:  # grows on the way
        if not isinstance(command, dag.Start):
            continue
        node = command.node
        event = None
        if node in values:
            event = _given(new, node, values[node], cast)
        elif node not in undone:
            event = _same(old, new, node, cast, run)
        if event is not None:
            kept.append(event)
            commands += apply(event, 0.0, new, workflow, cast)
    _check_all_used(values, kept, old)
    return kept


def _given(new: State, node: str, value: Any, cast: Cast) -> NodeFinished:
    declared = cast.get(new.nodes[node].node.calls)
    if declared is None:
        raise BadInput(f"{node!r} can't be given a value.", "It only passes one on.", "Give the node before it one.")
    try:
        return finished(declared, node, value, Label(trust=Trust.USER, by="the user"))
    except AppFailed as error:
        raise BadInput(f"The value for {node!r} does not fit.", str(error)) from None


def _same(old: State, new: State, node: str, cast: Cast, run: str) -> NodeFinished | None:
    """What the node gave in the old run, if it was asked the same there."""
    was, now = old.nodes.get(node), new.nodes[node]
    if was is None or was.status is not Status.DONE or was.node.calls != now.node.calls:
        return None
    if not _equal(old.arguments(node), new.arguments(node)):
        return None
    declared = cast.get(was.node.calls)
    data = was.value.data if declared is None else declared.codec("return").dump_python(was.value.data, mode="json")
    return NodeFinished(node=node, value=data, label=was.value.label, fields=dict(was.value.fields), kept_from=run)


def _equal(before: Mapping[str, Labeled], now: Mapping[str, Labeled]) -> bool:
    try:
        return bool(before == now)
    except Exception:  # an array, say: whether it is the same can't be told, so it counts as changed
        return False


def _check_all_used(values: Mapping[str, Any], kept: Sequence[NodeFinished], old: State) -> None:
    unused = set(values) - {event.node for event in kept}
    for node in sorted(unused):
        if node in old.nodes:
            raise BadInput(
                f"{node!r} can't be given a value yet.",
                "What comes before it has to run first with what was changed, or it runs a graph of its own.",
                "Fork with that change, resume, and fork again.",
            )
        raise BadInput(f"There is no node {node!r} in this run.", f"There are {', '.join(list(old.nodes)[:8])}.")
