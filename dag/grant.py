"""Which model call may be made: by rank, under limits of number, rate, money and time."""

from __future__ import annotations

from collections import deque
from heapq import heappop, heappush
from typing import Literal

from .bucket import Bucket
from .command import Command, Grant, Hedge, Refuse, Wake
from .desk import Line, Want, task_of
from .event import Reserved, Settled, Wanted, Withdrawn
from .ledger import check_amount
from .state import ENDED, State

TWIN = "~twin"


def rank_s(state: State, node_id: str) -> float:
    """Seconds from a node's start to the workflow's end along the longest way, as far as a plan knows."""
    chosen = state.plan.tasks.get(task_of(node_id)) if state.plan is not None else None
    return chosen.rank_s if chosen is not None else 0.0


def line_up(state: State, line: Line, name: str, node_id: str) -> None:
    """Puts a name into a line, behind those whose node has as long a way to go."""
    state.desk.order += 1
    heappush(line, (-rank_s(state, node_id), state.desk.order, name))


def wanted(state: State, commands: list[Command], event: Wanted) -> None:
    """A call is wanted.

    Raises:
        ValueError: the call's id was used before, its worst case is no amount of money, or its node is not there.
    """
    desk, ledger = state.desk, state.ledger
    if event.node not in state.nodes:
        raise ValueError(f"The call {event.call!r} is wanted by {event.node!r}, which is unknown.")
    if event.call in desk.wants or event.call in desk.flying or event.call in ledger.closed:
        raise ValueError(f"The call {event.call!r} was wanted before; a call's id is used once.")
    check_amount(event.worst_usd)
    prefix = f"{event.model}\n{event.prefix}" if event.prefix and event.prefix_saves_usd > 0 else ""
    _want(
        state,
        Want(event.call, event.node, event.model, event.worst_usd, event.tokens, prefix, event.hedge_after_s),
    )
    serve(state, commands)


def withdrawn(state: State, commands: list[Command], event: Withdrawn) -> None:
    """A call is wanted no more. Nothing happens if it was made already: it is settled then, whatever came of it."""
    desk = state.desk
    desk.wants.pop(event.call, None)
    want = desk.flying.get(event.call)
    if want is not None and not want.made:
        state.ledger.release(event.call)
        _land(state, want, warm=False)
    serve(state, commands)


def reserved(state: State, commands: list[Command], event: Reserved) -> None:
    """A call starts. One that was not granted here was in the process before this one.

    Raises:
        OverBudget: it was not granted, and its worst case does not fit.
        ValueError: its worst case is no amount of money, or it was reserved before.
    """
    desk, now_s = state.desk, state.now_s or 0.0
    want = desk.flying.get(event.call)
    if want is None or want.made:
        state.ledger.reserve(event.call, event.worst_usd)
        desk.wants.pop(event.call, None)
        want = Want(event.call, event.node, event.model, event.worst_usd, event.tokens)
        desk.flying[event.call] = want
        _take(state, want)
    want.made = True
    if want.hedge_after_s is not None and not want.twin_of:
        heappush(desk.hedges, (now_s + want.hedge_after_s, want.call))
        _wake_at(state, commands, now_s + want.hedge_after_s)


def settled(state: State, commands: list[Command], event: Settled) -> None:
    """A bill came, perhaps a late one. What waited for the money or for the slot may go.

    Raises:
        ValueError: the call was never reserved, or the bill is no amount of money.
    """
    state.ledger.settle(event.call, event.cost_usd)
    want = state.desk.flying.get(event.call)
    if want is not None:
        _land(state, want, warm=True)
        state.desk.wants.pop(want.call + TWIN, None)
        state.drift.bill(want.node, event.cost_usd)
    serve(state, commands)


def waken(state: State, commands: list[Command]) -> None:
    """It is time for something that was to happen at a time."""
    desk, now_s = state.desk, state.now_s or 0.0
    while desk.hedges and desk.hedges[0][0] <= now_s:
        slow = desk.flying.get(heappop(desk.hedges)[1])
        if slow is not None:
            twin = Want(slow.call + TWIN, slow.node, slow.model, slow.worst_usd, slow.tokens, twin_of=slow.call)
            _want(state, twin)
    while desk.hedges and desk.hedges[0][1] not in desk.flying:
        heappop(desk.hedges)
    if desk.hedges:
        _wake_at(state, commands, desk.hedges[0][0])
    serve(state, commands)


