"""Drives a run: does what `step` commands, and appends what came of it to the Log before anything follows from it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from rheostat import dag
from rheostat.autonomy import Grants, Policy, Question
from rheostat.dag import State, step

from . import answers
from .around import AROUND
from .asking import remind
from .decisions import PolicySet
from .declare import AnyWorkflow
from .ending import ending
from .events import CallSettled, Event, NodeFinished, NodeStarted, RunEnded, RunResumed, Token
from .functions import run_function
from .log import GENESIS, Record, Store, linked, written
from .money import Till
from .outlook import Outlook
from .people import Decide, People
from .planning import planned
from .ports import ChatReply, ChatRequest, Gateway
from .replay import Cast, apply
from .view import View
from .word import WORD, CallOff, Word, told, why_called_off
from .work import work

Watch = Callable[[Event, View], None]
"""Is told of every event once it is in the Log."""

Listen = Callable[[Token], None]
"""Is told the models' answers as they come."""

_LOOK_S = 0.5
"""Seconds between two looks whether someone has left word for the run."""


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
        outlook: Outlook,
        store: Store,
        grants: Grants,
        policy: Policy,
        decide: Decide | None = None,
        watch: Watch | None = None,
        listen: Listen | None = None,
    ) -> None:
        self.view, self.state = seen, state
        self.gateway, self.cast, self.outlook = gateway, cast, outlook
        self.grants, self._policy, self.around = grants, policy, AROUND.get()
        self._workflow, self._store, self._watch, self._listen = workflow, store, watch, listen
        self.seq, self._digest = len(records), records[-1].digest if records else GENESIS
        self._epoch_s = max(time.time(), seen.last_at) - time.monotonic()
        self._loop = asyncio.get_running_loop()
        self._over: asyncio.Future[None] | None = None
        self.replanned: asyncio.Future[None] = self._loop.create_future()
        self._trouble: BaseException | None = None
        self._lease = store.lease(seen.run)
        self._waiting = list[tuple[Event, str]]()
        self._commands = deque[dag.Command]()
        self._due = self._closing = False
        self._why_stop = ""
        self._wake: asyncio.TimerHandle | None = None
        self._look: asyncio.TimerHandle | None = None
        self._starting = dict[str, None]()
        self._at_work = dict[str, asyncio.Task[None]]()
        self._beside = set[asyncio.Task[None]]()
        self._asking = set[asyncio.Task[None]]()
        self._till = Till(self)
        self._people = None if decide is None else People(self, decide)

    def now(self) -> float:
        """The run's time in epoch seconds: that of the clock when this process took it on, and steady from there."""
        return self._epoch_s + time.monotonic()

    def emit(self, *events: Event) -> None:
        """Appends events to the Log, all or none, with those that wait for it; then acts on what follows from them.

        Raises RunTaken or StoreFull, and then the hold is lost; or Unwritable, and then nothing has happened.
        """
        self._waiting += [(event, written(event)) for event in events]
        self._commit()

    def later(self, *events: Event) -> None:
        """As `emit`, in one append with all that comes up in this turn of the event loop."""
        self._waiting += [(event, written(event)) for event in events]
        self._soon()

    def tell(self, *events: dag.Event) -> None:
        """Tells `step` what is not kept in the Log, and does what it commands."""
        self._commit(*events)

    def spawn(self, work: Coroutine[Any, Any, None], *, asks: bool = False) -> None:
        """Starts a piece of work beside those of the nodes, that `go` waits for, too."""
        task = self._loop.create_task(work)
        self._beside.add(task)
        if asks:
            self._asking.add(task)
        task.add_done_callback(self._left)

    def hearing(self, node: str, call: str) -> Callable[[str], None] | None:
        """Who is to be told an answer as it comes; None if nobody listens."""
        listen = self._listen
        return None if listen is None else lambda text: listen(Token(node=node, call=call, text=text))

    def keep(self, key: str, body: str) -> None:
        """Keeps something for other runs."""
        self._store.keep(key, body)

    def kept(self, key: str) -> str | None:
        """What a run has kept under this key."""
        return self._store.kept(key)

    def call_off(self, why: str) -> None:
        """See Hold."""
        self._store.leave_word(self.view.run, CallOff(why=why).model_dump_json())

    def asks(self, question: Question) -> None:
        """Puts a question in front of whoever is there to be asked."""
        if self._people is not None:
            self._people.asks(question)

    async def call(
        self, node: str, request: ChatRequest, place: dag.Path = (), *, hedge_after_s: float | None = None
    ) -> ChatReply:
        """One call of a model, its worst case reserved before and its bill booked after."""
        return await self._till.call(node, request, place, hedge_after_s=hedge_after_s)

    async def run_function(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Runs a function of the app. Raises AppFailed for whatever it raises."""
        return await run_function(function, arguments)

    def restart(self, *, changed: Mapping[str, str] | None = None) -> None:
        """Takes the run on: starts it, or books what was in flight and runs again what was cut off.

        Args:
            changed: the shape of the graph, if that was changed since.

        Raises:
            RunHeld: another process works on it.
        """
        self._lease.take()
        words = self._words()
        policy = [] if self._policy == self.view.policy else [PolicySet(policy=self._policy)]
        news = [*policy, *told(self.view, words.values())]
        if self.seq == 1:
            if news:
                self.later(*news)
            self._plan()
            self.tell(dag.Resumed(self.now()))
            self._heard(words)
            return
        self.emit(RunResumed(shape=dict(changed or {})), *news, *self._cut_off())
        self._heard(words)
        if self.view.plan is None:
            self._plan()
        answers.reconsider(self)
        for question in self.view.open_questions():
            answers.settle(self, question)
            self.asks(question)
        remind(self)

    async def go(self) -> None:
        """Runs what can run, and asks people if there is someone to ask, until the run has ended or only waits."""
        self._over = self._loop.create_future()
        self._safely(self._listen_outside)
        self._rest()
        try:
            await self._over
        finally:
            await self._close()
        if self._trouble is not None:
            raise self._trouble
        if self._why_stop:
            self.emit(*self._cut_off(), RunEnded(status="cancelled", reason=self._why_stop))
            self._heard(self._words())
        elif self.state.complete and self.view.status == "running":
            self.emit(ending(self.view, self.state, self.outlook))

    def let_go(self) -> None:
        """Leaves the run to others, whatever state it is in."""
        self._lease.drop()

    async def _close(self) -> None:
        """Stops what is being done. What can't be stopped, an effect, is waited for, and no new node is started."""
        self._closing = True
        for timer in (self._wake, self._look):
            if timer is not None:
                timer.cancel()
        tasks = [*self._at_work.values(), *self._beside]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._waiting and self._trouble is None:
            self._commit()

    def _soon(self) -> None:
        """Has what waits written once this turn is over."""
        if not self._due:
            self._due = True
            self._loop.call_soon(self._safely, self._flush)

    def _flush(self) -> None:
        self._due = False
        if self._waiting or self._starting:
            self._commit()

    def _commit(self, *told: dag.Event) -> None:
        """Takes in what waits, appends it, and acts on what `step` commands."""
        at_s = self.now()
        commands = list[dag.Command]()
        if not any(isinstance(event, dag.Resumed) for event in told) and not self._takes_up():
            commands += step(self.state, dag.Ticked(at_s))
        for event in told:
            commands += step(self.state, event)
        batch = [*self._begun(), *self._waiting]
        self._waiting.clear()
        for event, _ in batch:
            commands += apply(event, at_s, self.state, self._workflow, self.cast)
        if batch:
            self._append(batch, at_s)
        self._commands.extend(commands)
        while self._commands:  # one may lead to another commit, which then acts on what is left here
            self._act(self._commands.popleft())
        if self._starting:
            self._soon()
        self._rest()

    def _begun(self) -> list[tuple[Event, str]]:
        """That nodes began. Of one that is through in the turn in which it began, its end tells enough."""
        for event, _ in self._waiting:
            if isinstance(event, NodeFinished):
                self._starting.pop(event.node, None)
        started = [NodeStarted(node=node) for node in self._starting]
        self._starting.clear()
        return [(event, written(event)) for event in started]

    def _takes_up(self) -> bool:
        """Whether what is to be written begins with taking the run up: then nobody was at work until now."""
        return bool(self._waiting) and isinstance(self._waiting[0][0], RunResumed)

    def _append(self, batch: Sequence[tuple[Event, str]], at_s: float) -> None:
        self._lease.take()
        records = linked([body for _, body in batch], seq=self.seq, after=self._digest, at=at_s)
        self._store.append(self.view.run, self.seq, records)
        self.seq, self._digest = self.seq + len(records), records[-1].digest
        for event, _ in batch:
            self.view.apply(event, at_s)
            if self._watch is not None:
                self._watch(event, self.view)

    def _act(self, command: dag.Command) -> None:
        match command:
            case dag.Start() if not self._closing:
                self._starting[command.node] = None
                self._at_work[command.node] = self._loop.create_task(self._run(command.node))
            case dag.Stop() if command.node in self._at_work:
                self._stop(command.node)
            case dag.Grant() | dag.Refuse() | dag.Hedge():
                self._till.on(command)
            case dag.Wake():
                if self._wake is not None:
                    self._wake.cancel()
                after_s = max(0.0, command.at_s - self.now()) + 0.001  # a timer may come a tick of the clock early
                self._wake = self._loop.call_later(after_s, self._safely, self.tell)
            case dag.Replan():
                self._plan(command.reason)
            case _:
                pass

    def _plan(self, why: str = "") -> None:
        """Plans what is still to be done. What has not made a call yet may go another way."""
        if event := planned(self.outlook, self.view, self.state, why):
            self.later(event)
            self._loop.call_soon(self._announce)

    def _announce(self) -> None:
        """Tells those who wait for it that there is another plan. By now it is in the Log."""
        announced, self.replanned = self.replanned, self._loop.create_future()
        announced.set_result(None)

    async def _run(self, node: str) -> None:
        """Does a node's work. A callback for when it is done would cost each node a turn of its own."""
        try:
            await work(self, node)
        except asyncio.CancelledError:
            raise
        except BaseException as trouble:
            self._lose(trouble)
        finally:
            self._at_work.pop(node, None)
            self._rest()

    def _stop(self, node: str) -> None:
        """Cancels a node's work; it may not even have begun."""
        self._starting.pop(node, None)
        task = self._at_work.pop(node)
        self._beside.add(task)
        task.add_done_callback(self._left)
        task.cancel()

    def _left(self, task: asyncio.Task[None]) -> None:
        """A piece of work beside those of the nodes has ended."""
        self._beside.discard(task)
        self._asking.discard(task)
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

    def _listen_outside(self) -> None:
        """Hears, now and then, what was said to the run from outside."""
        words = self._words()
        self._why_stop = why_called_off(words.values())
        if not self._why_stop:
            self._look = self._loop.call_later(_LOOK_S, self._safely, self._listen_outside)
            if news := told(self.view, words.values()):
                self.emit(*news)
                answers.reconsider(self)
            self._heard(words)
        self._rest()

    def _words(self) -> dict[int, Word]:
        return {number: WORD.validate_json(word) for number, word in self._store.words(self.view.run)}

    def _heard(self, words: Mapping[int, Word]) -> None:
        """Lets go of words whose consequences are in the Log. A call-off stays until the run has ended."""
        if words and (self._why_stop or not why_called_off(words.values())):
            self._store.heard(self.view.run, max(words))

    def _rest(self) -> None:
        """Lets `go` end once nothing is being done or to be written, and others work on the run while it only asks."""
        if self._at_work and self._trouble is None and not self._why_stop:
            return
        idle = not (self._at_work or self._waiting or self._starting or self._commands) and len(self._beside) == len(
            self._asking
        )
        if idle and not self._closing:
            self._lease.drop()
        ended = self._trouble is not None or self._why_stop or (idle and not self._beside)
        if ended and self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _cut_off(self) -> list[CallSettled]:
        """Books calls that nobody waits for any more: at their worst, since nobody knows their bill."""
        return [
            CallSettled(call=call, node=call.rpartition(":")[0], cost_usd=worst_usd, assumed=worst_usd > 0)
            for call, worst_usd in self.view.open_usd.items()
        ]
