"""Commands without a terminal: what they say, to whom, and with which exit code."""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from rheostat.app_core.entrypoints.cli import cli

if TYPE_CHECKING:
    from tests.e2e.conftest import Desk

COMMANDS = ("demo", "review", "runs", "show", "approve", "doctor", "models")


def test_help_names_every_command_and_every_exit_code_at_once(desk: "Desk") -> None:
    desk.cli("--help")
    began_at = time.perf_counter()
    told = desk.cli("--help")
    print(f"rheostat --help: {time.perf_counter() - began_at:.2f} s")
    assert told.returncode == 0
    assert [command for command in COMMANDS if f"\n  {command} " in told.stdout] == list(COMMANDS)
    assert set(re.findall(r"\b\d+\b", told.stdout.partition("Exit codes:")[2])) == {"0", "2", "3", "4", "5", "130"}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_and_has_json(command: str) -> None:
    said = CliRunner().invoke(cli, [command, "--help"])
    assert (said.exit_code, "--json" in said.stdout) == (0, True)


def test_the_version_is_told(desk: "Desk") -> None:
    assert re.fullmatch(r"rheostat (\d+\.\d+\.\d+|from a checkout.*)\n", desk.cli("--version").stdout)


def test_json_is_one_document_on_stdout_whatever_happens(desk: "Desk") -> None:
    desk.start("Ada")
    for arguments, code in (
        (("runs",), 0),
        (("show", "last"), 0),
        (("models",), 0),
        (("doctor", "--model", "local"), 0),
        (("approve", "last"), 3),
        (("show", "nothing"), 2),
    ):
        told = desk.cli(*arguments, "--json")
        assert (bool(json.loads(told.stdout)), told.returncode) == (True, code), arguments


def test_what_an_app_prints_does_not_get_into_the_document(desk: "Desk") -> None:
    app = desk.folder / "letters.py"
    app.write_text(app.read_text().replace('note("sent.txt",', 'print("sent!"); note("sent.txt",'))
    run = desk.start("Ada")
    told = desk.cli("approve", run, "--yes", "--json")
    document = json.loads(told.stdout)
    assert (document["status"], document["run"], told.returncode) == ("done", run, 0)
    assert "sent!" in told.stderr


