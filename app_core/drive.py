"""Drives a run: does what `step` commands, and appends what came of it to the Log before anything follows from it."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any, cast

from rheostat import dag
from rheostat.autonomy import Approval, AutonomyError, Question
from rheostat.context import ContextError, Trust
from rheostat.dag import DagError, Labeled, State, Status

from . import effects
from .declare import AnyDeclared, AnyWorkflow, Llm, Source, Tool
from .errors import RheostatError
from .events import CallSettled, Event, NodeFinished, NodeStarted, RunEnded
from .label import Label, join
from .log import GENESIS, Record, Store, chained
from .money import Till
from .ports import ChatReply, ChatRequest, Gateway
from .replay import Cast, apply, finished
from .run_errors import AppFailed
from .think import think
from .view import View

Ask = Callable[[Question, View], Approval | None]
Decide = Ask | Callable[[Question, View], Awaitable[Approval | None]]
"""Asks a person; runs in a thread if it is not async. None leaves this question and all after it open."""

Watch = Callable[[Event, View], None]
"""Is told of every event once it is in the Log."""


class Driver:
    """One process's hold on a run; lost with RunTaken as soon as another process has written to the Log."""

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
        self._workflow, self._store, self._decide, self._watch = workflow, store, decide, watch
        self._seq, self._digest = len(records), records[-1].digest if records else GENESIS
        self._tasks = set[asyncio.Task[None]]()
        self._till = Till(self)
        self._questions = deque[str]()
        self._asking = False

    def emit(self, *events: Event) -> None:
        """Appends events to the Log, all or none; then lets them take effect, and starts the nodes that became ready.

        Raises RunTaken or StoreFull, and then nothing has taken effect.
        """
        at = time.time()
        records = chained(events, seq=self._seq, after=self._digest, at=at)
        self._store.append(self.view.run, self._seq, records)
        self._seq, self._digest = self._seq + len(records), records[-1].digest
        commands = list[dag.Command]()
        for event in events:
            commands += apply(event, self.state, self._workflow, self.cast)
            self.view.apply(event, at)
            if self._watch is not None:
                self._watch(event, self.view)
        for command in commands:
            if isinstance(command, dag.Start):
                self.spawn(self._node(command.node))

    async def go(self) -> None:
        """Runs what can run, and asks people if there is someone to ask, until the run has ended or only waits."""
        try:
            while self._tasks:
                ended, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
                self._tasks -= ended
                for trouble in [task.exception() for task in ended]:
                    if trouble is not None:
                        raise trouble
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.state.complete and self.view.status == "running":
            self.emit(self._ending())

    def restart(self) -> None:
        """After a stop: books what was in flight, runs again what was cut off, settles what people said meanwhile."""
        for call, worst_usd in list(self.view.open_usd.items()):
            self.emit(CallSettled(call=call, node=call.rpartition(":")[0], cost_usd=worst_usd, assumed=True))
        for instance in self.state.having(Status.READY, Status.RUNNING, Status.WAITING):
            # An effect that a person had accepted is cut off while its node, for the graph, still waits for them.
            asks = instance.status is Status.WAITING and self.view.nodes[instance.id].status == "waiting"
            if instance.node.body is None and not asks:
                self.spawn(self._node(instance.id))
        for question in self.view.open_questions():
            effects.settle(self, question)
            self.asks(question)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts a piece of work that `go` waits for."""
        self._tasks.add(asyncio.get_running_loop().create_task(work))

    def asks(self, question: Question) -> None:
        """Puts a question in front of whoever is there to be asked."""
        self._questions.append(question.id)
        if self._decide is not None and not self._asking:
            self._asking = True
            self.spawn(self._ask_people(self._decide))

    async def call(self, node: str, request: ChatRequest) -> ChatReply:
        """One call of a model, its worst case reserved before and its bill booked after."""
        return await self._till.call(node, request)

    async def run_function(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Runs a function of the app, in a thread if it is not async. Raises AppFailed for whatever it raises."""
        try:
            if inspect.iscoroutinefunction(function):
                return await function(**arguments)
            return await asyncio.to_thread(partial(function, **arguments))
        except (RheostatError, ContextError, DagError, AutonomyError):
            raise
        except Exception as error:
            name = getattr(function, "__name__", "a function")
            raise AppFailed(f"{name}() raised {type(error).__name__}: {error}") from error

    async def _node(self, node: str) -> None:
        """Runs one node to its end. Only trouble with the Log comes out of here as an exception."""
        declared = self.cast.get(self.state.nodes[node].node.calls)
        arguments = self.state.arguments(node)
        if isinstance(declared, Tool) and node in self.view.effects:
            return await effects.after_stop(self, declared, node, arguments)
        self.emit(NodeStarted(node=node))
        with effects.failing(self, node):
            if isinstance(declared, Tool):
                await effects.propose(self, declared, node, arguments)
            else:
                self.emit(await self._value(declared, node, arguments))

    async def _value(self, declared: AnyDeclared | None, node: str, arguments: Mapping[str, Labeled]) -> NodeFinished:
        label = join(value.label for value in arguments.values())
        data = {name: value.data for name, value in arguments.items()}
        if declared is None:
            return NodeFinished(node=node, value=data["value"], label=label)
        if isinstance(declared, Llm):
            thought = await think(self, declared, node, arguments)
            value = declared.codec("return").dump_python(thought.value, mode="json")
            return NodeFinished(node=node, value=value, label=thought.label, fields=thought.fields)
        result = await self.run_function(declared.function, data)
        if isinstance(declared, Source):
            outside = declared.trust is Trust.UNTRUSTED
            # What was asked counts too: who chooses the key chooses the record.
            label = join([label, Label(trust=declared.trust, by=declared.name, read_untrusted=outside)])
        return finished(declared, node, result, label)

    async def _ask_people(self, decide: Decide) -> None:
        """Asks the person one open question after another, until none is left or they leave one open."""
        while self._questions:
            asked = self._questions.popleft()
            question = next((question for question in self.view.open_questions() if question.id == asked), None)
            if question is None:
                continue
            if inspect.iscoroutinefunction(decide):
                approval = await decide(question, self.view)
            else:
                approval = await asyncio.to_thread(cast(Ask, decide), question, self.view)
            if approval is None:
                return
            effects.record(self, approval)
            # What was just accepted, and what "all like this" covers, is open until its task has begun.
            await asyncio.sleep(0)
        self._asking = False

    def _ending(self) -> RunEnded:
        failures = self.view.failures()
        if self.state.result() is not None:
            return RunEnded(status="partial" if failures else "done")
        # What fails inside a map is left out of its list. The output is missing for what ended outside of all maps.
        ended = self.state.having(Status.FAILED, Status.DECLINED)
        reasons = [node.reason for node in ended if node.scope is self.state.root]
        return RunEnded(status="failed", reason=next(iter(reasons), ""))
