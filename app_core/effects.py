"""A tool node's way from proposal to effect: ruled on, asked about or not, and done, journaled before and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rheostat.autonomy import Action, Ruling
from rheostat.dag import Labeled

from .act import calling, key_of, previewed
from .act import propose as proposed
from .asking import pose
from .decisions import EffectStarted, Ruled
from .declare import AnyTool
from .events import Event, NodeDeclined
from .functions import do_effect
from .hold import Hold
from .label import join
from .replay import finished
from .rulings import NO_END, UNKNOWN, rule
from .run_errors import TookTooLong


async def propose(hold: Hold, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """Rules on a tool node's action, and does it, asks about it or declines it accordingly."""
    # A workflow that somebody else wrote has a label of its own, and declares no effect.
    declared = hold.state.nodes[node].scope.graph.label is None
    action = proposed(tool, arguments, node=node, run=hold.view.run, declared=declared)
    ruling = rule(hold, action, *tool.rules)
    if ruling.ruling is Ruling.DENY:
        hold.emit(
            Ruled(node=node, action=action, verdict=ruling),
            NodeDeclined(node=node, reason=" ".join(ruling.reasons), by=ruling.decided_by),
        )
    elif ruling.ruling >= Ruling.ASK:
        # The preview may refuse the action (its target is gone): better now than after a person has decided.
        preview = await hold.run_function(previewed, {"tool": tool, "arguments": arguments})
        pose(hold, action, ruling, preview)
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
    key = key_of(action.run, action.node)
    called = calling(tool, action, arguments, key)
    hold.emit(*before, EffectStarted(node=action.node, key=key, action=action, question=question))
    try:
        result = await do_effect(tool.function, called, tool.timeout_s)
    except TookTooLong:
        return pose(hold, action, rule(hold, action, NO_END, *tool.rules), None)
    hold.emit(finished(tool, action.node, result, join(value.label for value in arguments.values())))


async def after_stop(hold: Hold, tool: AnyTool, node: str, arguments: Mapping[str, Labeled]) -> None:
    """An effect whose end is not in the Log: done again only if the tool honours its key, else asked about."""
    action = hold.view.nodes[node].action
    assert action is not None
    if tool.honours_key:
        await perform(hold, tool, action, arguments)
    else:
        pose(hold, action, rule(hold, action, UNKNOWN, *tool.rules), None)
