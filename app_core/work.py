"""What one node does, from its arguments to its value. Only trouble with the Log comes out of here as an exception."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from rheostat.context import Trust
from rheostat.dag import Labeled

from . import effects, failing
from .agent import Note
from .declare import AnyDeclared, Llm, Source, Tool
from .events import NodeFinished, NodeLetGo
from .functions import run_function
from .hold import Hold
from .keep import keep, kept, key_for
from .label import Label, join
from .replay import finished
from .run_errors import TookTooLong
from .think import think
from .told import changed_by_people


async def work(hold: Hold, node: str) -> None:
    """Runs a node that was started, to its end or until it waits for a person."""
    declared = hold.cast.get(hold.state.nodes[node].node.calls)
    arguments = hold.state.arguments(node)
    try:
        if not isinstance(declared, Tool):
            if declared is None or declared.timeout_s is None:
                event = await _value(hold, declared, node, arguments)
            else:
                event = await _value_in_time(hold, declared, declared.timeout_s, node, arguments)
            hold.later(event)
        elif node in hold.view.effects:
            await effects.after_stop(hold, declared, node, arguments)
        else:
            await effects.propose(hold, declared, node, arguments)
    except failing.FAILURES as error:
        failing.fail(hold, node, error)


async def _value_in_time(
    hold: Hold, declared: AnyDeclared, timeout_s: float, node: str, arguments: Mapping[str, Labeled]
) -> NodeFinished | NodeLetGo:
    limit = asyncio.timeout(timeout_s)
    try:
        async with limit:
            return await _value(hold, declared, node, arguments)
    except TimeoutError:
        if not limit.expired():
            raise
        raise TookTooLong(declared.name, timeout_s) from None


async def _value(
    hold: Hold, declared: AnyDeclared | None, node: str, arguments: Mapping[str, Labeled]
) -> NodeFinished | NodeLetGo:
    if declared is None:
        return NodeFinished(node=node, value=arguments["value"].data, label=arguments["value"].label)
    key = key_for(hold, declared, arguments)
    if not key:
        return await _worked_out(hold, declared, node, arguments)
    if found := kept(hold, key, node, arguments):
        return found
    event = await _worked_out(hold, declared, node, arguments)
    if isinstance(event, NodeFinished):
        keep(hold, key, event)
    return event


async def _worked_out(
    hold: Hold, declared: AnyDeclared, node: str, arguments: Mapping[str, Labeled]
) -> NodeFinished | NodeLetGo:
    if isinstance(declared, Llm):
        return await think(hold, declared, node, arguments)
    label = join([value.label for value in arguments.values()])
    given = {name: value.data for name, value in arguments.items()}
    if isinstance(declared, Note):
        given["changed"] = changed_by_people(hold.view, node.rpartition("/")[0])
    result = await run_function(declared.function, given)
    if isinstance(declared, Source):
        outside = declared.trust is Trust.UNTRUSTED
        # What was asked counts too: who chooses the key chooses the record.
        own = Label(trust=declared.trust, by=declared.name, read_untrusted=outside, secret=declared.secret)
        label = join([label, own])
    return finished(declared, node, result, label)
