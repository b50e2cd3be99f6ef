"""Undoing what a tool did to files, by what was kept of them before, and what a full disk does to an effect."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.app import App
from rheostat.app_core.log import Store
from rheostat.app_core.run_errors import NotUndone
from rheostat.app_core.testing import ScriptedGateway

ROOT = Path(__file__).parents[2]


class Desk:
    """An App that writes, deletes and half writes files, which are kept before."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.app = app = App("desk", store=store, gateway=ScriptedGateway([]))
        self.trouble = list[Exception]()

        @app.tool(risk="local", control=["files"], changes=["files"])
        def write(files: list[Path], text: str) -> int:
            for number, file in enumerate(files):
                if number and self.trouble:
                    raise self.trouble.pop()
                file.parent.mkdir(exist_ok=True)
                file.write_text(text)
            return len(files)

        async def unlink(file: str) -> str:
            Path(file).unlink()
            return file

        delete: Any = app.tool(risk="local", control=["file"], changes=["file"])(unlink)

        @app.workflow
        def writing(files: list[Path], text: str) -> int:
            return write(files, text)

        @app.workflow
        def deleting(file: str) -> str:
            return delete(file)

        @app.tool(risk="local", control=["file"], changes=["file"])
        def fill(file: str, characters: int, said: int) -> str:
            Path(file).write_text("x" * characters)
            return "x" * said

        @app.workflow
        def filling(file: str, characters: int, said: int) -> str:
            return fill(file, characters, said)

        self.writing, self.deleting, self.filling = writing, deleting, filling


@pytest.fixture
def desk(store: Store, tmp_path: Path) -> Desk:
    return Desk(store, tmp_path)


def test_files_that_a_tool_changes_are_put_back(desk: Desk, tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new/new.txt"
    old.write_text("one\ntwo\n")
    run = desk.app.run(desk.writing, files=[old, new], text="one\nthree\n", model="scripted", dial=4)
    assert (old.read_text(), new.read_text()) == ("one\nthree\n",) * 2
    shown = run.preview_undo("write")
    assert isinstance(shown, dict)
    assert shown["diff"] == [
        {"op": "keep", "text": "one\n"},
        {"op": "delete", "text": "three\n"},
        {"op": "insert", "text": "two\n"},
    ]
    assert shown["facts"] == {
        str(old): "content as before",
        str(new.parent): "the folder that was made goes",
        str(new): "the file that was made goes",
    }
    run.undo("write")
    assert old.read_text() == "one\ntwo\n"
    assert not new.parent.exists()
    assert str(old) in str(run.effects[0].said)


def test_a_file_that_was_deleted_comes_back(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a")
    run = desk.app.run(desk.deleting, file=str(file), model="scripted", dial=4)
    assert not file.exists()
    run.undo("unlink")
    assert file.read_text() == "a"


def test_a_file_that_somebody_has_changed_since_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    file, other = tmp_path / "a.txt", tmp_path / "b.txt"
    file.write_text("before")
    run = desk.app.run(desk.writing, files=[file, other], text="after", model="scripted", dial=4)
    file.write_text("edited by hand")
    with pytest.raises(NotUndone, match=r"was not undone. Changed since: .*a\.txt.*nothing was touched"):
        run.undo("write")
    assert (file.read_text(), other.read_text()) == ("edited by hand", "after")
    file.write_text("after")
    run.undo("write")
    assert (file.read_text(), other.exists()) == ("before", False)


def test_what_a_tool_did_before_it_failed_is_put_back(desk: Desk, tmp_path: Path) -> None:
    one, two = tmp_path / "1.txt", tmp_path / "2.txt"
    one.write_text("before")
    desk.trouble.append(OSError("no space left on device"))
    run = desk.app.run(desk.writing, files=[one, two], text="after", model="scripted", dial=4)
    assert "no space left" in run.failures["write"]
    assert one.read_text() == "after"
    run.undo("write")
    assert one.read_text() == "before"
    assert "no space left" in run.failures["write"], "that it failed stays so"


def test_what_can_not_be_kept_is_not_changed(desk: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    run = desk.app.run(desk.deleting, file=str(tmp_path / "pipe"), model="scripted", dial=4)
    assert "neither a file nor a folder nor a link. Nothing was changed" in run.failures["unlink"]
    assert (tmp_path / "pipe").exists()


def test_where_nothing_can_be_kept_nothing_is_changed(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.txt"
    file.write_text("before")
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    (tmp_path / "home/checkpoints").write_text("no folder, so nothing can be kept in it")
    run = desk.app.run(desk.writing, files=[file], text="after", model="scripted", dial=4)
    assert "can't be kept" in run.failures["write"]
    assert file.read_text() == "before"


FULL = """
import resource, signal, sys
from pathlib import Path
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.errors import RheostatError
from tests.app_core.test_undo_files import Desk

folder, file, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
desk = Desk(SqliteStore(folder / "runs.sqlite"), folder)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
sizes = {"characters": 2_000_000 if what == "write" else 5, "said": 2_000_000 if what == "log" else 5}
run = desk.app.run(desk.filling, file=str(file), **sizes, model="scripted", dial=4)
print(run.failures)
"""


@pytest.mark.parametrize("what", ["keep", "write", "log"])
def test_an_effect_on_a_full_disk_is_never_lost(tmp_path: Path, what: str) -> None:
    file = tmp_path / "a.txt"
    before = "x" * 2_000_000 if what == "keep" else "before"
    file.write_text(before)
    command = [sys.executable, "-c", FULL, str(tmp_path), str(file), what]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    store = SqliteStore(tmp_path / "runs.sqlite")
    run = Desk(store, tmp_path).app.open(store.runs()[0])
    if what == "write":
        assert "File too large" in ended.stdout, ended.stderr
        assert (run.effects[0].standing, file.stat().st_size) == ("failed", 1_000_000)
        run.undo("fill")
        assert file.read_text() == before
        return
    told = {"keep": "can't be kept as it is: File too large. Nothing was changed", "log": "The disk that holds"}[what]
    assert told in ended.stderr
    assert file.read_text() == {"keep": before, "log": "xxxxx"}[what]
    assert (run.effects[0].standing, run.status) == ("unknown", "unfinished"), "that it was begun is known"
    run.resume()
    assert "may have happened already" in " ".join(run.questions[0].verdict.reasons)
