"""Undoing from the command line: listed, shown, asked about, done once."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.conftest import Desk

RECALL = """
def recall(to: str, copies: int) -> str:
    note("recalled.txt", f"{to} x{copies}")
    return f"{copies} recalled"


def shown(to: str):
    return {"title": "Recall", "note": f"{to} may have read it."}


@app.tool(risk="outward", control=["to"], undo=recall, preview_undo=shown)
def send("""


@pytest.fixture
def sent(desk: "Desk") -> str:
    """A run that has sent two letters, which can be recalled."""
    app = desk.folder / "letters.py"
    plain = '\n@app.tool(risk="outward", control=["to"])\ndef send('
    assert plain in app.read_text()
    app.write_text(app.read_text().replace(plain, RECALL))
    run = desk.start("Ada", "Bo")
    assert desk.cli("approve", run, "--all", "--yes").returncode == 0
    return run


def test_what_was_done_is_listed_shown_and_undone_once_after_a_yes(desk: "Desk", sent: str) -> None:
    listed = desk.cli("undo", sent)
    assert (listed.returncode, desk.lines("recalled.txt")) == (0, [])
    assert "send: to Ada" in listed.stdout and "letter[1]/send" in listed.stdout and "outward" in listed.stdout
    at = desk.terminal("undo", sent, "letter[0]/send", "--by", "Eve")
    at.expect("Others have seen it")
    at.expect("Ada may have read it.")
    at.expect("Undo this?")
    at.send("n\n")
    assert (at.ends(), desk.lines("recalled.txt")) == (0, [])
    at = desk.terminal("undo", sent, "letter[0]/send", "--by", "Eve")
    at.expect("Undo this?")
    at.send("y\n")
    assert at.ends() == 0
    assert desk.lines("recalled.txt") == ["Ada x1"]
    ada, bo = desk.json("undo", sent)["effects"]
    assert (ada["standing"], ada["undone_by"], ada["said"]) == ("undone", "Eve", "1 recalled")
    assert bo["standing"] == "done"
    shown = desk.cli("show", sent, "--html", "page.html")
    assert (shown.returncode, "undone: by Eve" in shown.stdout) == (0, True), shown.stderr
    again = desk.cli("undo", sent, "letter[0]/send", "--yes")
    assert (again.returncode, "was undone already, by Eve" in again.stderr) == (2, True)
    assert desk.cli("undo", sent, "--all", "--yes").returncode == 0
    assert desk.lines("recalled.txt") == ["Ada x1", "Bo x1"]


def test_without_a_person_and_without_a_yes_nothing_is_undone(desk: "Desk", sent: str) -> None:
    for wanted in (["letter[0]/send"], ["--all"], ["--to", "letter[0]/write"]):
        told = desk.cli("undo", sent, *wanted)
        assert (told.returncode, "say --yes" in " ".join(told.stderr.split())) == (2, True)
    told = desk.cli("undo", sent, "letter[0]/send", "--all")
    assert (told.returncode, "say one thing" in told.stderr) == (2, True)
    assert desk.lines("recalled.txt") == []
