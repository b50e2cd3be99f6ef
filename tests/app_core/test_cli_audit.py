"""`rheostat audit`: what it shows, what it finds in the store's file, what it exports, and what it erases."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rheostat import App
from rheostat.app_core.adapters import sqlite_store
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.compose import default_store
from rheostat.app_core.entrypoints.cli import cli
from rheostat.app_core.erasing import erase
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import StoreBusy
from rheostat.app_core.testing import ScriptedGateway

WHOLE, DAMAGED, NOT_UNDERSTOOD = 0, 5, 2
SECRET = "the-combination-is-0815"
LONG = f"{SECRET} " * 1_000
"""More than a page of the file holds, so that it lies in several."""


class Desk:
    """The store of an empty home, an app that writes into it, and the command line over it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "home" / "runs.sqlite"
        self.app = app = App("post", gateway=ScriptedGateway([]))

        @app.tool(risk="outward", control=["to"])
        def send(to: str, text: str) -> str:
            return f"sent {text}"

        @app.workflow
        def letter(to: str, text: str) -> str:
            return send(to, text)

        self.letter = letter

    def write(self, to: str = "Ann", text: str = "Hello.", dial: int = 3) -> Run[Any]:
        return self.app.run(self.letter, to=to, text=text, model="scripted", dial=dial, by="owner")

    def cli(self, *arguments: object) -> tuple[int, str]:
        done = CliRunner().invoke(cli, [*map(str, arguments)], catch_exceptions=False)
        return done.exit_code, done.output

    def json(self, *arguments: object) -> tuple[int, Any]:
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], catch_exceptions=False)
        return done.exit_code, json.loads(done.stdout)

    def heads(self, *arguments: object) -> Path:
        code, text = self.cli("audit", "export-heads", *arguments)
        assert code == WHOLE, text
        file = self.folder / "heads.json"
        file.write_text(text)
        return file

    def sql(self, statement: str, *values: object) -> None:
        """What somebody does who can write the file."""
        db = sqlite3.connect(self.file)
        with db:
            db.execute(statement, values)
        db.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    default_store.cache_clear()
    yield Desk(tmp_path)
    close(default_store())
    default_store.cache_clear()


def close(store: Store) -> None:
    assert isinstance(store, SqliteStore)
    store.close()


def test_a_run_is_shown_with_who_let_what_happen(desk: Desk) -> None:
    run = desk.write(dial=1)
    run.approve(by="bob")
    code, shown = desk.cli("audit", run.id)
    assert code == WHOLE
    lines = [line.split() for line in shown.splitlines()]
    assert any("accepted" in line and "bob" in line for line in lines)
    assert any("done" in line and "bob" in line for line in lines)
    assert 'to="Ann", vouched for by the user' in shown
    code, document = desk.json("audit", "last")
    assert (code, document["run"]) == (WHOLE, run.id)
    assert [entry["what"] for entry in document["entries"]] == ["started", "asked", "accepted", "done"]
    assert desk.cli("audit")[1] == desk.cli("audit", "show", run.id)[1] == shown


def test_what_stands_in_a_log_moves_no_cursor(desk: Desk) -> None:
    desk.write(to="\x1b[2JAnn\u202e", dial=1)
    _, shown = desk.cli("audit")
    assert "\x1b" not in shown and "\u202e" not in shown


def test_whole_logs_are_said_to_be(desk: Desk) -> None:
    desk.write()
    desk.write(dial=1)
    code, said = desk.cli("audit", "verify")
    assert (code, "2 runs: as written." in said, "--head FILE" in said) == (WHOLE, True, True)


@pytest.mark.parametrize(
    ("damage", "seq", "said"),
    [
        ("UPDATE records SET body = replace(body, 'Ann', 'Eve') WHERE seq = 0", 0, "was changed"),
        ("UPDATE records SET body = body || ' ' WHERE seq = 1", 1, "was changed"),
        ("UPDATE records SET body = CAST(x'7bff' AS TEXT) WHERE seq = 1", 1, "was changed"),
        ("UPDATE records SET body = x'00ff' WHERE seq = 1", 1, "was changed"),
        ("UPDATE records SET at = 'noon' WHERE seq = 2", 2, "was changed"),
        ("UPDATE records SET digest = '' WHERE seq = 1", 1, "was changed"),
        ("DELETE FROM records WHERE seq = 1", 1, "Record 1 is missing."),
        ("DELETE FROM records WHERE seq = 0", 0, "Record 0 is missing."),
        ("UPDATE records SET seq = CASE seq WHEN 1 THEN 102 ELSE 101 END WHERE seq IN (1, 2)", 1, "missing"),
        ("UPDATE records SET body = '' WHERE seq = 1", 1, "was changed"),
    ],
)
def test_what_somebody_did_to_the_file_is_found_and_named(desk: Desk, damage: str, seq: int, said: str) -> None:
    run = desk.write()
    desk.sql(damage)
    code, [log] = desk.json("audit", "verify")
    assert (code, log["run"], log["faults"][0]["seq"]) == (DAMAGED, run.id, seq)
    assert said in log["faults"][0]["sentence"]
    code, shown = desk.cli("audit", "verify", run.id)
    assert (code, log["faults"][0]["sentence"] in " ".join(shown.split())) == (DAMAGED, True)


