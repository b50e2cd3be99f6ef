"""`rheostat review` and what follows it: files, exit codes, refusals. The model is scripted, all else is real."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rheostat.app_core.entrypoints.cli import cli
from rheostat.app_core.ports import ChatRequest
from rheostat.app_core.testing import ScriptedGateway
from rheostat.examples.legal.review import app

TERM = "The duties continue for ten years after this agreement ends."
LAW = "The law of England governs this agreement."
CONTRACT = f"# Agreement\n\n1. Term. {TERM}\n\n2. Law. {LAW}\n"
PLAYBOOK = """
name: Test
rules:
  - topic: Length
    id: length
    preferred: The duties end after two years.
    wording: The duties continue for two years after this agreement ends.
  - topic: Governing law
    id: law
    preferred: The law of England.
"""


def judge(request: ChatRequest) -> str:
    """Finds the term too long and the law right."""
    too_long = "topic: Length" in request.messages[-1].content
    return json.dumps(
        {
            "quotes": [{"place": "", "text": TERM if too_long else LAW}],
            "verdict": "not acceptable" if too_long else "acceptable",
            "fix": "replace",
            "rationale": "It is too long." if too_long else "It is ours.",
        }
    )


class Desk:
    """A folder with a contract and a playbook, and the command line over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contract, self.playbook = folder / "nda.md", folder / "playbook.yaml"
        self.contract.write_text(CONTRACT)
        self.playbook.write_text(PLAYBOOK)

    def cli(self, *arguments: object) -> tuple[int, dict[str, Any]]:
        """Runs a command with --json; gives its exit code and document."""
        done = CliRunner().invoke(cli, [*map(str, arguments), "--json"], catch_exceptions=False)
        return done.exit_code, json.loads(done.stdout) if done.stdout else {}

    def review(self, *more: object) -> tuple[int, dict[str, Any]]:
        """Reviews the contract."""
        return self.cli("review", self.contract, "--playbook", self.playbook, "--model", "scripted", *more)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(app, "gateway", ScriptedGateway(judge))
    return Desk(tmp_path)


def test_at_dial_2_it_ends_alone_with_a_redlined_copy_and_a_report_beside_the_contract(desk: Desk) -> None:
    code, document = desk.review("--dial", 2)
    assert (code, document["status"]) == (0, "done"), document["failures"]
    out, report = Path(document["out"]), Path(document["report"])
    assert (out.name, report.name, out.parent) == ("nda.redlined.md", "nda.redlined.html", desk.folder)
    assert "{--" in out.read_text()
    assert "It is too long." in report.read_text()
    assert desk.contract.read_text() == CONTRACT


def test_at_dial_1_it_waits_and_approve_finishes_the_copy_and_the_report(desk: Desk) -> None:
    code, waiting = desk.review("--dial", 1)
    assert (code, waiting["status"], len(waiting["questions"])) == (3, "waiting", 1)
    assert "out" not in waiting
    report = Path(waiting["report"])
    before = report.read_text()
    code, done = desk.cli("approve", waiting["run"], "--yes")
    assert (code, done["status"]) == (0, "done")
    assert "{--" in Path(done["out"]).read_text()
    assert Path(done["report"]) == report
    assert report.read_text() != before


def test_redlines_that_the_copy_does_not_hold_are_named(desk: Desk) -> None:
    desk.playbook.write_text(PLAYBOOK.replace("topic: Governing law", "wording: Ours.\n    topic: Length too"))
    code, document = desk.review("--dial", 2)
    (line,) = document["redlines_left_out"]
    assert code == 0 and line.startswith("Length too: ") and "overlap" in line
    said = CliRunner().invoke(cli, ["approve", document["run"]], catch_exceptions=False).stdout
    assert "left out: Length too" in " ".join(said.split())


def test_show_says_where_the_quoted_words_stand(desk: Desk) -> None:
    _, document = desk.review("--dial", 2)
    _, shown = desk.cli("show", document["run"])
    (citation,) = shown["nodes"]["one_rule[1]/judge"]["citations"]
    origin = citation["origin"]
    assert (citation["quote"]["text"], origin["source"], origin["place"], origin["line"]) == (LAW, "nda.md", "2", 5)
    said = CliRunner().invoke(cli, ["show", document["run"]], catch_exceptions=False).stdout
    assert "Quoted" in said and "nda.md line 5" in " ".join(said.split())


def test_a_second_review_leaves_what_the_first_one_wrote(desk: Desk) -> None:
    _, first = desk.review("--dial", 2)
    Path(first["out"]).write_text("a person has worked on this")
    _, second = desk.review("--dial", 2)
    assert Path(second["out"]).name == "nda.redlined-2.md"
    assert Path(first["out"]).read_text() == "a person has worked on this"


def test_files_go_where_they_are_sent(desk: Desk) -> None:
    out, report = desk.folder / "out.md", desk.folder / "told.html"
    code, document = desk.review("--dial", 2, "--out", out, "--report", report)
    assert (code, document["out"], document["report"]) == (0, str(out), str(report))
    assert out.exists() and report.exists()


def test_a_budget_too_small_for_one_call_says_what_it_would_cost(desk: Desk) -> None:
    code, document = desk.review("--dial", 2, "--budget", "0.000001")
    assert code in (4, 5)
    assert "Allow about $" in " ".join(document["failures"].values())
    assert document["spent_usd"] == 0


@pytest.mark.parametrize(
    ("files", "more", "word"),
    [
        ({}, ("--out", "nda.md"), "would be overwritten"),
        ({}, ("--out", "playbook.yaml"), "would be overwritten"),
        ({}, ("--out", "nowhere/out.md"), "no folder"),
        ({"nda.md": None}, (), "no such file"),
        ({"playbook.yaml": None}, (), "no such file"),
        ({"playbook.yaml": "rules: []"}, (), "no rules"),
        ({"playbook.yaml": "rules:\n  - topic: Length"}, (), "preferred"),
        ({"nda.md": ""}, (), "no text"),
        ({"nda.md": CONTRACT.replace("ten", "{++ten++}")}, (), "marks a change in CriticMarkup"),
    ],
)
def test_what_cannot_be_reviewed_is_refused_before_a_run_begins(
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
    files: dict[str, str | None],
    more: tuple[str, ...],
    word: str,
) -> None:
    monkeypatch.chdir(desk.folder)
    for name, text in files.items():
        (desk.folder / name).unlink() if text is None else (desk.folder / name).write_text(text)
    before = {path: path.read_bytes() for path in desk.folder.iterdir()}
    code, document = desk.review(*more)
    assert (code, word in document["error"]) == (2, True), document
    assert {path: path.read_bytes() for path in desk.folder.iterdir()} == before


@pytest.mark.parametrize("more", [("--dial", 5), ("--budget", -1), ("--deadline", 0), ("--budget", "nan")])
def test_terms_that_make_no_sense_are_refused(desk: Desk, more: tuple[object, ...]) -> None:
    assert desk.review(*more)[0] == 2
    assert not (desk.folder / "nda.redlined.html").exists()
