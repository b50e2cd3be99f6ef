"""The index of open questions: at every moment, and over every store, what the Logs themselves say."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.events import Event
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.app_core.view import View, view
from rheostat.autonomy import Risk


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
