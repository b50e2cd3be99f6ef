"""Drives a run: does what `step` commands, and appends what came of it to the Log before anything follows from it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from rheostat import dag
from rheostat.autonomy import Question
from rheostat.dag import State, Status, step

from . import effects
from .declare import AnyWorkflow
from .events import CallSettled, Event, NodeStarted, RunEnded, RunResumed
from .functions import run_function
from .log import GENESIS, Record, Store, chained
from .money import Till
from .people import Decide, People
from .ports import ChatReply, ChatRequest, Gateway
from .replay import Cast, apply
from .view import View
from .work import work

Watch = Callable[[Event, View], None]
"""Is told of every event once it is in the Log."""


class Driver:
    """One process's hold on a run; lost with RunTaken as soon as another process has written to the Log.

    Events are taken into the state, appended to the Log in one go, and only then acted on and told to others. If the
    append fails, the hold is lost, and with it the state.
    """

    def __init__(
        self,
        seen: View,
        state: State,
        records: Sequence[Record],
        *,
        workflow: AnyWorkflow,
        cast: Cast,
        gateway: Gateway,
        store: Store,
        decide: Decide | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.view, self.state = seen, state
        self.gateway, self.cast = gateway, cast
        self._workflow, self._store, self._watch = workflow, store, watch
        self._seq, self._digest = len(records), records[-1].digest if records else GENESIS
        self._epoch_s = max(time.time(), seen.last_at) - time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] | None = None
        self._trouble: BaseException | None = None
        self._waiting = list[Event]()
        self._due = False
        self._timer: asyncio.TimerHandle | None = None
        self._tasks = set[asyncio.Task[None]]()
        self._of_node = dict[str, asyncio.Task[None]]()
        self._till = Till(self)
        self._people = None if decide is None else People(self, decide)

    def now(self) -> float:
        """The run's time in epoch seconds: that of the clock when this process took it on, and steady from there."""
        return self._epoch_s + time.monotonic()

    def emit(self, *events: Event) -> None:
        """Appends events to the Log, all or none, with those that wait for it; then acts on what follows from them.

        Raises RunTaken or StoreFull, and then the hold is lost.
        """
        self._waiting += events
        self._commit()

    def later(self, *events: Event) -> None:
        """As `emit`, in one append with all that comes up in this turn of the event loop."""
        self._waiting += events
        if not self._due:
            self._due = True
            self._loop.call_soon(self._safely, self._commit)

    def tell(self, *events: dag.Event) -> None:
        """Tells `step` what is not kept in the Log, and does what it commands."""
        self._commit(*events)

    def spawn(self, work: Coroutine[Any, Any, None], node: str = "") -> None:
        """Starts a piece of work that `go` waits for; a node's is cancelled when `step` calls the node off."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        if node:
            self._of_node[node] = task
            task.add_done_callback(lambda _: self._of_node.pop(node, None))
        task.add_done_callback(self._left)

    def asks(self, question: Question) -> None:
        """Puts a question in front of whoever is there to be asked."""
        if self._people is not None:
            self._people.asks(question)

    async def call(self, node: str, request: ChatRequest) -> ChatReply:
        """One call of a model, its worst case reserved before and its bill booked after."""
        return await self._till.call(node, request)

    async def run_function(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Runs a function of the app. Raises AppFailed for whatever it raises."""
        return await run_function(function, arguments)

    def restart(self, *, first: bool) -> None:
        """Takes the run on: starts it, or books what was in flight and runs again what was cut off.

        Args:
            first: whether nobody has worked on it before.
        """
        if first:
            self.tell(dag.Resumed(self.now()))
            return
        cut_off = [
            CallSettled(call=call, node=call.rpartition(":")[0], cost_usd=worst_usd, assumed=True)
            for call, worst_usd in self.view.open_usd.items()
        ]
        self.emit(RunResumed(), *cut_off)
        for question in self.view.open_questions():
            effects.settle(self, question)
            self.asks(question)

    async def go(self) -> None:
        """Runs what can run, and asks people if there is someone to ask, until the run has ended or only waits."""
        self._over = self._loop.create_future()
        self._rest()
        try:
            await self._over
            if self._trouble is not None:
                raise self._trouble
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.state.complete and self.view.status == "running":
            self.emit(self._ending())

    def _commit(self, *told: dag.Event) -> None:
        """Takes in what waits, appends it, and acts on what `step` commands."""
        self._due = False
        at_s = self.now()
        commands = step(self.state, dag.Ticked(at_s))
        for event in told:
            commands += step(self.state, event)
        batch, self._waiting = self._waiting, []
        for event in batch:
            commands += apply(event, at_s, self.state, self._workflow, self.cast)
        for command in commands:  # grows on the way: that a node starts may have consequences
            if isinstance(command, dag.Start):
                batch.append(NodeStarted(node=command.node))
                commands += apply(batch[-1], at_s, self.state, self._workflow, self.cast)
        if batch:
            self._append(batch, at_s)
        for command in commands:
            self._act(command)
        self._rest()

    def _append(self, events: Sequence[Event], at_s: float) -> None:
        records = chained(events, seq=self._seq, after=self._digest, at=at_s)
        self._store.append(self.view.run, self._seq, records)
        self._seq, self._digest = self._seq + len(records), records[-1].digest
        for event in events:
            self.view.apply(event, at_s)
            if self._watch is not None:
                self._watch(event, self.view)

    def _act(self, command: dag.Command) -> None:
        match command:
            case dag.Start():
                self.spawn(work(self, command.node), command.node)
            case dag.Stop():
                if task := self._of_node.get(command.node):
                    task.cancel()
            case dag.Grant() | dag.Refuse() | dag.Hedge():
                self._till.on(command)
            case dag.Wake():
                if self._timer is not None:
                    self._timer.cancel()
                after_s = max(0.0, command.at_s - self.now())
                self._timer = self._loop.call_later(after_s, self._safely, self.tell)
            case _:
                pass

    def _left(self, task: asyncio.Task[None]) -> None:
        """A piece of work has ended."""
        self._tasks.discard(task)
        if not task.cancelled() and (trouble := task.exception()) is not None:
            self._lose(trouble)
        self._rest()

    def _safely(self, call: Callable[[], None]) -> None:
        """Does what the event loop was asked to do: nobody else would hear of an error."""
        try:
            call()
        except Exception as trouble:
            self._lose(trouble)

    def _lose(self, trouble: BaseException) -> None:
        self._trouble = self._trouble or trouble
        self._rest()

    def _rest(self) -> None:
        """Lets `go` end once nothing is being done and nothing waits to be written, or there is trouble."""
        ended = self._trouble is not None or not (self._tasks or self._waiting)
        if ended and self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _ending(self) -> RunEnded:
        failures = self.view.failures()
        if self.state.result() is not None:
            return RunEnded(status="partial" if failures else "done")
        # What fails inside a map is left out of its list. The output is missing for what ended outside of all maps.
        ended = self.state.having(Status.FAILED, Status.DECLINED)
        reasons = [node.reason for node in ended if node.scope is self.state.root]
        return RunEnded(status="failed", reason=next(iter(reasons), ""))