def test_two_records_that_changed_places_are_found(desk: Desk) -> None:
    desk.write()
    desk.sql("UPDATE records SET seq = 101 WHERE seq = 1")
    desk.sql("UPDATE records SET seq = 1 WHERE seq = 2")
    desk.sql("UPDATE records SET seq = 2 WHERE seq = 101")
    _, [log] = desk.json("audit", "verify")
    assert [fault["seq"] for fault in log["faults"]] == [1, 2]
    assert log["faults"][0]["sentence"] == "Record 1 stands in the place of record 2."


def test_two_logs_that_changed_names_are_found(desk: Desk) -> None:
    one, other = desk.write("Ann").id, desk.write("Bob").id
    for old, new in ((one, "aside"), (other, one), ("aside", other)):
        desk.sql("UPDATE records SET run = ? WHERE run = ?", new, old)
    code, logs = desk.json("audit", "verify")
    assert (code, [log["faults"][0]["seq"] for log in logs]) == (DAMAGED, [0, 0])


def test_a_cut_a_rewritten_and_a_removed_log_are_found_against_heads(desk: Desk) -> None:
    cut, gone, whole = (desk.write(name).id for name in ("Ann", "Bob", "Cay"))
    waits = desk.write("Dan", dial=1)
    heads = desk.heads()
    waits.approve()
    newer = desk.write("Eve").id
    desk.sql("DELETE FROM records WHERE run = ? AND seq >= 3", cut)
    desk.sql("DELETE FROM records WHERE run = ?", gone)
    assert desk.cli("audit", "verify")[0] == WHOLE, "the chain alone can't tell"
    code, logs = desk.json("audit", "verify", "--head", heads)
    faults = {log["run"]: [fault["sentence"] for fault in log["faults"]] for log in logs}
    assert code == DAMAGED
    assert "was cut" in faults[cut][0] and "whole Log is gone" in faults[gone][0]
    assert faults[whole] == faults[waits.id] == faults[newer] == []
    assert desk.cli("audit", "verify", gone, "--head", heads)[0] == DAMAGED
    assert desk.cli("audit", "verify", whole, "--head", heads)[0] == WHOLE


def test_heads_are_signed_and_looked_at_with_the_key(desk: Desk, tmp_path: Path) -> None:
    desk.write()
    key, other = tmp_path / "key", tmp_path / "other"
    key.write_bytes(bytes(32))
    other.write_bytes(bytes(range(32)))
    heads = desk.heads("--key", key)
    assert desk.cli("audit", "verify", "--head", heads, "--key", key)[0] == WHOLE
    code, said = desk.cli("audit", "verify", "--head", heads, "--key", other)
    assert (code, "not signed with this key" in said) == (NOT_UNDERSTOOD, True)
    heads.write_text(heads.read_text().replace('"records": ', '"records": 1'))
    assert desk.cli("audit", "verify", "--head", heads, "--key", key)[0] == NOT_UNDERSTOOD
    other.write_bytes(b"short")
    assert "5 bytes" in desk.cli("audit", "export-heads", "--key", other)[1]
    assert desk.cli("audit", "verify", "--key", key)[0] == NOT_UNDERSTOOD
    assert desk.cli("audit", "verify", "--head", tmp_path / "nothing")[0] != WHOLE


def test_no_heads_are_made_of_a_damaged_log(desk: Desk) -> None:
    desk.write()
    desk.sql("UPDATE records SET at = 0 WHERE seq = 1")
    code, said = desk.cli("audit", "export-heads")
    assert (code, "is not what was written" in said) == (DAMAGED, True)


def test_what_was_erased_is_in_none_of_the_files_any_more(desk: Desk) -> None:
    run, other = desk.write(text=LONG), desk.write(text="Hello.")
    assert SECRET in traces(desk)
    heads = desk.heads()
    code, said = desk.cli("audit", "erase", run.id)
    assert (code, "--yes" in said, SECRET in traces(desk)) == (NOT_UNDERSTOOD, True, True)
    assert desk.cli("audit", "erase", run.id, "--yes", "--reason", "They asked.", "--by", "ann")[0] == WHOLE
    assert SECRET not in traces(desk)
    code, logs = desk.json("audit", "verify", "--head", heads)
    assert (code, {log["run"]: log["erased"] > 0 for log in logs}) == (WHOLE, {run.id: True, other.id: False})
    _, document = desk.json("audit", run.id)
    assert [(entry["what"], entry["by"], entry["why"]) for entry in document["entries"]] == [
        ("erased", "ann", "They asked.")
    ]
    assert [each["run"] for each in desk.json("runs")[1]] == [other.id]
    code, said = desk.cli("show", run.id)
    assert (code, "was erased" in said) == (NOT_UNDERSTOOD, True)


def traces(desk: Desk) -> str:
    """All that lies in the files of the store."""
    files = desk.file.parent.glob(f"{desk.file.name}*")
    return "".join(file.read_bytes().decode(errors="replace") for file in files if file.is_file())


def test_where_another_process_reads_on_it_says_that_words_may_be_left(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = desk.write(text=LONG)
    reader = sqlite3.connect(desk.file, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM records").fetchone()
    monkeypatch.setattr(sqlite_store, "_PATIENCE_S", 0.05)
    store = SqliteStore(desk.file)
    try:
        with pytest.raises(StoreBusy, match="not be cleared of what was erased"):
            erase(store, run.id, by="ann")
        assert all(SECRET not in record.body for record in store.read(run.id))
        reader.close()
        erase(store, run.id, by="ann")
    finally:
        reader.close()
        store.close()
    assert SECRET not in traces(desk)
