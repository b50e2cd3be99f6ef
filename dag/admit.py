"""Who goes first: ready nodes start by the time that lies ahead of them, under a limit of number; and time itself.

Nothing here looks at all nodes: an event costs the same in a run of a hundred nodes and of a hundred thousand.
"""

from __future__ import annotations

from heapq import heapify, heappop

from .command import Command, Replan, Start
from .desk import Line
from .event import Planned, Resumed, Ticked
from .grant import line_up, rank_s, serve, waken
from .state import Instance, State, Status


def enqueue(state: State, node: Instance) -> None:
    """A node is ready: it starts as soon as the limits allow, the longest way to the end first."""
    line_up(state, state.desk.ready, node.id, node.id)


def enter(state: State, node: Instance) -> None:
    """A node runs: it is at work, also if nobody told it to start; as one does whose person has answered."""
    state.desk.at_work[node.id] = None


def leave(state: State, node: Instance) -> None:
    """A node has ended, or waits for a person: it is at work no more."""
    state.desk.at_work.pop(node.id, None)


def ended(state: State, node_id: str) -> None:
    """A node ended, of which a plan may have expected something else."""
    state.drift.end(node_id, state.worked_s, state.deadline_s, state.limits)


def start(state: State, commands: list[Command]) -> None:
    """Asks for a new plan if the old one fits no more, and starts the nodes whose turn it is; best by the new one."""
    if state.drift.reason and not state.drift.said and not state.complete:
        state.drift.said = True
        commands.append(Replan(state.drift.reason))
    desk, most = state.desk, state.limits.nodes_at_once
    while desk.ready and len(desk.at_work) < most:
        _, _, node_id = heappop(desk.ready)
        if state.nodes[node_id].status is Status.READY and node_id not in desk.at_work:
            desk.at_work[node_id] = None
            commands.append(Start(node_id))


def ticked(state: State, commands: list[Command], event: Ticked) -> None:
    """Time went on, and with it the work, if someone is at work."""
    before_s, desk = state.now_s, state.desk
    if before_s is not None and event.at_s < before_s:
        return
    if before_s is not None and desk.at_work:
        state.worked_s += event.at_s - before_s
    state.now_s = event.at_s
    if desk.wake_s is not None and desk.wake_s <= event.at_s:
        desk.wake_s = None
        waken(state, commands)


def resumed(state: State, commands: list[Command], event: Resumed) -> None:
    """Nobody was at work since the last event; who was before is to start again."""
    state.now_s = event.at_s if state.now_s is None else max(state.now_s, event.at_s)
    commands.extend(Start(node_id) for node_id in state.desk.at_work)


def planned(state: State, commands: list[Command], event: Planned) -> None:
    """Takes a plan in: what waits is put into its order."""
    state.plan = event.plan
    state.drift.begin(event.plan, state.worked_s)
    desk = state.desk
    desk.ready = _in_new_order(state, desk.ready, {node_id: node_id for _, _, node_id in desk.ready})
    nodes = {call: want.node for call, want in desk.wants.items()}
    for model, line in desk.lines.items():
        desk.lines[model] = _in_new_order(state, line, nodes)
    serve(state, commands)


def _in_new_order(state: State, line: Line, nodes: dict[str, str]) -> Line:
    ordered = [(-rank_s(state, nodes[name]), order, name) for _, order, name in line if name in nodes]
    heapify(ordered)
    return ordered
