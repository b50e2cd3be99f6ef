"""Functions that misbehave, clocks that jump, Logs that are not what they were: what a run does then."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core import drive
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.log import Record
from rheostat.app_core.ports import ChatRequest
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import DamagedLog, LogTooNew, RunNotDone, StoreTooNew
from rheostat.app_core.testing import MemoryStore, ScriptedGateway

FOREVER_S = 600.0


def run_of(function: Callable[[int], Any], **options: Any) -> Run[Any]:
    """A run of one function, given 1."""
    app = App("odd", store=MemoryStore(), gateway=ScriptedGateway([]))
    step: Any = app.function(**options)(function)

    @app.workflow
    def flow(n: int) -> Any:
        return step(n)

    return app.run(flow, n=1, model="scripted")


def test_a_result_of_the_wrong_type_fails_its_node_and_names_the_function() -> None:
    def wrong(n: int) -> int:
        return "many"  # pyright: ignore[reportReturnType]

    run = run_of(wrong)
    assert run.status == "failed"
    assert "wrong() gave a result that is not of its declared type" in run.view.reason
    with pytest.raises(RunNotDone, match="wrong"):
        _ = run.value


@pytest.mark.parametrize("error", [ValueError(1), StopIteration(1), asyncio.CancelledError(1), SystemExit(1)])
def test_whatever_a_function_raises_fails_its_node_alone(error: BaseException) -> None:
    def raising(n: int) -> int:
        raise error

    run = run_of(raising)
    assert run.status == "failed"
    assert "raising() raised" in run.view.reason


@pytest.mark.parametrize("error", [StopIteration(1), StopAsyncIteration(1), TimeoutError(1), asyncio.CancelledError(1)])
def test_the_same_of_one_that_is_async(error: BaseException) -> None:
    async def raising(n: int) -> int:
        raise error

    run = run_of(raising)
    assert (run.status, "raising() raised" in run.view.reason) == ("failed", True)


def test_an_error_that_no_text_can_hold_is_still_recorded() -> None:
    def raising(n: int) -> int:
        raise ValueError("half a character: \ud800")

    assert "half a character: ?" in run_of(raising).view.reason


def test_a_result_that_json_cannot_hold_fails_its_node() -> None:
    def half(n: int) -> str:
        return "\ud800"

    run = run_of(half)
    assert (run.status, "can't be kept in the Log" in run.view.reason) == ("failed", True)


def test_a_number_that_is_none_survives_the_log() -> None:
    def endless(n: int) -> float:
        return float("inf")

    run = run_of(endless)
    assert run.value == float("inf")
    assert run.app.store is not None
    assert Run[float](run.app, run.id).value == float("inf")


@pytest.mark.parametrize("is_async", [True, False])
def test_what_hangs_is_given_up_and_nobody_waits_for_it(is_async: bool) -> None:
    async def hangs(n: int) -> int:
        await asyncio.sleep(FOREVER_S)
        return n

    def hangs_in_a_thread(n: int) -> int:
        time.sleep(FOREVER_S)
        return n

    started = time.monotonic()
    run = run_of(hangs if is_async else hangs_in_a_thread, timeout_s=0.2)
    assert time.monotonic() - started < 5
    assert run.status == "failed"
    assert "had not ended after the 0.2 s" in run.view.reason


def test_an_action_that_hangs_becomes_a_question_since_it_may_have_happened() -> None:
    go_on, tried = threading.Event(), list[str]()
    app = App("hangs", store=MemoryStore(), gateway=ScriptedGateway([]))

    @app.tool(risk="local", timeout_s=0.2)
    def post(text: str) -> str:
        tried.append(text)
        if len(tried) == 1:
            go_on.wait(10)
        return text

    @app.workflow
    def flow(text: str) -> str:
        return post(text)

    run = app.run(flow, text="x", model="scripted", dial=4)
    assert (run.status, tried) == ("waiting", ["x"])
    assert "may have happened" in " ".join(run.questions[0].verdict.reasons)
    assert (run.approve().value, tried) == ("x", ["x", "x"])
    go_on.set()


def test_fifty_megabytes_pass_through_a_run(tmp_path: Path) -> None:
    app = App("big", store=SqliteStore(tmp_path / "runs.sqlite"), gateway=ScriptedGateway([]))

    @app.function
    async def big(n: int) -> str:
        return "x" * n

    @app.function
    async def size(text: str) -> int:
        return len(text)

    @app.workflow
    def flow(n: int) -> int:
        return size(big(n))

    run = app.run(flow, n=50_000_000, model="scripted")
    assert run.value == 50_000_000
    assert app.open(run.id).value == 50_000_000


@pytest.mark.parametrize("count", [0, 1, 100_000])
def test_a_map_over_nothing_and_over_a_hundred_thousand(count: int) -> None:
    app = App("wide", store=MemoryStore(), gateway=ScriptedGateway([]))

    @app.function
    async def double(n: int) -> int:
        return 2 * n

    @app.workflow
    def flow(ns: list[int]) -> list[int]:
        return double.each(ns)

    run = app.run(flow, ns=list(range(count)), model="scripted")
    assert run.value == [2 * n for n in range(count)]


class Clocks:
    """A clock that tells what it is told to; the steady one goes on as ever."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def time(self) -> float:
        return time.time() + self.ahead_s

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.mark.parametrize("jump_s", [-86_400.0, 86_400.0])
def test_a_clock_that_jumps_between_two_processes_costs_no_deadline_and_turns_no_time_back(
    monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    clocks = Clocks()
    monkeypatch.setattr(drive, "time", clocks)
    app = App("clock", store=MemoryStore(), gateway=ScriptedGateway(lambda request: "Hello"))
    store = app.store
    assert store is not None

    @app.llm
    def greet(name: str) -> str:
        """Greet."""
        ...

    @app.tool(risk="outward", control=["to"])
    def send(to: str, text: str) -> str:
        clocks.ahead_s *= 2  # and again, in the middle of the work
        return to

    @app.workflow
    def flow(name: str) -> str:
        return greet(send(name, greet(name)))

    run = app.run(flow, name="Ada", model="scripted", deadline_s=30)
    clocks.ahead_s = jump_s
    again = app.open(run.id).approve()
    assert (again.status, again.view.worked_s < 5) == ("done", True)
    times = [record.at for record in store.read(run.id)]
    assert times == sorted(times)


def finished_run(folder: Path) -> tuple[App, Run[int]]:
    app = App("kept", store=SqliteStore(folder / "runs.sqlite"), gateway=ScriptedGateway([]))

    @app.function
    async def more(n: int) -> int:
        return n + 1

    @app.workflow
    def flow(n: int) -> int:
        return more(more(n))

    run = app.run(flow, n=1, model="scripted")
    assert run.value == 3
    return app, run


def test_a_log_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    app, run = finished_run(tmp_path)
    assert app.store is not None
    records = app.store.read(run.id)
    body = '{"kind": "node_dreamt", "node": "more"}'
    seq, last = len(records), records[-1]
    newer = sha256(f"{last.digest}\n{seq}\n{last.at!r}\n{body}".encode()).hexdigest()
    app.store.append(run.id, seq, [Record(seq, last.at, body, newer)])
    with pytest.raises(LogTooNew, match=r"newer version of rheostat.*node_dreamt"):
        app.open(run.id)


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    app, run = finished_run(tmp_path)
    db = sqlite3.connect(tmp_path / "runs.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    app.store = SqliteStore(tmp_path / "runs.sqlite")
    with pytest.raises(StoreTooNew, match="Upgrade"):
        app.open(run.id)


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    app, run = finished_run(tmp_path)
    db = sqlite3.connect(tmp_path / "runs.sqlite")
    with db:
        db.execute("DROP TABLE stops")
        db.execute("DROP TABLE kept")
        db.execute("PRAGMA user_version = 1")
    db.close()
    app.store = SqliteStore(tmp_path / "runs.sqlite")
    assert app.open(run.id).value == 3
    assert app.store.kept("nothing") is None


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM records WHERE seq = 1",
        "UPDATE records SET at = at + 1 WHERE seq = 1",
        "UPDATE records SET body = 'null' WHERE seq = 1",
        "DELETE FROM records WHERE seq = 0",
    ],
)
def test_a_damaged_log_is_never_gone_on_with(tmp_path: Path, damage: str) -> None:
    app, run = finished_run(tmp_path)
    db = sqlite3.connect(tmp_path / "runs.sqlite")
    with db:
        db.execute(damage)
    db.close()
    with pytest.raises(DamagedLog, match="is not what was written"):
        app.open(run.id)


def test_a_model_call_that_takes_too_long_is_given_up_and_its_worst_case_booked() -> None:
    def slow(request: ChatRequest) -> str:
        return "Hello"

    app = App("late", store=MemoryStore(), gateway=ScriptedGateway(slow, delay_s=FOREVER_S))

    @app.llm(timeout_s=0.2)
    def greet(name: str) -> str:
        """Greet."""
        ...

    @app.workflow
    def flow(name: str) -> str:
        return greet(name)

    run = app.run(flow, name="Ada", model="scripted", budget_usd=1.0)
    assert (run.status, "greet() was given up" in run.view.reason) == ("failed", True)
    assert run.view.assumed_usd > 0 and not run.view.open_usd
