"""`rheostat eval`: what it runs, what it never does, and what it says, as a person and a program get it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rheostat.app_core.compose import default_store
from rheostat.app_core.entrypoints.cli import cli

DESK = '''
from pathlib import Path

from rheostat import App, Score
from rheostat.app_core.ports import ChatRequest, Price
from rheostat.app_core.testing import ScriptedGateway


def answers(request: ChatRequest) -> str:
    """`clever` gets every number right, `quick` only the odd ones; `broken` can't be reached."""
    number = int(request.messages[-1].content.rpartition("number:")[2].split()[0])
    if request.model == "broken":
        from rheostat.app_core.errors import NotPermitted
        raise NotPermitted("The key is wrong. Set another one.")
    return "odd" if number % 2 or request.model == "quick" else "even"


app = App("desk", gateway=ScriptedGateway(answers, price=Price(prompt_usd=1e-5, answer_usd=4e-5)))


@app.llm(again=0, answer_tokens=10)
def parity(number: int) -> str:
    """Is it odd or even?"""
    raise NotImplementedError


@app.check(parity)
def right(number: int, answer: str) -> Score:
    fits = answer == ("odd" if number % 2 else "even")
    return Score(float(fits), "" if fits else f"{number} is not {answer}.")


@app.llm(answer_tokens=10)
def free(number: int) -> str:
    """Say something about it."""
    raise NotImplementedError


@app.tool(risk="read")
def publish(parity: str) -> str:
    Path("published").touch()
    return parity


@app.llm
def thank(number: int, parity: str) -> str:
    """Thank for it."""
    raise NotImplementedError


@app.workflow
def tell(number: int) -> str:
    free(number)
    return thank(number, publish(parity(number)))


@app.function
def plain(number: int) -> int:
    return number


@app.workflow
def without(number: int) -> int:
    return plain(number)


@app.workflow
def several(numbers: list[int]) -> list[str]:
    return parity.each(numbers)
