"""`rheostat dial`: what each level would have asked, what was earned, and moving the dial of a run that waits."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rheostat import Run
from rheostat.app_core.compose import default_store
from rheostat.app_core.entrypoints.cli import cli
from rheostat.app_core.erasing import erase
from rheostat.app_core.load import app_at, workflow_of

LETTERS = '''
"""Letters: each is written down, and sent."""

from rheostat import App
from rheostat.app_core.testing import ScriptedGateway

app = App("letters", gateway=ScriptedGateway([]))


@app.tool(risk="local", control=["to"])
def draft(to: str) -> str:
    return to


@app.tool(risk="outward", control=["to"])
def send(to: str) -> str:
    with open("sent.txt", "a") as file:
        file.write(to + "\\n")
    return to


@app.workflow
def letter(to: str) -> str:
    return send(draft(to))


@app.workflow
def letters(to: list[str]) -> list[str]:
    return letter.each(to)
'''
POLICY = """
people: {ann: [], bo: []}
rules:
  - {name: press, tool: send, argument: to, value: "*@press.example", deny: true, why: "Bo speaks with the press."}
"""
TO = ["ann@firm.example", "bo@press.example", "cy@firm.example"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    default_store.cache_clear()
    (tmp_path / "letters.py").write_text(LETTERS)
    return tmp_path


def start(dial: int = 1) -> Run[Any]:
    app = app_at("letters.py")
    return app.run(workflow_of(app, "letters"), model="scripted", dial=dial, to=TO)


def answer(run: Run[Any]) -> Run[Any]:
    """No to the press, yes to the others."""
    for question in run.questions:
        if "press" in question.action.summary:
            run.reject(question.id, by="ann")
        else:
            run.approve(question.id, by="ann")
    return run


def said(*arguments: object, columns: int = 100) -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    runner = CliRunner(env={"COLUMNS": str(columns)})
    done = runner.invoke(cli, ["dial", *map(str, arguments)], catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def told(*arguments: object) -> dict[str, Any]:
    code, out, err = said(*arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def row(out: str, name: str) -> list[str]:
    """The figures of a level's line, without its bar."""
    (line,) = [line for line in out.splitlines() if f" {name} " in line]
    return [word for word in line.partition(name)[2].split() if word != "%" and not set(word) & set("█▉▊▋▌▍▎▏")]


def test_it_shows_at_each_level_how_often_people_are_asked_and_what_goes_alone() -> None:
    answer(start())
    start()
    code, out, _ = said()
    assert code == 0 and "letters: letters · 2 runs, 12 actions" in out
    assert row(out, "0 propose") == ["6", "2", "–", "–"]
    assert row(out, "1 edit") == ["3", "1", "–", "50"]
    assert row(out, "2 share") == ["0", "0", "50", "50"]
    assert row(out, "4 alone") == ["0", "0", "100", "–"]
    assert row(out, "as it was") == ["3", "1", "–", "50"]
    assert "▸ 1 edit" in out
    assert "From level 2 on 1 action that a person rejected would have gone as proposed." in out


def test_the_document_says_the_same() -> None:
    answer(start())
    (seen,) = told()["workflows"]
    assert (seen["workflow"], seen["runs"], seen["actions"], seen["stands"]) == ("letters: letters", 1, 6, 1)
    assert [level["asks_per_run"] for level in seen["levels"]] == [6, 3, 0, 0, 0]
    assert [level["rejected"] for level in seen["levels"]] == [0, 0, 1, 1, 1]
    assert seen["was"]["asked"] == 3 and seen["unlike"] == 0


def test_of_one_run_each_action_is_shown_with_the_levels_that_ask() -> None:
    run = answer(start())
    _, out, _ = said(run.id)
    (press,) = [line for line in out.splitlines() if "send: to bo@press" in line]
    assert "asked, rejected" in press and "  0, 1  " in press
    (fate, *_) = told(run.id)["workflows"][0]["fates"]
    assert fate == {
        "action": "draft: to ann@firm.example",
        "was": "notify",
        "said": "",
        "asked_at": [0],
        "refused": False,
    }


