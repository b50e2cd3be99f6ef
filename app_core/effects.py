"""A tool node's way from proposal to effect: ruled on, asked about or not, and done, journaled before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from rheostat.autonomy import Action, Ruling
from rheostat.context import Trust
from rheostat.dag import Labeled

from .act import calling, key_of, previewed
from .act import propose as proposed
from .asking import pose
from .decisions import EffectStarted, Ruled
from .declare import AnyTool
from .events import Event, NodeDeclined
from .functions import do_effect
from .hold import Hold
from .kept_files import keeping
from .label import Label, join, untrusted
from .parts import parts_of
from .replay import finished
from .rulings import ELSEWHERE, NO_END, UNKNOWN, rule
from .run_errors import AppFailed, TookTooLong
from .tracing import traced
from .weigh import lead_elsewhere, weighed


async def propose(hold: Hold, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """Rules on a tool node's action, and does it, asks about it or declines it accordingly."""
    # A workflow that somebody else wrote has a label of its own, and declares no effect.
    declared = hold.state.nodes[node].scope.graph.label is None
    action = proposed(tool, arguments, node=node, run=hold.view.run, declared=declared)
    action = traced(hold, tool, action)
    action = await hold.run_function(weighed, {"tool": tool, "action": action, "arguments": arguments})
    ruling = rule(hold, action, *tool.rules)
    preview, parts = None, ()
    if Ruling.ASK <= ruling.ruling < Ruling.DENY:
        # The preview may refuse the action (its target is gone): better now than after a person has decided.
        shown = {"tool": tool, "arguments": arguments, "key": key_of(hold.view.run, node)}
        preview = await hold.run_function(previewed, shown)
        parts = await hold.run_function(parts_of, {"tool": tool, "action": action, "arguments": arguments})
        ruling = rule(hold, action, *tool.rules)  # meanwhile the dial may have been moved, or all of this kind accepted
    if ruling.ruling is Ruling.DENY:
        hold.emit(
            Ruled(node=node, action=action, verdict=ruling),
            NodeDeclined(node=node, reason=" ".join(ruling.reasons), by=ruling.decided_by),
        )
    elif ruling.ruling >= Ruling.ASK:
        pose(hold, action, ruling, preview, parts)
    else:
        await perform(hold, tool, action, arguments, before=[Ruled(node=node, action=action, verdict=ruling)])


async def perform(
    hold: Hold,
    tool: AnyTool,
    action: Action,
    arguments: Mapping[str, Labeled],
    question: str = "",
    before: Sequence[Event] = (),
) -> None:
    """Does an action that may be done, under its idempotency key. Events in `before` go into the Log with its start."""
    if elsewhere := lead_elsewhere(action):
        return pose(hold, elsewhere, rule(hold, elsewhere, ELSEWHERE, *tool.rules), None)
    key = key_of(action.run, action.node)
    called = calling(tool, action, arguments, key)
    hold.emit(*before, EffectStarted(node=action.node, key=key, action=action, question=question))
    try:
        result = await do_effect(keeping(tool, key) if tool.changes else tool.function, called, tool.timeout_s)
    except TookTooLong:
        return pose(hold, action, rule(hold, action, NO_END, *tool.rules), None)
    hold.emit(finished(tool, action.node, result, _label(tool, arguments)))


async def after_stop(hold: Hold, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """An effect whose end is not in the Log: done again only if the tool knows its key, else asked about."""
    action = hold.view.nodes[node].action
    assert action is not None
    key = hold.view.effects[node]
    try:
        result = None if tool.status is None else await hold.run_function(partial(tool.status, key), {})
    except AppFailed:  # it can't tell
        return pose(hold, action, rule(hold, action, UNKNOWN, *tool.rules), None)
    if result is not None:
        hold.emit(finished(tool, node, result, _label(tool, arguments)))
    elif tool.honours_key or tool.status is not None:
        await perform(hold, tool, action, arguments)
    else:
        pose(hold, action, rule(hold, action, UNKNOWN, *tool.rules), None)


def _label(tool: AnyTool, arguments: Mapping[str, Labeled]) -> Label:
    """The label of what a tool gives: it is as little trusted as its arguments, and as what the tool brings in."""
    brought = [untrusted(tool.name)] if tool.trust is Trust.UNTRUSTED else []
    return join([*(value.label for value in arguments.values()), *brought])
