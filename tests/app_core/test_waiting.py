"""The index of open questions: at every moment, and over every store, what the Logs themselves say."""

import asyncio
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.events import (
    Asked,
    EffectStarted,
    Event,
    NodeDeclined,
    NodeFailed,
    NodeFinished,
    NodeLetGo,
    NodeStarted,
    Reminded,
    Request,
    Ruled,
    RunEnded,
    RunResumed,
    RunStarted,
)
from rheostat.app_core.label import BUILDER
from rheostat.app_core.log import Store, beginning, chained
from rheostat.app_core.run import Run
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.app_core.view import View, view
from rheostat.autonomy import Action, Level, Risk, ask, verdict


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    kept = SqliteStore(tmp_path / "runs.sqlite")
    yield kept
    kept.close()


class Desk:
    """An app that sends letters, or sends one and fails after it has asked."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.app = app = App("post", store=store, gateway=ScriptedGateway([]))

        @app.tool(risk="outward", control=["to"])
        def send(to: str) -> str:
            return f"sent to {to}"

        @app.function
        async def stamp(n: int) -> int:
            while not store.waiting():
                await asyncio.sleep(0.01)
            raise ValueError("no stamps")

        @app.workflow
        def letters(people: list[str]) -> list[str]:
            return send.each(people)

        @app.workflow
        def both(to: str, n: int) -> list[Any]:
            return [send(to), stamp.essential(n)]

        self.letters, self.both = letters, both

    def listed(self) -> list[tuple[str, str, str]]:
        return [(each.run, each.node, each.question) for each in self.store.waiting()]

    def agrees(self, event: Event, seen: View) -> None:
        """Listens to a run: once an append is through, the index says what the view says."""
        stored = {each for each in self.listed() if each[0] == seen.run}
        assert stored == told(view(seen.run, self.store.read(seen.run))), event.kind


def told(seen: View) -> set[tuple[str, str, str]]:
    """What waits, by a run's Log."""
    going = seen.status == "running"
    return {(seen.run, seen.asked_by[each.id], each.id) for each in seen.open_questions() if going}


def test_the_index_says_what_the_logs_say_after_every_append(store: Store) -> None:
    desk = Desk(store)
    first = desk.app.run(desk.letters, people=["Ann", "Bob", "Cay"], model="scripted", watch=desk.agrees)
    second = desk.app.run(desk.letters, people=["Dan"], model="scripted", watch=desk.agrees)
    assert len(desk.listed()) == 4
    first.approve(first.questions[0].id, watch=desk.agrees)
    first.reject(first.questions[0].id, reason="no", watch=desk.agrees)
    first.approve(first.questions[0].id, edits={"to": "Eve"}, watch=desk.agrees)
    assert [run for run, *_ in desk.listed()] == [second.id]
    second.cancel("enough")
    assert (desk.listed(), second.status) == ([], "cancelled")


def test_nothing_waits_in_a_run_that_has_failed(store: Store) -> None:
    desk = Desk(store)
    run = desk.app.run(desk.both, to="Ann", n=1, model="scripted", watch=desk.agrees)
    assert (run.status, len(run.questions), desk.listed()) == ("failed", 1, [])


def test_a_row_tells_what_a_list_shows(store: Store) -> None:
    desk = Desk(store)
    run = desk.app.run(desk.letters, people=["Ann"], model="scripted")
    [row], [question] = store.waiting(), run.questions
    assert (row.app, row.tool, row.summary) == ("post", "send", question.action.summary)
    assert (row.risk, row.taint, row.ruling) == (Risk.OUTWARD, question.verdict.taint, question.verdict.ruling)
    assert (row.people, row.roles) == (1, ())
    assert row.expires_at == question.expires_at.timestamp()
    assert abs(row.asked_at - question.asked_at.timestamp()) < 60


def test_the_oldest_comes_first(store: Store) -> None:
    desk = Desk(store)
    runs = [desk.app.run(desk.letters, people=[name], model="scripted").id for name in ("Zoe", "Ann", "Bob")]
    assert [each.run for each in store.waiting()] == runs