def test_under_another_policy_each_rule_says_what_it_would_have_done(folder: Path) -> None:
    answer(start())
    (folder / "policy.yaml").write_text(POLICY)
    _, out, _ = said("--policy", "policy.yaml")
    assert "under policy.yaml" in out and "press would have refused 1 of the last 3 of send." in out
    assert row(out, "4 alone") == ["0", "0", "83", "–", "17"]
    assert row(out, "as it was")[-1] == "–", "nothing was refused then"
    seen = told("--policy", "policy.yaml")["workflows"][0]
    assert seen["rules"][0]["refused"] == 1 and [level["refused"] for level in seen["levels"]] == [1] * 5


def test_a_broken_policy_is_told_and_nothing_is_counted_under_it(folder: Path) -> None:
    answer(start())
    (folder / "policy.yaml").write_text("rules: [{name: press, tols: send}]")
    code, out, err = said("--policy", "policy.yaml")
    assert code == 2 and not out and "policy.yaml" in err


def test_what_was_earned_is_shown_and_nothing_is_moved() -> None:
    for _ in range(3):
        answer(start())
    _, out, _ = said("--suggest", columns=80)
    (send,) = [line for line in out.splitlines() if "letters: send, outward" in line]
    assert send.split()[3:7] == ["6", "0", "3", "0"] and "0 of 3" in send
    assert all(len(line.rstrip()) <= 80 for line in out.splitlines())
    assert "Nothing here speaks for moving the dial." in out
    (kind,) = [each for each in told("--suggest")["kinds"] if each["tool"] == "send"]
    assert (kind["accepted"], kind["rejected"], kind["runs"], kind["clean"]) == (6, 3, 3, 0)
    assert kind["wanting"] > 51


def test_an_effect_that_is_let_go_and_that_people_refuse_is_suggested_to_be_asked_about_again() -> None:
    for _ in range(6):
        answer(start())
    start(dial=2)
    _, out, _ = said("--suggest")
    assert "Turn send back to level 1 (edit)" in out and "rheostat dial RUN --to 1 --tool send" in out
    (back,) = told("--suggest")["suggestions"]
    assert (back["tool"], back["way"], back["level"]) == ("send", "down", 1)


def test_the_dial_of_a_run_that_waits_is_moved_and_what_waits_is_decided_again(folder: Path) -> None:
    run = start()
    code, out, _ = said(run.id, "--to", 2, "--by", "ann")
    assert code == 0 and "The dial stands at 2 (share)." in out
    assert sorted((folder / "sent.txt").read_text().split()) == sorted(TO)
    moved = app_at("letters.py").open(run.id).view
    assert moved.dial.level == 2 and moved.status == "done"


def test_it_can_be_moved_for_one_tool_or_one_kind_only() -> None:
    run = start(dial=0)
    code, out, _ = said(run.id, "--to", 1, "--tool", "draft")
    assert code == 3 and "The dial stands at 1 (edit) for draft." in out
    assert [question.action.tool for question in app_at("letters.py").open(run.id).questions] == ["send"] * 3
    said(run.id, "--to", 2, "--kind", "local")
    code, out, _ = said(run.id, "--to", 2, "--kind", "outward")
    assert code == 0 and "for what is outward, asking no less than for any milder kind." in out
    assert app_at("letters.py").open(run.id).view.dial.level == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("--to", 2), "name the RUN"),
        (("--tool", "send"), "give --to, too"),
        (("last", "--to", 2, "--tool", "fly"), "No tool is called 'fly'"),
        (("last", "--to", 2, "--kind", "mild"), "is not a risk"),
        (("last", "--to", 7), "less than or equal to 4"),
        (("never-was",), "never-was"),
        (("--last", 0), "greater than or equal to 1"),
    ],
)
def test_what_can_not_be_is_said_in_a_sentence(arguments: tuple[object, ...], problem: str) -> None:
    start()
    code, _, err = said(*arguments, columns=200)
    assert code == 2 and problem in err


def test_a_run_that_was_erased_is_left_out() -> None:
    answer(start())
    erase(default_store(), answer(start()).id, by="ann")
    assert told()["workflows"][0]["runs"] == 1


def test_of_no_runs_there_is_nothing_to_show() -> None:
    for arguments in ((), ("--suggest",)):
        code, out, _ = said(*arguments)
        assert code == 0 and "No run on record has proposed an action yet." in out
    assert told() == {"workflows": []}


def test_a_run_that_has_ended_can_not_be_steered() -> None:
    run = answer(start())
    code, _, err = said(run.id, "--to", 2)
    assert code == 2 and "has ended" in err
