"""Taking effects back: one, or all since a point. A person asks for it; it is in the Log before and after."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import time
from typing import Any, Self

from pydantic import TypeAdapter

from rheostat.autonomy import Json

from .check_tool import EFFECT
from .decisions import UndoFailed, Undone, UndoStarted
from .declare import KEY, AnyTool, Tool
from .done import Effect, effects, since
from .events import Event, NodeFinished, RunResumed
from .failing import FAILURES
from .functions import do_effect, run_function
from .kept_files import put_back, shown_back
from .log import Record, Store, chained, verify
from .replay import Cast
from .run_errors import NotUndone, TookTooLong
from .view import View, view


def undo(store: Store, run: str, cast: Cast, node: str, *, by: str, again: bool) -> None:
    """Takes back the effect of one step. Arguments and errors as for Run.undo."""
    with _Held(store, run) as held:
        _take_back(held, _ready(held, cast, _named(held.records, held.seen, node), again), by)


def undo_to(store: Store, run: str, cast: Cast, point: str, *, by: str) -> None:
    """Takes back all effects since a point, newest first. Arguments and errors as for Run.undo_to."""
    with _Held(store, run) as held:
        todo = since(effects(held.records), point, held.records)
        try:
            ready = [_ready(held, cast, effect, again=False) for effect in todo]
        except NotUndone as error:
            raise NotUndone(str(error), "Nothing was undone.") from None
        for number, way in enumerate(ready):
            try:
                _take_back(held, way, by)
            except NotUndone as error:
                before, left = (", ".join(each.node for each in part) for part in (todo[:number], todo[number + 1 :]))
                raise NotUndone(
                    str(error),
                    f"Undone before that: {before or 'nothing'}.",
                    f"Not undone: {left or 'nothing else'}.",
                ) from None


def previewed_undo(records: Sequence[Record], run: str, cast: Cast, node: str) -> Json:
    """What taking back the effect of one step would do, as the tool tells it; None if it does not. Nothing is done."""
    effect = _named(records, view(run, records), node)
    tool = _tool(cast, effect)
    if tool.changes:
        return _done(run_function(shown_back, {KEY: effect.key}))
    if tool.preview_undo is None:
        return None
    return _done(run_function(tool.preview_undo, _given(tool.preview_undo, tool, effect, effect.result)))


class _Held:
    """A run that is held while its effects are taken back."""

    def __init__(self, store: Store, run: str) -> None:
        self._store, self._run, self._lease = store, run, store.lease(run)

    def __enter__(self) -> Self:
        self._lease.take()
        try:
            self.records = self._store.read(self._run)
            verify(self._run, self.records)
            self.seen = view(self._run, self.records)
        except BaseException:
            self._lease.drop()
            raise
        self._taken_up = self.seen.status != "running"
        return self

    def __exit__(self, *_: object) -> None:
        self._lease.drop()

    def append(self, *events: Event) -> None:
        """Writes to the Log what an undo is about to do, or has done. Raises RunTaken or StoreFull."""
        if not self._taken_up:  # else the time since somebody last worked on the run would count as work
            self._taken_up, events = True, (RunResumed(), *events)
        last = self.records[-1]
        added = chained(events, seq=len(self.records), after=last.digest, at=max(time(), last.at))
        self._store.append(self._run, len(self.records), added)
        self.records += added


@dataclass(frozen=True, slots=True)
class _WayBack:
    """What is called, with what, to take an effect back."""

    effect: Effect
    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    timeout_s: float | None


def _named(records: Sequence[Record], seen: View, node: str) -> Effect:
    """The effect of a step. Raises NotUndone if it has none."""
    found = {effect.node: effect for effect in effects(records)}
    if node in found:
        return found[node]
    known = seen.nodes.get(node)
    for event in (record.event for record in records):
        if isinstance(event, NodeFinished) and event.node == node and event.kept_from:
            raise NotUndone(f"{node!r} was done in run {event.kept_from}.", "", "Undo it there.")
    if known is None:
        raise NotUndone(f"There is no step {node!r} in this run.", f"Effects: {', '.join(found) or 'none'}.")
    if known.action is None or node in seen.effects:
        raise NotUndone(f"{node!r} changed nothing, so there is nothing to undo.")
    why = f": {known.reason}" if known.reason else ""
    raise NotUndone(f"{node!r} was never done, so there is nothing to undo.", f"It is {known.status}{why}.")


def _ready(held: _Held, cast: Cast, effect: Effect, again: bool) -> _WayBack:
    """How to take an effect back. Raises NotUndone, before anything is done, if that can't be."""
    tool = _tool(cast, effect)
    if effect.standing == "undone":
        raise NotUndone(f"{effect.node!r} was undone already, by {effect.undone_by}.")
    function = put_back if tool.changes else tool.undo
    if function is None:
        raise NotUndone(f"{effect.node!r} can't be undone: {tool.name}() has no undo.", "", "Mend by hand what it did.")
    if effect.standing == "undoing" and not again and KEY not in inspect.signature(function).parameters:
        raise NotUndone(
            f"Nobody knows whether {effect.node!r} is undone: the process stopped while it was at it.",
            "",
            "Look first; if it is not, undo it with `again`.",
        )
    try:
        result = effect.result if effect.whole or tool.changes else _found_out(held, tool, effect)
        return _WayBack(effect, function, _given(function, tool, effect, result), tool.timeout_s)
    except FAILURES as error:
        if isinstance(error, NotUndone):
            raise
        raise NotUndone(f"{effect.node!r} was not undone.", str(error)) from None


