"""Steering a run: calling it off, running a failed node again, forking it, and what is not let happen twice."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from rheostat.app_core.app import App
from rheostat.app_core.events import CallSettled, EffectStarted, RunEnded
from rheostat.app_core.log import Store, beginning, chained
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import BadInput, RunHeld, RunTaken, WorkflowChanged
from rheostat.app_core.testing import ScriptedGateway

FOREVER_S = 600.0


def until(happened: Callable[[], object]) -> None:
    """Waits until something has happened."""
    for _ in range(500):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("It never happened.")


class Aside:
    """A run driven in a thread of its own."""

    def __init__(self, go: Callable[[], object]) -> None:
        self.error: Exception | None = None
        self._go = go
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._go()
        except Exception as error:
            self.error = error

    def ends(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive(), "it still runs"


def test_a_run_that_waits_is_cancelled_and_asks_nothing_any_more(store: Store) -> None:
    sent = list[str]()
    app = App("mail", store=store, gateway=ScriptedGateway([]))

    @app.tool(risk="outward", control=["to"])
    def send(to: str) -> str:
        sent.append(to)
        return to

    @app.workflow
    def flow(to: str) -> str:
        return send(to)

    run = app.run(flow, to="Ada", model="scripted")
    assert run.status == "waiting"
    run.cancel("not now", by="Eve")
    assert (run.status, run.view.reason, run.questions) == ("cancelled", "cancelled by Eve: not now", [])
    assert app.open(run.id).resume().status == "cancelled"
    assert sent == []


def test_a_call_in_flight_is_stopped_wherever_it_runs_and_booked(store: Store) -> None:
    gateway = ScriptedGateway(["Hello"], delay_s=FOREVER_S)
    app = App("slow", store=store, gateway=gateway)

    @app.llm
    def greet(name: str) -> str:
        """Greet."""
        ...

    @app.workflow
    def flow(name: str) -> str:
        return greet(name)

    driven = Aside(lambda: app.run(flow, name="Ada", model="scripted"))
    until(lambda: gateway.calls)
    started = time.monotonic()
    run = app.open(store.runs()[0]).cancel()
    driven.ends()
    assert driven.error is None
    assert time.monotonic() - started < 5
    assert run.status == "cancelled"
    settled = [r.event for r in store.read(run.id) if isinstance(r.event, CallSettled)]
    assert [bill.assumed for bill in settled] == [True]
    assert run.spent_usd > 0 and not run.view.open_usd


def test_an_effect_that_has_begun_is_waited_for_and_kept(store: Store) -> None:
    go_on, begun = threading.Event(), threading.Event()
    app = App("post", store=store, gateway=ScriptedGateway([]))

    @app.tool(risk="local")
    def post(text: str) -> str:
        begun.set()
        go_on.wait(10)
        return text

    @app.function
    def after(text: str) -> str:
        raise AssertionError("this must not run any more")

    @app.workflow
    def flow(text: str) -> str:
        return after(post(text))

    driven = Aside(lambda: app.run(flow, text="x", model="scripted", dial=2))
    assert begun.wait(10)
    cancelling = Aside(lambda: app.open(store.runs()[0]).cancel())
    until(lambda: store.words(store.runs()[0]))
    time.sleep(0.6)
    go_on.set()
    driven.ends()
    cancelling.ends()
    assert (driven.error, cancelling.error) == (None, None)
    run = app.open(store.runs()[0])
    assert (run.status, run.view.nodes["post"].status, run.failures) == ("cancelled", "done", {})
    assert store.words(run.id) == []


def test_a_process_that_does_not_stop_is_named_and_stops_later(store: Store) -> None:
    go_on, begun = threading.Event(), threading.Event()
    app = App("stuck", store=store, gateway=ScriptedGateway([]))

    @app.function
    async def block(n: int) -> int:
        begun.set()
        go_on.wait(10)  # blocks the whole event loop
        return n

    @app.workflow
    def flow(n: int) -> int:
        return block(block(n))

    driven = Aside(lambda: app.run(flow, n=1, model="scripted"))
    assert begun.wait(10)
    with pytest.raises(RunHeld, match="process|thread"):
        app.open(store.runs()[0]).cancel(patience_s=0.2)
    with pytest.raises(RunHeld):
        app.open(store.runs()[0]).resume()
    go_on.set()
    driven.ends()
    assert app.open(store.runs()[0]).status in ("cancelled", "done")


def test_a_failed_node_is_run_again_with_what_it_blocked_and_nothing_else(store: Store) -> None:
    broken, ran = [True], list[str]()
    app = App("again", store=store, gateway=ScriptedGateway([]))

    @app.function
    async def first(n: int) -> int:
        ran.append("first")
        return n + 1

    @app.function
    async def shaky(n: int) -> int:
        ran.append("shaky")
        if broken[0]:
            raise OSError("no line")
        return n * 10

    @app.function
    async def last(a: int, b: int) -> int:
        ran.append("last")
        return a + b

    @app.workflow
    def flow(n: int) -> int:
        one = first(n)
        return last(one, shaky(one))

    run = app.run(flow, n=1, model="scripted")
    assert (run.status, ran) == ("failed", ["first", "shaky"])
    with pytest.raises(BadInput, match="first"):
        run.retry("first")
    broken[0] = False
    again = app.open(run.id).retry("shaky", by="Eve")
    assert (again.status, again.value, ran[2:]) == ("done", 22, ["shaky", "last"])
    with pytest.raises(BadInput):
        again.retry("shaky")


def test_a_retried_model_call_asks_anew_instead_of_finding_the_answers_that_failed(store: Store) -> None:
    gateway = ScriptedGateway(["no", "no", "no", "yes"])
    app = App("checked", store=store, gateway=gateway)

    @app.llm
    def answer(question: str) -> str:
        """Answer."""
        ...

    @app.check(answer)
    def right(answer: str) -> float:  # pyright: ignore[reportUnusedFunction]
        return float(answer == "yes")

    @app.workflow
    def flow(question: str) -> str:
        return answer(question)

    run = app.run(flow, question="?", model="scripted")
    assert (run.status, gateway.calls) == ("failed", 3)
    assert (run.retry("answer").value, gateway.calls) == ("yes", 4)


def test_a_graph_changed_where_the_run_has_not_been_goes_on_and_elsewhere_is_refused(store: Store) -> None:
    def app_with(steps: int, last: int = 1) -> App:
        app = App("grown", store=store, gateway=ScriptedGateway([]))

        @app.tool(risk="outward")
        def confirm(n: int) -> int:
            return n

        @app.function
        async def more(n: int, by: int) -> int:
            return n + by

        @app.workflow
        def flow(n: int) -> int:  # pyright: ignore[reportUnusedFunction]
            value = confirm(more(n, last))
            for _ in range(steps):
                value = more(value, 10)
            return value

        return app

    app = app_with(1)
    workflow: Any = app.declared["flow"]
    run: Run[int] = app.run(workflow, n=1, model="scripted")
    assert run.status == "waiting"
    with pytest.raises(WorkflowChanged, match="changed: more.*come past more"):
        app_with(1, last=5).open(run.id).resume()
    resumed = app_with(3).open(run.id).resume()
    assert resumed.status == "waiting"
    assert app_with(3).open(run.id).approve().value == 32, "a second process finds the same changed graph"
    assert app_with(3).open(run.id).value == 32


def test_of_two_that_resume_one_run_one_is_told_who_works_on_it(store: Store) -> None:
    ran = list[int]()
    go_on = threading.Event()
    app = App("both", store=store, gateway=ScriptedGateway([]))

    @app.function
    def slow(n: int) -> int:
        ran.append(n)
        go_on.wait(10)
        return n

    @app.workflow
    def flow(n: int) -> int:
        return slow(n)

    first = Aside(lambda: app.run(flow, n=1, model="scripted"))
    until(lambda: ran)
    with pytest.raises(RunHeld, match="is being worked on by"):
        app.open(store.runs()[0]).resume()
    go_on.set()
    first.ends()
    assert (first.error, app.open(store.runs()[0]).value, ran) == (None, 1, [1])


def test_who_only_asks_a_person_locks_nobody_out(store: Store) -> None:
    app = App("asks", store=store, gateway=ScriptedGateway([]))
    asked, sent = threading.Event(), list[str]()

    @app.tool(risk="outward")
    def send(text: str) -> str:
        sent.append(text)
        return text

    @app.workflow
    def flow(text: str) -> str:
        return send(text)

    async def decide(question: object, view: object) -> None:
        asked.set()
        await asyncio.sleep(FOREVER_S)

    Aside(lambda: app.run(flow, text="x", model="scripted", decide=decide))
    assert asked.wait(10)
    time.sleep(0.1)  # for the driver to be idle
    assert app.open(store.runs()[0]).approve().status == "done"
    assert sent == ["x"]


def test_what_was_cut_off_by_a_cancel_without_its_process_is_unknown(store: Store) -> None:
    app = App("dead", store=store, gateway=ScriptedGateway([]))

    @app.tool(risk="outward")
    def send(text: str) -> str:
        return text

    @app.workflow
    def flow(text: str) -> str:
        return send(text)

    run = app.run(flow, text="x", model="scripted", dial=2)
    records = store.read(run.id)
    cut = max(r.seq for r in records if isinstance(r.event, EffectStarted))
    events = [record.event for record in records[: cut + 1]]
    store.append("dead", 0, chained(events, seq=0, after=beginning("dead"), at=records[cut].at))
    dead = app.open("dead").cancel()
    assert (dead.status, dead.view.nodes["send"].status) == ("cancelled", "unknown")
    ended = store.read("dead")[-1].event
    assert isinstance(ended, RunEnded) and ended.status == "cancelled"
    with pytest.raises(RunTaken):
        store.append("dead", 3, records[:1])