'''


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RHEOSTAT_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    default_store.cache_clear()
    Path("desk.py").write_text(DESK)
    cases(range(12))


def cases(numbers: Sequence[int]) -> None:
    Path("cases.jsonl").write_text("\n".join(json.dumps({"number": number}) for number in numbers))


def said(*arguments: object, flow: str = "tell") -> tuple[int, str, str]:
    """Exit code, stdout and stderr."""
    asked = ["eval", "desk.py", "--cases", "cases.jsonl", *(["--workflow", flow] if flow else []), *map(str, arguments)]
    done = CliRunner(env={"COLUMNS": "100"}).invoke(cli, asked, catch_exceptions=False)
    return done.exit_code, done.stdout, done.stderr


def told(*arguments: object, code: int = 0, flow: str = "tell") -> dict[str, Any]:
    ended, out, err = said(*arguments, "--json", flow=flow)
    assert ended == code, err
    return json.loads(out)


def steps(document: dict[str, Any], node: str) -> dict[str, Any]:
    return {step["choice"]: step for step in document["steps"] if step["node"] == node}


def test_each_model_is_measured_at_each_step_by_the_apps_own_checks() -> None:
    found = told("--models", "clever,quick")
    assert (found["runs"], found["planned_runs"], found["cases"]) == (24, 24, 12)
    parity = steps(found, "parity")
    assert {choice: (step["passed"], step["runs"]) for choice, step in parity.items()} == {
        "clever": (12, 12),
        "quick": (6, 12),
    }
    assert parity["quick"]["score"] == 0.5 and parity["quick"]["low"] < 0.5 < parity["quick"]["high"]
    assert found["findings"]["parity"][0] == ("clever (12 of 12) passes significantly more often than quick (6 of 12).")
    assert all(step["passed"] == 12 and not step["checked"] for step in steps(found, "free").values())
    assert (
        found["spent_usd"] == pytest.approx(sum(trial["cost_usd"] for trial in found["trials"]))
        and found["spent_usd"] > 0
    )


def test_no_action_is_performed_and_what_stands_behind_one_is_named() -> None:
    found = told("--models", "clever")
    assert found["unreached"] == ["thank"]
    assert not Path("published").exists()


def test_the_runs_are_in_nobodys_list_and_ask_nobody() -> None:
    told("--models", "clever")
    assert default_store().runs() == []


def test_a_person_reads_a_table_for_each_step_and_what_it_means() -> None:
    code, out, err = said("--models", "clever,quick")
    assert code == 0
    assert re.search(r"clever +12 of 12 +76% to 100% +1\.00 +\$0\.00", out), out
    assert re.search(r"quick +6 of 12 +25% to 75% +0\.50", out), out
    assert "clever (12 of 12) passes significantly more often than quick (6 of 12)." in out
    assert "free has no check, so any answer of its type passes." in out
    assert "thank was never reached: it stands behind an action" in out
    assert "24 runs · $0.0" in out
    assert "run 1 of 24: line 1, clever" in err


def test_few_cases_tell_nothing_apart() -> None:
    cases(range(4))
    found = told("--models", "clever,quick")
    assert found["findings"]["parity"][0].endswith("can't be told apart yet; more cases may.")


def test_copies_count_each_and_repeating_narrows_nothing() -> None:
    Path("cases.jsonl").write_text('{"numbers": [1, 2, 3]}\n{"numbers": [4, 5]}\n')
    once, twice = (
        steps(told("--models", "quick", "--repeat", repeat, flow="several"), "parity/parity") for repeat in (1, 2)
    )
    assert (once["quick"]["passed"], once["quick"]["runs"]) == (3, 5)
    assert (twice["quick"]["passed"], twice["quick"]["runs"]) == (6, 10)
    assert (twice["quick"]["low"], twice["quick"]["high"]) == (once["quick"]["low"], once["quick"]["high"])


def test_a_budget_is_for_all_of_it_and_ends_it_with_what_there_is() -> None:
    spent_usd = told("--models", "clever,quick")["spent_usd"]
    found = told("--models", "clever,quick", "--budget", spent_usd / 2, code=4)
    assert 0 < found["runs"] < 24 and found["spent_usd"] <= spent_usd / 2
    assert "budget" in found["stopped"]
    assert {step["runs"] for step in found["steps"]} <= {found["runs"] // 2, (found["runs"] + 1) // 2}


def test_a_deadline_ends_it_too() -> None:
    found = told("--models", "clever", "--deadline", 0, code=5)
    assert (found["runs"], found["stopped"]) == (0, "its 0 seconds are over")


def test_a_model_that_can_not_be_reached_is_given_up_and_counted_against_nobody() -> None:
    found = told("--models", "broken,clever", code=4)
    assert found["given_up"] == {"broken": "The key is wrong. Set another one."}
    assert found["runs"] == 12 + 3
    assert steps(found, "parity")["broken"]["runs"] == 0 and steps(found, "parity")["broken"]["broken"] == 3
    assert steps(found, "parity")["clever"]["passed"] == 12
    code, out, _ = said("--models", "broken,clever")
    assert code == 4 and "broken was given up: The key is wrong." in out


@pytest.mark.parametrize(
    ("flow", "lines", "what"),
    [
        ("tell", '{"number": 1}\n{"number": "many"}', "cases.jsonl, line 2: number: Input should be a valid integer"),
        ("tell", "", "cases.jsonl holds no cases."),
        ("", '{"number": 1}', "has several workflows. There are: tell, without, several. Name one with --workflow."),
        ("other", '{"number": 1}', "has no workflow 'other'."),
        ("without", '{"number": 1}', "calls no model."),
    ],
)
def test_what_can_not_be_measured_is_refused_before_anything_runs(flow: str, lines: str, what: str) -> None:
    Path("cases.jsonl").write_text(lines)
    code, _, err = said("--models", "clever", flow=flow)
    assert code == 2 and what in err


def test_ctrl_c_keeps_what_was_measured(tmp_path: Path) -> None:
    Path("desk.py").write_text(DESK.replace("price=", "delay_s=0.05, price="))
    cases(range(500))
    command = [sys.executable, "-m", "rheostat.app_core.entrypoints.cli", "eval", "desk.py", "--cases", "cases.jsonl"]
    root = str(Path(__file__).parents[2])
    with subprocess.Popen(
        [*command, "--models", "clever,quick", "--workflow", "tell", "--json"],
        env=os.environ | {"PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        running.stderr.readline()  # the first run has begun
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=30)
    found = json.loads(out)
    assert running.returncode == 130
    assert 0 < found["runs"] < 1000 and found["stopped"] == "Ctrl-C was pressed."
    assert sum(step["runs"] for step in found["steps"] if step["node"] == "parity") == found["runs"]
