"""The till: asks `step` for leave to call a model, reserves the worst case before, and books the bill after."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from math import isfinite
from typing import Any

from rheostat.context import Counter
from rheostat.dag import Grant, Hedge, Path, Refuse, Status, Wanted, Withdrawn

from .declare import Llm
from .errors import GatewayError, ModelTimeout, RheostatError
from .events import CallReserved, CallSettled
from .hold import Hold
from .ports import ChatReply, ChatRequest, ModelFacts
from .prompt_cache import Answered, Asked, asking, forecast, shared_start
from .run_errors import BudgetTooSmall, DeadlinePassed

_REMEMBERED = 64
"""Requests per model in whose cache the next one is looked for."""

_GRACE_S = 5.0
"""A gateway that has not ended a call so long after its time, or after it was called off, is not waited for."""


@dataclass
class _Wish:
    """A call that a node waits for. `flights` are the calls being made for it, by id: itself, and perhaps a twin."""

    call: str
    node: str
    request: ChatRequest
    digest: str
    asked: Asked
    facts: ModelFacts
    counter: Counter
    prompt_tokens: int
    worst_usd: float
    answer: asyncio.Future[ChatReply]
    flights: dict[str, asyncio.Task[ChatReply]] = field(default_factory=dict[str, "asyncio.Task[ChatReply]"])


class Till:
    """Every model call of a run goes through here. What may be called, and when, is up to `step`."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._wishes = dict[str, _Wish]()
        self._numbers = dict[str, int]()
        self._still: int | None = None
        self._cached = defaultdict[str, deque[Answered]](lambda: deque(maxlen=_REMEMBERED))
        # What was paid for before this process took the run on, and was lost with the one before if its node ran then.
        self._answered = defaultdict[tuple[str, str], deque[CallSettled]](deque)
        for node, calls in hold.view.answered.items():
            for call in calls:
                self._answered[node, call.request].append(call)

    async def call(
        self, node: str, request: ChatRequest, place: Path = (), *, hedge_after_s: float | None = None
    ) -> ChatReply:
        """Makes a call, unless the same one was answered before a crash.

        Args:
            node: that wants it.
            request: what is asked.
            place: where the call stands in the node's choice: the same asked in another place is another call.
            hedge_after_s: seconds without an answer after which the same is asked once more beside it; None for never.

        Raises:
            BudgetTooSmall: its worst case does not fit into what is left.
            DeadlinePassed: the run has no seconds left.
            GatewayError: the call failed; what it may have cost all the same is booked.
        """
        digest = _digest(request, place)
        if answered := self._answer_before(node, digest):
            return answered
        wish = self._wish(node, request, digest)
        self._wishes[wish.call] = wish
        try:
            self._hold.tell(_wanted(wish, hedge_after_s))
            return await wish.answer
        finally:
            await self._call_off(wish)

    def on(self, command: Grant | Refuse | Hedge) -> None:
        """Does what `step` commands about a call. Nothing may be booked between that and the call's reservation."""
        wish = self._wishes[command.call]
        match command:
            case Grant():
                self._make(wish, wish.call)
            case Hedge():
                self._make(wish, command.twin, twin_of=wish.call)
            case Refuse():
                _fail(wish, self._too_small(wish, command) if command.why == "budget" else self._too_late())

    def _wish(self, node: str, request: ChatRequest, digest: str) -> _Wish:
        gateway, model = self._hold.gateway, request.model
        facts, counter = gateway.facts(model), gateway.counter(model)
        schema = gateway.schema_text(model, request.answer_schema)
        prompt_tokens = counter.count(request.messages, schema)
        number = self._numbers[node] = 1 + max(self._numbers.get(node, 0), self._hold.view.nodes[node].calls)
        return _Wish(
            call=f"{node}:{number}",
            node=node,
            request=request,
            digest=digest,
            asked=asking(self._hold.state.nodes[node].node.calls, request.messages, schema, counter),
            facts=facts,
            counter=counter,
            prompt_tokens=prompt_tokens,
            worst_usd=facts.worst_usd(request, prompt_tokens),
            answer=asyncio.get_running_loop().create_future(),
        )

    def _answer_before(self, node: str, digest: str) -> ChatReply | None:
        """A node that starts again asks the same again until it is further than it was; each answer serves once."""
        calls = self._answered.get((node, digest))
        if not calls:
            return None
        call = calls.popleft()
        return ChatReply(
            text=call.answer or "",
            usage=call.usage,
            cost_usd=call.cost_usd,
            latency_s=call.latency_s,
            cut_short=call.cut_short,
        )

    def _make(self, wish: _Wish, call: str, twin_of: str = "") -> None:
        """Reserves a call and makes it."""
        model = wish.request.model
        cached, now_s = self._cached[model], time.monotonic()
        expected = forecast(wish.asked, cached, counter=wish.counter, cache=wish.facts.cache, now_s=now_s)
        likely = expected.usage.model_copy(update={"answer_tokens": wish.request.max_answer_tokens})
        reserved = CallReserved(
            call=call,
            node=wish.node,
            model=model,
            worst_usd=wish.worst_usd,
            prompt_tokens=wish.prompt_tokens,
            expected_cached_tokens=expected.usage.cached_tokens,
            expected_usd=wish.facts.price.cost_usd(likely),
            broke=expected.broke,
            twin_of=twin_of,
        )
        self._hold.emit(reserved)
        timeout_s = min(wish.request.timeout_s, self._left_s())
        request = wish.request.model_copy(update={"timeout_s": timeout_s})
        flight = asyncio.get_running_loop().create_task(
            self._hold.gateway.chat(request, self._hold.hearing(wish.node, call))
        )
        wish.flights[call] = flight
        overdue = asyncio.get_running_loop().call_later(timeout_s + _GRACE_S, self._give_up, wish, call)
        flight.add_done_callback(partial(self._landed, wish, call, overdue))

    def _landed(self, wish: _Wish, call: str, overdue: asyncio.TimerHandle, flight: asyncio.Task[ChatReply]) -> None:
        """A call ended: its bill is booked, and the first answer is the wish's."""
        overdue.cancel()
        try:
            if flight.cancelled():
                # Cut off in flight: the provider may have counted what it wrote until then.
                self._book(wish, call, wish.worst_usd, assumed=True)
            elif error := flight.exception():
                self._failed(wish, call, error)
            elif call in wish.flights:
                self._answer(wish, call, flight.result())
            else:
                self._book_late(wish, call, flight.result())
        except Exception as trouble:  # with the Log: nobody awaits a callback, but somebody awaits the answer
            _fail(wish, trouble)

    def _answer(self, wish: _Wish, call: str, reply: ChatReply) -> None:
        self._book(
            wish,
            call,
            reply.cost_usd,
            usage=reply.usage,
            saved_usd=wish.facts.price.saved_usd(reply.usage),
            latency_s=reply.latency_s,
            request=wish.digest,
            answer=reply.text,
            cut_short=reply.cut_short,
        )
        known = Answered(wish.asked, reply.text, reply.usage.prompt_tokens, at_s=time.monotonic())
        self._cached[wish.request.model].append(known)
        if not wish.answer.done():
            wish.answer.set_result(reply)

    def _failed(self, wish: _Wish, call: str, error: BaseException) -> None:
        """Books what a failed call may have cost. Its twin may still answer."""
        cost_usd = error.cost_usd if isinstance(error, GatewayError) else wish.worst_usd
        if not isfinite(cost_usd) or cost_usd < 0:
            cost_usd = wish.worst_usd
        self._book(wish, call, cost_usd, assumed=cost_usd > 0)
        if not wish.flights:
            _fail(wish, error)

    def _give_up(self, wish: _Wish, call: str) -> None:
        """A call took longer than it may, and the gateway did not end it."""
        flight = wish.flights.get(call)
        if flight is None:
            return
        flight.cancel()
        try:
            self._failed(wish, call, _overdue(wish))
        except Exception as trouble:
            _fail(wish, trouble)

    async def _call_off(self, wish: _Wish) -> None:
        """Nobody waits for the wish any more: it is withdrawn, and what is in flight for it is cut off and booked."""
        del self._wishes[wish.call]
        if wish.call in self._hold.state.desk.wants:
            self._hold.tell(Withdrawn(wish.call))
        for flight in wish.flights.values():
            flight.cancel()
        if wish.flights:
            await asyncio.wait(wish.flights.values(), timeout=_GRACE_S)
        for call in list(wish.flights):
            self._book(wish, call, wish.worst_usd, assumed=True)

    def _book(self, wish: _Wish, call: str, cost_usd: float, **bill: Any) -> None:
        """Books a call, once. `bill` are the other fields of CallSettled."""
        if wish.flights.pop(call, None) is not None:
            self._hold.emit(CallSettled(call=call, node=wish.node, cost_usd=cost_usd, **bill))

    def _book_late(self, wish: _Wish, call: str, reply: ChatReply) -> None:
        """A call that was given up, and booked at its worst, ended after all: what it cost beyond that is booked."""
        more_usd = reply.cost_usd - wish.worst_usd
        if more_usd > 0 and self._hold.view.status == "running":
            with suppress(RheostatError):  # the run is another process's by now, or can't be written
                self._hold.emit(CallSettled(call=call, node=wish.node, cost_usd=more_usd, late=True))

    def _left_s(self) -> float:
        state = self._hold.state
        return float("inf") if state.deadline_s is None else max(0.001, state.deadline_s - state.worked_s)

    def _too_late(self) -> DeadlinePassed:
        return DeadlinePassed(self._hold.view.terms.deadline_s or 0.0)

    def _too_small(self, wish: _Wish, refused: Refuse) -> BudgetTooSmall:
        model, cap_usd = wish.request.model, self._hold.state.ledger.cap_usd or 0.0
        if self._still is None:  # looks at all nodes, so that it is not done again for each of many calls refused
            waiting = self._hold.state.having(Status.READY, Status.RUNNING, Status.PENDING)
            self._still = sum(isinstance(self._hold.cast.get(node.node.calls), Llm) for node in waiting)
        calls = self._still
        total_usd = self._hold.view.spent_usd + calls * wish.worst_usd
        return BudgetTooSmall(
            "A model call was not made.",
            f"It could cost up to ${wish.worst_usd:.6f}, and ${refused.left_usd:.6f} of the budget of "
            f"${cap_usd:.6f} is left. {calls} calls are still to be made with {model}; "
            f"with them the run costs up to about ${total_usd:.4f}.",
            f"Allow about ${total_usd:.4f}, or choose a cheaper model: `local` costs nothing.",
        )


