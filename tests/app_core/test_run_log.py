"""What a run writes into its Log, how often, and what other runs take over from it."""

import asyncio
from typing import Any

from rheostat.app_core.app import App
from rheostat.app_core.events import NodeFinished, RunStarted
from rheostat.app_core.label import Untrusted
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.context import Trust


def test_a_node_that_is_through_at_once_is_told_of_by_its_end_and_a_slow_one_from_its_beginning() -> None:
    app = App("turns", store=MemoryStore(), gateway=ScriptedGateway([]))

    @app.function
    async def quick(n: int) -> int:
        return n

    @app.function
    async def slow(n: int) -> int:
        await asyncio.sleep(0.05)
        return n

    @app.workflow
    def flow(n: int) -> int:
        return slow(quick(n))

    run = app.run(flow, n=1, model="scripted")
    assert app.store is not None
    kinds = [(r.event.kind, getattr(r.event, "node", "")) for r in app.store.read(run.id)]
    assert kinds[1:-1] == [("node_finished", "quick"), ("node_started", "slow"), ("node_finished", "slow")]
    assert run.view.nodes["slow"].seconds >= 0.05


def test_what_comes_up_in_one_turn_is_one_append() -> None:
    class Counted(MemoryStore):
        appends = 0

        def append(self, run: str, expected_seq: int, records: Any) -> None:
            self.appends += 1
            super().append(run, expected_seq, records)

    store = Counted()
    app = App("grouped", store=store, gateway=ScriptedGateway([]))

    @app.function
    async def more(n: int) -> int:
        return n + 1

    @app.workflow
    def wide(ns: list[int]) -> list[int]:
        return more.each(ns)

    @app.workflow
    def long(n: int) -> int:
        for _ in range(20):
            n = more(n)
        return n

    assert app.run(long, n=0, model="scripted").value == 20
    assert store.appends == 1 + 20 + 1, "the beginning, one for each node, the end"
    store.appends = 0
    app.run(wide, ns=list(range(640)), model="scripted")
    assert store.appends == 1 + 10 + 1, "64 nodes at once"


def test_a_result_that_is_kept_is_not_worked_out_again_in_another_run() -> None:
    ran = list[int]()
    gateway = ScriptedGateway(lambda request: "Hello")
    app = App("thrifty", store=MemoryStore(), gateway=gateway)
    store = app.store
    assert store is not None

    @app.function(keep=True)
    def square(n: int) -> int:
        ran.append(n)
        return n * n

    @app.llm(keep=True)
    def greet(n: int) -> str:
        """Greet so often."""
        ...

    @app.workflow
    def flow(n: int) -> str:
        return greet(square(n))

    first = app.run(flow, n=3, model="scripted")
    again = app.run(flow, n=3, model="scripted")
    assert (again.value, ran, gateway.calls, again.spent_usd) == ("Hello", [3], 1, 0.0)
    kept = [r.event.kept_from for r in store.read(again.id) if isinstance(r.event, NodeFinished)]
    assert kept == [first.id, first.id]
    app.run(flow, n=4, model="scripted")
    app.run(flow, n=3, model="another")
    assert (ran, gateway.calls) == ([3, 4], 3), "other arguments, and another model, are other questions"


def test_a_kept_result_is_no_more_trusted_than_what_it_was_asked_with() -> None:
    app = App("wary", store=MemoryStore(), gateway=ScriptedGateway([]))
    store = app.store
    assert store is not None

    @app.function(keep=True)
    def same(text: str) -> str:
        return text

    @app.workflow
    def mine(text: str) -> str:
        return same(text)

    @app.workflow
    def theirs(text: Untrusted[str]) -> str:
        return same(text)

    trusts = list[Trust]()
    for workflow in (mine, theirs, mine):
        events = [r.event for r in store.read(app.run(workflow, text="x", model="scripted").id)]
        trusts += [event.label.trust for event in events if isinstance(event, NodeFinished)]
        assert isinstance(events[0], RunStarted)
    assert trusts == [Trust.USER, Trust.UNTRUSTED, Trust.USER]