def test_a_store_of_an_older_version_is_indexed_from_its_logs(tmp_path: Path) -> None:
    desk = Desk(SqliteStore(tmp_path / "runs.sqlite"))
    done: Run[Any] = desk.app.run(desk.letters, people=["Ann"], model="scripted").approve()
    waits = desk.app.run(desk.letters, people=["Bob", "Cay"], model="scripted")
    listed = desk.listed()
    db = sqlite3.connect(tmp_path / "runs.sqlite")
    with db:
        db.execute("DROP TABLE waiting")
        db.execute("PRAGMA user_version = 4")
    db.close()
    older = SqliteStore(tmp_path / "runs.sqlite")
    assert [(each.run, each.node, each.question) for each in older.waiting()] == listed
    assert {each.run for each in older.waiting()} == {waits.id} != {done.id}
    older.close()


def test_a_damaged_log_does_not_keep_the_others_from_being_indexed(tmp_path: Path) -> None:
    desk = Desk(SqliteStore(tmp_path / "runs.sqlite"))
    broken, whole = (desk.app.run(desk.letters, people=[name], model="scripted").id for name in ("Ann", "Bob"))
    db = sqlite3.connect(tmp_path / "runs.sqlite")
    with db:
        db.execute('UPDATE records SET body = \'{"kind":"asked",\' WHERE run = ? AND seq = 1', (broken,))
        db.execute("DELETE FROM records WHERE run = ? AND seq = 0", (broken,))
        db.execute("PRAGMA user_version = 4")
    db.close()
    older = SqliteStore(tmp_path / "runs.sqlite")
    assert [each.run for each in older.waiting()] == [whole]
    older.close()


# Whatever events come


def asked(node: str, number: int) -> Asked:
    action = Action(tool="send", arguments=(), risk=Risk.OUTWARD, node=node, run="r")
    now = datetime(2026, 11, 24, tzinfo=UTC)
    question = ask(
        action, verdict(Level.EDIT, action), id=f"{node}?{number}", asked_at=now, expires_at=now + timedelta(days=1)
    )
    return Asked(node=node, question=question)


def events(node: str, number: int) -> list[Event]:
    """One of each kind that has to do with questions, and some that have not."""
    action = asked(node, number).question.action
    return [
        asked(node, number),
        NodeStarted(node=node),
        NodeFinished(node=node, value=1, label=BUILDER),
        NodeFailed(node=node, error="It broke."),
        NodeDeclined(node=node, reason="No."),
        NodeLetGo(node=node, reason="Too dear."),
        EffectStarted(node=node, key="k", action=action),
        Ruled(node=node, action=action, verdict=verdict(Level.EDIT, action)),
        Reminded(question=f"{node}?0"),
        RunResumed(),
        RunEnded(status="failed", reason="It broke."),
        RunEnded(status="cancelled", reason="Enough."),
    ]


def going_on(batches: list[list[tuple[str, int]]]) -> list[list[Event]]:
    """Batches of events, up to the run's end."""
    told, ended = list[list[Event]](), False
    for number, batch in enumerate(batches):
        told.append([])
        for node, kind in batch:
            if not ended:
                told[-1].append(events(node, number)[kind])
            ended = ended or isinstance(told[-1][-1], RunEnded)
    return [batch for batch in told if batch]


def agrees_throughout(store: Store, run: str, batches: list[list[Event]]) -> None:
    start = RunStarted(request=Request(app="a", where="w", workflow="f", graph="", inputs={}, model="m"))
    seq, digest = 0, beginning(run)
    for batch in [[start], *batches]:
        records = chained(batch, seq=seq, after=digest, at=float(seq))
        store.append(run, seq, records)
        seq, digest = seq + len(records), records[-1].digest
        listed = {(each.run, each.node, each.question) for each in store.waiting() if each.run == run}
        assert listed == told(view(run, store.read(run)))


histories = st.lists(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 11)), min_size=1, max_size=4), max_size=8
).map(going_on)


@given(histories)
def test_the_index_in_memory_says_what_the_log_says_whatever_comes(batches: list[list[Event]]) -> None:
    agrees_throughout(MemoryStore(), "r", batches)


@settings(max_examples=20)  # each append waits for the disk
@given(histories)
def test_the_index_in_a_file_says_what_the_log_says_whatever_comes(batches: list[list[Event]]) -> None:
    with TemporaryDirectory() as folder:
        store = SqliteStore(Path(folder) / "runs.sqlite")
        agrees_throughout(store, "r", batches)
        store.close()
