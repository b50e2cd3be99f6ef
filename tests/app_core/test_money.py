"""The till: what is asked of a provider, when, and what is booked, whatever the provider does."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

import pytest

from rheostat import dag
from rheostat.app_core import money
from rheostat.app_core.errors import GatewayError, ModelTimeout, NoNetwork
from rheostat.app_core.events import CallReserved, CallSettled, Event, NodeStarted, Request, RunStarted
from rheostat.app_core.hold import Hold
from rheostat.app_core.money import Till
from rheostat.app_core.ports import CacheFacts, ChatReply, ChatRequest, Price, Usage
from rheostat.app_core.run_errors import BudgetTooSmall, DeadlinePassed
from rheostat.app_core.testing import Answer, ScriptedGateway
from rheostat.app_core.view import View
from rheostat.context import Message
from rheostat.dag import Graph, Limits, Node, Ref, State, Ticked, step

PRICE = Price(prompt_usd=1e-3, answer_usd=1e-2, cached_read_usd=1e-4)
OK = "fine"


def asking(text: str = "What is it?", breakpoints: tuple[int, ...] = (), timeout_s: float = 30.0) -> ChatRequest:
    message = Message(role="user", content=text, breakpoints=breakpoints)
    return ChatRequest(model="m", messages=(message,), max_answer_tokens=10, timeout_s=timeout_s)


class Desk:
    """A run of one node as far as the till is concerned: real `step` and View, a Log that is a list."""

    def __init__(
        self,
        gateway: ScriptedGateway,
        *,
        cap_usd: float | None = None,
        deadline_s: float | None = None,
        limits: Limits | None = None,
        log: Sequence[Event] = (),
    ) -> None:
        node = Node(id="n", calls="n", args={"x": Ref(of="$x")})
        graph = Graph(name="g", inputs=("x",), nodes=(node,), output=Ref(of="n"))
        self.state = State(graph, lambda labels: None, limits or Limits())
        self.view, self.gateway, self.cast = View("r"), gateway, dict[str, Any]()
        self.log = list[Event]()
        self.now_s = 0.0
        asked = Request(app="a", where="w", workflow="f", graph="g", inputs={}, model="m", deadline_s=deadline_s)
        self.view.apply(RunStarted(request=asked), 0.0)
        self._step(Ticked(0.0), dag.Began({"x": dag.Labeled(1)}, cap_usd, deadline_s), dag.Started("n"))
        self.view.apply(NodeStarted(node="n"), 0.0)
        for event in log:
            self._take(event)
        self.till = Till(cast(Hold, self))

    def emit(self, *events: Event) -> None:
        self.log += events
        for event in events:
            for command in self._take(event):
                self._obey(command)

    def tell(self, *events: dag.Event) -> None:
        for command in self._step(Ticked(self.now_s), *events):
            self._obey(command)

    def hearing(self, node: str, call: str) -> None:
        """Nobody listens to answers as they come."""

    def _take(self, event: Event) -> list[dag.Command]:
        self.view.apply(event, 0.0)
        match event:
            case CallReserved():
                return self._step(dag.Reserved(event.call, event.worst_usd, event.node, event.model))
            case CallSettled():
                return self._step(dag.Settled(event.call, event.cost_usd))
            case _:
                return []

    def _step(self, *events: dag.Event) -> list[dag.Command]:
        return [command for event in events for command in step(self.state, event)]

    def _obey(self, command: dag.Command) -> None:
        if isinstance(command, dag.Grant | dag.Refuse | dag.Hedge):
            self.till.on(command)

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.log if isinstance(event, kind)]

    async def later(self, at_s: float) -> None:
        """Lets everything happen that can happen now; then it is `at_s`."""
        await asyncio.sleep(0.01)
        self.now_s = at_s
        self.tell()


class Slow(ScriptedGateway):
    """Answers each call when its gate is opened. If it is `deaf`, it does not hear that a call is cancelled."""

    def __init__(self, answers: Sequence[Answer], *, deaf: bool = False, cache: CacheFacts | None = None) -> None:
        super().__init__(lambda request: answers[self._answering], price=PRICE, cache=cache)
        self.gates = [asyncio.Event() for _ in answers]
        self.begun = self._answering = 0
        self._deaf = deaf

    async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
        number, self.begun = self.begun, self.begun + 1
        while not self.gates[number].is_set():
            try:
                await self.gates[number].wait()
            except asyncio.CancelledError:
                if not self._deaf:
                    raise
        self._answering = number
        return await super().chat(request, on_text)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


def reply(cost_usd: float, text: str = OK) -> ChatReply:
    return ChatReply(text=text, usage=Usage(prompt_tokens=5, answer_tokens=5), cost_usd=cost_usd, latency_s=0.0)


def test_a_bill_above_its_reservation_is_booked_and_no_call_is_made_after_it() -> None:
    async def test() -> None:
        desk = Desk(ScriptedGateway([reply(5.0), OK], price=PRICE), cap_usd=1.0)
        assert (await desk.till.call("n", asking())).text == OK
        assert desk.state.ledger.spent_usd == desk.view.spent_usd == 5.0
        with pytest.raises(BudgetTooSmall, match="0.000000 of the budget"):
            await desk.till.call("n", asking("More?"))
        assert len(desk.of(CallReserved)) == 1

    run(test)


def test_calls_wait_for_one_another_where_the_money_is_short() -> None:
    async def test() -> None:
        gateway = Slow([OK, OK])
        desk = Desk(gateway, cap_usd=0.2)
        calls = [asyncio.create_task(desk.till.call("n", asking(text))) for text in ("One?", "Two?")]
        await desk.later(1.0)
        assert gateway.begun == 1
        gateway.gates[0].set()
        gateway.gates[1].set()
        assert [one.text for one in await asyncio.gather(*calls)] == [OK, OK]
        assert [type(event) for event in desk.log] == [CallReserved, CallSettled] * 2

    run(test)


def test_the_twin_of_a_slow_call_answers_first_and_both_are_booked() -> None:
    async def test() -> None:
        gateway = Slow([OK, "the twin's"])
        desk = Desk(gateway)
        call = asyncio.create_task(desk.till.call("n", asking(), hedge_after_s=2.0))
        await desk.later(1.9)
        assert gateway.begun == 1
        await desk.later(2.0)
        await asyncio.sleep(0.01)
        assert gateway.begun == 2
        gateway.gates[1].set()
        assert (await call).text == "the twin's"
        first, twin = desk.of(CallReserved)
        assert twin.twin_of == first.call and twin.call == f"{first.call}~twin"
        bills = {bill.call: bill for bill in desk.of(CallSettled)}
        assert bills[first.call].assumed and bills[first.call].cost_usd == first.worst_usd
        assert not bills[twin.call].assumed and not desk.state.ledger.open_usd

    run(test)


def test_a_call_that_fails_leaves_its_twin_time_to_answer() -> None:
    async def test() -> None:
        gateway = Slow([NoNetwork("The line broke."), OK])
        desk = Desk(gateway)
        call = asyncio.create_task(desk.till.call("n", asking(), hedge_after_s=2.0))
        await desk.later(0.0)
        await desk.later(2.0)
        gateway.gates[0].set()
        await asyncio.sleep(0.01)
        assert not call.done()
        gateway.gates[1].set()
        assert (await call).text == OK

    run(test)


def test_who_is_cancelled_in_line_leaves_it_and_who_is_cancelled_in_flight_is_booked() -> None:
    async def test() -> None:
        gateway = Slow([OK, OK, OK])
        desk = Desk(gateway, limits=Limits(calls_at_once=1))
        flying, waiting, last = (asyncio.create_task(desk.till.call("n", asking(f"{n}?"))) for n in range(3))
        await desk.later(1.0)
        waiting.cancel()
        flying.cancel()
        for gate in gateway.gates:
            gate.set()
        assert (await last).text == OK
        await asyncio.wait([flying, waiting])
        assert flying.cancelled() and waiting.cancelled()
        cut_off, answered = desk.of(CallSettled)
        assert cut_off.assumed and cut_off.cost_usd == desk.of(CallReserved)[0].worst_usd
        assert not answered.assumed
        assert gateway.begun == 2 and not desk.state.desk.wants

    run(test)


def test_a_gateway_that_does_not_end_a_call_is_given_up_and_its_late_bill_booked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(money, "_GRACE_S", 0.05)

    async def test() -> None:
        gateway = Slow([reply(9.0)], deaf=True)
        desk = Desk(gateway)
        with pytest.raises(ModelTimeout, match="gave no answer in time"):
            await desk.till.call("n", asking(timeout_s=0.05))
        (given_up,) = desk.of(CallSettled)
        assert given_up.assumed and not desk.state.ledger.open_usd
        gateway.gates[0].set()
        await asyncio.sleep(0.05)
        late = desk.of(CallSettled)[-1]
        assert late.late and late.cost_usd == pytest.approx(9.0 - given_up.cost_usd)
        assert desk.state.ledger.spent_usd == pytest.approx(9.0)

    run(test)


@pytest.mark.parametrize(
    ("error", "share"),
    [
        (NoNetwork("No line."), 0.0),
        (GatewayError("It may have been billed.", cost_usd=0.01), None),
        (GatewayError("Its bill is no number.", cost_usd=float("nan")), 1.0),
        (RuntimeError("a bug in the gateway"), 1.0),
    ],
)
def test_whatever_a_gateway_raises_the_reservation_is_settled(error: Exception, share: float | None) -> None:
    async def test() -> None:
        desk = Desk(ScriptedGateway([error], price=PRICE), cap_usd=1.0)
        with pytest.raises(type(error), match=str(error)):
            await desk.till.call("n", asking())
        (bill,), (reserved,) = desk.of(CallSettled), desk.of(CallReserved)
        assert bill.cost_usd == (0.01 if share is None else share * reserved.worst_usd)
        assert bill.assumed is (bill.cost_usd > 0)
        assert not desk.state.ledger.open_usd

    run(test)


def test_after_the_deadline_no_call_is_made_and_before_it_none_may_take_longer() -> None:
    async def test() -> None:
        gateway = ScriptedGateway([OK], price=PRICE)
        desk = Desk(gateway, deadline_s=10.0)
        desk.now_s = 7.0
        await desk.till.call("n", asking())
        assert gateway.requests[0].timeout_s == pytest.approx(3.0)
        desk.now_s = 10.0
        with pytest.raises(DeadlinePassed):
            await desk.till.call("n", asking("More?"))

    run(test)


def test_prompts_that_begin_alike_wait_until_the_first_has_brought_that_into_the_cache() -> None:
    async def test() -> None:
        gateway = Slow([OK, OK, OK], cache=CacheFacts(min_tokens=50))
        desk = Desk(gateway)
        law = "The law is long. " * 20
        calls = [asyncio.create_task(desk.till.call("n", asking(f"{law}{n}?", (len(law),)))) for n in range(3)]
        await desk.later(1.0)
        assert gateway.begun == 1
        for gate in gateway.gates:
            gate.set()
        await asyncio.gather(*calls)
        first, *others = desk.of(CallSettled)
        assert first.usage.cached_tokens == 0 and all(bill.usage.cached_tokens > 50 for bill in others)

    run(test)


def test_equal_requests_are_found_again_after_a_crash_each_in_its_place() -> None:
    async def test() -> None:
        desk = Desk(ScriptedGateway(["one", "two"], price=PRICE))
        for place in ((0,), (1,)):
            await desk.till.call("n", asking(), place)
        gateway = ScriptedGateway(["three", "four"], price=PRICE)
        again = Desk(gateway, log=desk.log)
        assert (await again.till.call("n", asking(), (1,))).text == "two"
        assert (await again.till.call("n", asking(), (0,))).text == "one"
        assert (await again.till.call("n", asking(), (1,))).text == "three", "each serves once"
        assert gateway.calls == 1
        assert again.of(CallReserved)[0].call not in {event.call for event in desk.of(CallReserved)}

    run(test)