def test_without_a_terminal_nothing_blocks_and_the_way_to_answer_is_told(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    told = desk.cli("approve", run)
    assert told.returncode == 3
    assert f"2 questions open. Decide with: rheostat approve {run}" in told.stdout
    assert "letter[1]/send?1" in told.stdout
    assert desk.lines("sent.txt") == []


def test_questions_are_answered_by_options(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo", "Cy")
    several = desk.cli("approve", run, "--yes")
    assert (several.returncode, "Several questions wait" in several.stderr) == (2, True)
    assert desk.cli("approve", run, "letter[0]/send?1", "--yes").returncode == 3
    assert desk.cli("approve", run, "letter[1]/send?1", "--reject", "not him").returncode == 3
    edited = desk.cli("approve", run, "letter[2]/send?1", "--edit", "text=Dear 2", "--edit", "copies=2")
    assert edited.returncode == 0
    assert desk.lines("sent.txt")[1:] == ["Cy: 'Dear 2' x2"]
    assert "not him" in desk.cli("show", run).stdout
    again = desk.cli("approve", run, "letter[0]/send?1", "--yes")
    assert (again.returncode, len(desk.lines("sent.txt"))) == (2, 2)


def test_an_answer_that_makes_no_sense_is_refused_and_nothing_is_decided(desk: "Desk") -> None:
    run = desk.start("Ada")
    for arguments in (
        ("--yes", "--reject", "no"),
        ("--all",),
        ("--all", "--edit", "text=x"),
        ("letter[0]/send?1",),
        ("--edit", "text"),
        ("--edit", "copies=many"),
        ("--edit", 'copies="many"'),
        ("--edit", "nobody=x"),
    ):
        told = desk.cli("approve", run, *arguments)
        assert (told.returncode, "Traceback" in told.stderr) == (2, False), (arguments, told.stderr)
    assert (desk.json("show", run)["answers"], desk.lines("sent.txt")) == ([], [])


def test_a_run_is_found_by_its_beginning_its_end_or_last(desk: "Desk") -> None:
    first, last = desk.start("Ada"), desk.start("Bo")
    for given, meant in ((first, first), (last[:-3], last), (first[-6:], first), ("last", last)):
        assert desk.json("show", given)["run"] == meant
    both = desk.cli("show", first[:4])
    assert (both.returncode, first in both.stderr, last in both.stderr) == (2, True, True)
    none = desk.cli("show", "nothing")
    assert (none.returncode, "There is no run 'nothing'" in none.stderr) == (2, True)


def test_runs_lists_the_newest_first_with_what_they_wait_for(desk: "Desk") -> None:
    assert "There are no runs yet" in desk.cli("runs").stdout
    first, last = desk.start("Ada"), desk.start("Bo", "Cy")
    listed = desk.cli("runs").stdout
    assert listed.index(last) < listed.index(first)
    assert [len(run["questions"]) for run in desk.json("runs")] == [2, 1]


def test_show_tells_what_was_asked_spent_and_why_it_waits(desk: "Desk") -> None:
    run = desk.start("Ada")
    told = desk.cli("show", run).stdout
    for word in ("letters", "waiting", "dial", "scripted", "of $1.00", "letter[0]/write", "At level 1 (edit)"):
        assert word in told
    document = desk.json("show", run)
    write = document["nodes"]["letter[0]/write"]
    assert (write["calls"], write["status"]) == (1, "done")
    assert 0 < write["cost_usd"] == document["spent_usd"]


def test_an_app_that_is_gone_or_starts_a_run_on_import_is_told_and_nothing_is_done(desk: "Desk") -> None:
    run = desk.start("Ada")
    app = desk.folder / "letters.py"
    app.write_text(app.read_text().replace('if __name__ == "__main__":', 'sys.argv[1:] = ["letters", "Eve"]\nif True:'))
    unguarded = desk.cli("approve", run, "--yes")
    assert (unguarded.returncode, "__main__" in unguarded.stderr) == (2, True), unguarded.stderr
    app.unlink()
    gone = desk.cli("approve", run, "--yes")
    assert (gone.returncode, "can't be found" in gone.stderr) == (2, True), gone.stderr
    assert (len(desk.json("runs")), desk.lines("sent.txt")) == (1, [])


def test_a_changed_workflow_is_refused(desk: "Desk") -> None:
    run = desk.start("Ada")
    app = desk.folder / "letters.py"
    app.write_text(app.read_text().replace("return send(name, write(name), 1)", "return send(name, write(name), 2)"))
    told = desk.cli("approve", run, "--yes")
    assert (told.returncode, "changed" in told.stderr, desk.lines("sent.txt")) == (2, True, [])


@pytest.mark.parametrize(
    "start",
    [
        ["-m", "house.letters", "letters", "Ada"],
        ["-c", "from house.letters import *; print(app.run(letters, names=['Ada'], model='scripted').id)"],
    ],
)
def test_an_app_in_a_module_below_the_current_folder_is_found(desk: "Desk", start: list[str]) -> None:
    (desk.folder / "house").mkdir()
    (desk.folder / "house" / "names.py").write_text("APP = 'letters'\n")
    app = (desk.folder / "letters.py").read_text()
    app = app.replace("HERE =", "from .names import APP\nHERE =").replace('App("letters"', "App(APP")
    (desk.folder / "house" / "letters.py").write_text(app)
    (desk.folder / "letters.py").unlink()
    started = subprocess.run(
        [sys.executable, *start], cwd=desk.folder, env=desk.environment, capture_output=True, text=True, check=True
    )
    done = desk.cli("approve", started.stdout.strip(), "--yes")
    assert done.returncode == 0, done.stderr


def test_a_bug_in_the_program_is_told_shortly_and_its_traceback_kept(desk: "Desk") -> None:
    store = desk.folder / "home" / "runs.sqlite"
    store.mkdir(parents=True)
    told = desk.cli("runs")
    assert (told.returncode, "Traceback" in told.stderr) == (5, False)
    kept = re.search(r"\S+last-error\.txt", told.stderr)
    assert kept is not None, told.stderr
    assert "OperationalError" in Path(kept[0]).read_text()


def test_a_damaged_file_of_runs_is_told_with_what_to_do(desk: "Desk") -> None:
    store = desk.folder / "home" / "runs.sqlite"
    store.parent.mkdir()
    store.write_bytes(b"this is no database" * 100)
    told = desk.cli("runs")
    assert "damaged" in told.stderr and "begin anew" in told.stderr
    assert (told.returncode != 0, "last-error" in told.stderr) == (True, False)