def _found_out(held: _Held, tool: AnyTool, effect: Effect) -> Any:
    """What came of an effect whose end is not known: the tool's own word on it. Raises NotUndone if there is none."""
    if effect.standing == "unknown" and held.seen.status == "running":
        raise NotUndone(
            f"Nobody knows yet whether {effect.node!r} was done.", "", f"Go on with run {held.seen.run} first."
        )
    if tool.status is None:
        raise NotUndone(
            f"Nobody knows whether {effect.node!r} was done: it did not come to its end.",
            f"{tool.name}() has no `status` that could tell.",
            "Look, and mend by hand what it did.",
        )
    result = _done(run_function(partial(tool.status, effect.key), {}))
    if result is None:
        raise NotUndone(f"{effect.node!r} was never done, says {tool.name}(), so there is nothing to undo.")
    return result


def _take_back(held: _Held, way: _WayBack, by: str) -> None:
    """Takes an effect back, journaled before and after. Raises NotUndone if that fails."""
    node = way.effect.node
    held.append(UndoStarted(node=node, key=way.effect.key, by=by))
    try:
        said = asyncio.run(do_effect(way.function, way.arguments, way.timeout_s))
    except TookTooLong as error:
        raise NotUndone(f"Nobody knows whether {node!r} is undone.", str(error)) from None
    except FAILURES as error:
        sentence = str(error).encode(errors="replace").decode()
        held.append(UndoFailed(node=node, error=sentence))
        raise NotUndone(f"{node!r} was not undone.", sentence) from None
    held.append(Undone(node=node, said=_as_json(said)))


def _tool(cast: Cast, effect: Effect) -> AnyTool:
    tool = cast.get(effect.action.tool)
    if not isinstance(tool, Tool):
        raise NotUndone(f"{effect.node!r} can't be undone: the app has no tool {effect.action.tool!r} any more.")
    return tool


def _given(function: Callable[..., Any], tool: AnyTool, effect: Effect, result: Any) -> dict[str, Any]:
    """What an undo asks for, by the names of its parameters. Raises pydantic's ValidationError."""
    wanted = inspect.signature(function).parameters
    given = {name: each.default for name, each in inspect.signature(tool.function).parameters.items()}
    given |= {each.name: each.value for each in effect.action.arguments}
    stated = {each.name for each in effect.action.arguments} & wanted.keys()
    given |= {name: tool.codec(name).validate_python(given[name]) for name in stated}
    if EFFECT in wanted:
        given[EFFECT] = tool.codec("return").validate_python(result)
    given[KEY] = effect.key
    return {name: given[name] for name in wanted if name in given}


def _done(asked: Any) -> Any:
    return asyncio.run(asked)


def _as_json(said: Any) -> Json:
    """What an undo gave, so that the Log can hold it whatever it is."""
    text = json.dumps(TypeAdapter[Any](Any).dump_python(said, mode="json", fallback=str), default=str)
    return json.loads(text.encode(errors="replace"))