def serve(state: State, commands: list[Command]) -> None:
    """Lets through, or refuses, the calls whose turn it is."""
    desk = state.desk
    while desk.wants and len(desk.flying) < state.limits.calls_at_once:
        want = _next(state, commands)
        if want is None:
            return
        why = _hindrance(state, want)
        if why == "wait" and not want.twin_of:
            return
        heappop(desk.lines[want.model])
        del desk.wants[want.call]
        if why == "":
            _grant(state, commands, want)
        elif why != "wait" and not want.twin_of:  # a twin that does not fit is done without
            commands.append(Refuse(want.call, why, state.ledger.unspent_usd(), left_s(state)))


def left_s(state: State) -> float:
    """Seconds of work that are left; infinite without a deadline."""
    return float("inf") if state.deadline_s is None else max(0.0, state.deadline_s - state.worked_s)


def _hindrance(state: State, want: Want) -> Literal["deadline", "budget", "wait", ""]:
    """What keeps a call from being made: "deadline", "budget", or "wait" for the bills of others; "" for nothing."""
    if left_s(state) <= 0:
        return "deadline"
    if not state.ledger.could_fit(want.worst_usd):
        return "budget"
    return "" if state.ledger.fits(want.worst_usd) else "wait"


def _next(state: State, commands: list[Command]) -> Want | None:
    """The first of all lines that its model's rate lets go now. What waits for a rate hinders no other model."""
    desk, now_s = state.desk, state.now_s or 0.0
    first: tuple[float, int, str] | None = None
    for model in desk.lines:
        head = _head(state, desk.lines[model])
        if head is None:
            continue
        bucket = _bucket(state, model)
        free_s = bucket.free_s(now_s, desk.wants[head[2]].tokens) if bucket is not None else now_s
        if free_s > now_s:
            _wake_at(state, commands, free_s)
        elif first is None or head < first:
            first = head
    return None if first is None else desk.wants[first[2]]


def _head(state: State, line: Line) -> tuple[float, int, str] | None:
    """The first in a line that is still wanted and need not wait for the call that brings its prefix."""
    desk = state.desk
    while line:
        want = desk.wants.get(line[0][2])
        if want is not None and state.nodes[want.node].status in ENDED:
            del desk.wants[want.call]
        elif want is not None and desk.leading.get(want.prefix) and not _tight(state, want):
            desk.behind.setdefault(want.prefix, deque()).append(want.call)
        elif want is not None:
            return line[0]
        heappop(line)
    return None


def _tight(state: State, want: Want) -> bool:
    """Whether there is no time to wait for a call of the same kind first."""
    if state.deadline_s is None:
        return False
    chosen = state.plan.tasks.get(task_of(want.node)) if state.plan is not None else None
    return chosen is None or left_s(state) - chosen.rank_s < chosen.forecast.latency_s.p90


def _grant(state: State, commands: list[Command], want: Want) -> None:
    desk = state.desk
    state.ledger.reserve(want.call, want.worst_usd)
    desk.flying[want.call] = want
    _take(state, want)
    if want.prefix:
        desk.leading.setdefault(want.prefix, want.call)
    commands.append(Hedge(want.twin_of, want.call) if want.twin_of else Grant(want.call))


def _land(state: State, want: Want, *, warm: bool) -> None:
    """A call is in flight no more. If it led its prefix, those behind it may go: all, or the next to lead."""
    desk = state.desk
    del desk.flying[want.call]
    if want.prefix and desk.leading.get(want.prefix) == want.call:
        if warm:
            desk.leading[want.prefix] = ""
        else:
            del desk.leading[want.prefix]
        for call in desk.behind.pop(want.prefix, ()):
            if behind := desk.wants.get(call):
                line_up(state, desk.lines[behind.model], call, behind.node)


def _want(state: State, want: Want) -> None:
    desk = state.desk
    desk.wants[want.call] = want
    line_up(state, desk.lines.setdefault(want.model, []), want.call, want.node)


def _bucket(state: State, model: str) -> Bucket | None:
    rate = state.limits.rates.get(model)
    return state.desk.buckets.setdefault(model, Bucket(rate)) if rate is not None else None


def _take(state: State, want: Want) -> None:
    if bucket := _bucket(state, want.model):
        bucket.take(state.now_s or 0.0, want.tokens)


def _wake_at(state: State, commands: list[Command], at_s: float) -> None:
    desk = state.desk
    if desk.wake_s is None or at_s < desk.wake_s:
        desk.wake_s = at_s
        commands.append(Wake(at_s))
