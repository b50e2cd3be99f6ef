"""The till: reserves the worst case of a model call before it starts, and books the bill after."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from hashlib import sha256
from typing import Any

from rheostat.context import Counter
from rheostat.dag import Grant, Hedge, OverBudget, Refuse, Status

from .declare import Llm
from .errors import GatewayError
from .events import CallReserved, CallSettled
from .hold import Hold
from .ports import ChatReply, ChatRequest, ModelFacts
from .prompt_cache import Answered, Asked, asking, forecast
from .run_errors import BudgetTooSmall, DeadlinePassed

AT_ONCE = 4
"""Model calls of one run in flight at once."""

_REMEMBERED = 64
"""Requests per model in whose cache the next one is looked for."""


class Till:
    """Every model call of a run goes through here."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._settled = asyncio.Event()
        # What was paid for before this process took the run on, and was lost with the one before if its node ran then.
        self._answered = {node: deque(calls) for node, calls in hold.view.answered.items()}
        self._cached = defaultdict[str, deque[Answered]](lambda: deque(maxlen=_REMEMBERED))

    async def call(self, node: str, request: ChatRequest) -> ChatReply:
        """Makes a call, unless the same one was answered before a crash.

        Raises:
            BudgetTooSmall: its worst case does not fit into what is left.
            DeadlinePassed: the run has no seconds left.
            GatewayError: the call failed; what it may have cost all the same is booked.
        """
        if answered := self._answer_before(node, request):
            return answered
        async with self._slots:
            timed = request.model_copy(update={"timeout_s": min(request.timeout_s, self._left_s())})
            gateway, model = self._hold.gateway, request.model
            facts, counter = gateway.facts(model), gateway.counter(model)
            schema = gateway.schema_text(model, request.answer_schema)
            asked = asking(self._hold.state.nodes[node].node.calls, request.messages, schema, counter)
            reserved = await self._reserve(node, request, asked, facts, counter)
            try:
                reply = await gateway.chat(timed)
            except GatewayError as error:
                self._settle(reserved, cost_usd=error.cost_usd, assumed=error.cost_usd > 0)
                raise
            except asyncio.CancelledError:
                # Cut off in flight: the provider may have counted what it wrote until then.
                self._settle(reserved, cost_usd=reserved.worst_usd, assumed=reserved.worst_usd > 0)
                raise
            self._settle(
                reserved,
                cost_usd=reply.cost_usd,
                usage=reply.usage,
                saved_usd=facts.price.saved_usd(reply.usage),
                latency_s=reply.latency_s,
                request=_digest(request),
                answer=reply.text,
                cut_short=reply.cut_short,
            )
            self._cached[model].append(Answered(asked, reply.text, reply.usage.prompt_tokens, at_s=time.monotonic()))
            return reply

    def on(self, command: Grant | Refuse | Hedge) -> None:
        """Takes in what `step` says to a call that was Wanted."""

    def _answer_before(self, node: str, request: ChatRequest) -> ChatReply | None:
        """A node that starts again asks the same again, in the same order, until it is further than it was."""
        calls = self._answered.get(node)
        if not calls or calls[0].request != _digest(request):
            self._answered.pop(node, None)
            return None
        call = calls.popleft()
        return ChatReply(
            text=call.answer or "",
            usage=call.usage,
            cost_usd=call.cost_usd,
            latency_s=call.latency_s,
            cut_short=call.cut_short,
        )

    async def _reserve(
        self, node: str, request: ChatRequest, asked: Asked, facts: ModelFacts, counter: Counter
    ) -> CallReserved:
        """Reserves a call's worst case. If it does not fit because of calls in flight, waits for their bills."""
        prompt_tokens = counter.count(request.messages, asked.schema)
        worst_usd = facts.worst_usd(request, prompt_tokens)
        while True:
            try:
                self._hold.state.ledger.check(worst_usd)
            except OverBudget as error:
                if not self._hold.state.ledger.open_usd:
                    raise self._too_small(error, request.model) from error
                await self._settled.wait()
                continue
            answered = self._cached[request.model]
            expected = forecast(asked, answered, counter=counter, cache=facts.cache, now_s=time.monotonic())
            likely = expected.usage.model_copy(update={"answer_tokens": request.max_answer_tokens})
            reserved = CallReserved(
                call=f"{node}:{self._hold.view.nodes[node].calls + 1}",
                node=node,
                model=request.model,
                worst_usd=worst_usd,
                prompt_tokens=prompt_tokens,
                expected_cached_tokens=expected.usage.cached_tokens,
                expected_usd=facts.price.cost_usd(likely),
                broke=expected.broke,
            )
            self._hold.emit(reserved)
            return reserved

    def _settle(self, call: CallReserved, **bill: Any) -> None:
        """Books a call: `bill` are the fields of CallSettled."""
        self._hold.emit(CallSettled(call=call.call, node=call.node, **bill))
        self._settled.set()
        self._settled = asyncio.Event()

    def _left_s(self) -> float:
        deadline_s = self._hold.view.terms.deadline_s
        if deadline_s is None:
            return float("inf")
        left_s = deadline_s - self._hold.view.worked_until(time.time())
        if left_s <= 0:
            raise DeadlinePassed(deadline_s)
        return left_s

    def _too_small(self, error: OverBudget, model: str) -> BudgetTooSmall:
        waiting = (n for n in self._hold.state.having(Status.READY, Status.RUNNING, Status.PENDING))
        calls = sum(isinstance(self._hold.cast.get(node.node.calls), Llm) for node in waiting)
        total_usd = self._hold.view.spent_usd + calls * error.worst_usd
        return BudgetTooSmall(
            "A model call was not made.",
            f"It could cost up to ${error.worst_usd:.6f}, and ${error.left_usd:.6f} of the budget of "
            f"${error.cap_usd:.6f} is left. {calls} calls are still to be made with {model}; "
            f"with them the run costs up to about ${total_usd:.4f}.",
            f"Allow about ${total_usd:.4f}, or choose a cheaper model: `local` costs nothing.",
        )


def _digest(request: ChatRequest) -> str:
    """Of what is asked, not of how long it may take."""
    return sha256(request.model_dump_json(exclude={"timeout_s"}).encode()).hexdigest()