def _wanted(wish: _Wish, hedge_after_s: float | None) -> Wanted:
    start = shared_start(wish.asked, counter=wish.counter, cache=wish.facts.cache)
    price = wish.facts.price
    read_usd = price.prompt_usd if price.cached_read_usd is None else price.cached_read_usd
    return Wanted(
        call=wish.call,
        node=wish.node,
        model=wish.request.model,
        worst_usd=wish.worst_usd,
        tokens=wish.prompt_tokens + wish.request.max_answer_tokens,
        prefix=start.name,
        prefix_saves_usd=start.tokens * (price.prompt_usd - read_usd),
        hedge_after_s=hedge_after_s,
    )


def _fail(wish: _Wish, error: BaseException) -> None:
    if not wish.answer.done():
        wish.answer.set_exception(error)


def _overdue(wish: _Wish) -> ModelTimeout:
    return ModelTimeout(
        f"{wish.request.model} gave no answer in time, and its gateway did not end the call; it may have been billed "
        "all the same. Allow more seconds, or use a faster model.",
        cost_usd=wish.worst_usd,
    )


def _digest(request: ChatRequest, place: Path) -> str:
    """Of what is asked and where, not of how long it may take."""
    return sha256(f"{place or ''}{request.model_dump_json(exclude={'timeout_s'})}".encode()).hexdigest()
