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

from rheostat.app_core.compose import default_lessons, default_store
from rheostat.app_core.entrypoints.cli import cli

DESK = '''
from pathlib import Path
from time import time

from rheostat import App, Score
from rheostat.dag import cascade
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


@app.llm(again=0, choices=["quick", cascade("quick", "clever")])
def chosen(number: int) -> str:
    """Is it odd or even?"""
    raise NotImplementedError


@app.check(chosen)
def right_too(number: int, answer: str) -> float:
    return right(number, answer).value


@app.workflow
def both(number: int) -> list[str]:
    return [parity(number), chosen(number)]


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


def test_a_step_that_names_choices_is_measured_in_each_of_them() -> None:
    found = told("--models", "clever,quick,clever", flow="both")
    assert found["runs"] == 3 * 12, "as many ways as the step with most of them has"
    assert {choice: (step["passed"], step["runs"]) for choice, step in steps(found, "chosen").items()} == {
        "quick": (12, 24),
        "cascade(quick, clever)": (12, 12),
    }
    assert {choice: step["runs"] for choice, step in steps(found, "parity").items()} == {"clever": 24, "quick": 12}


def test_plans_learn_from_it() -> None:
    told("--models", "clever,quick", flow="both")
    lessons, _ = default_lessons().of("desk")
    of_parity = [(lesson.part, lesson.passed) for lesson in lessons if lesson.task == "parity"]
    assert (of_parity.count(("clever", True)), of_parity.count(("quick", True)), len(of_parity)) == (12, 6, 24)
    assert {"quick", "cascade(quick, clever)/1"} <= {lesson.part for lesson in lessons if lesson.task == "chosen"}


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
        (
            "",
            '{"number": 1}',
            "has several workflows. There are: tell, without, both, several.",
        ),
        ("other", '{"number": 1}', "has no workflow 'other'."),
        ("without", '{"number": 1}', "calls no model."),
    ],
)
def test_what_can_not_be_measured_is_refused_before_anything_runs(flow: str, lines: str, what: str) -> None:
    Path("cases.jsonl").write_text(lines)
    code, _, err = said("--models", "clever", flow=flow)
    assert code == 2 and what in err


@pytest.mark.local_model
def test_the_documents_example_runs() -> None:
    text = (Path(__file__).parents[2] / "docs" / "eval.md").read_text()
    for name, kind in (("desk.py", "python"), ("cases.jsonl", "json")):
        Path(name).write_text(text.partition(f"```{kind}\n")[2].partition("```")[0])
    Path("cases.jsonl").write_text("\n".join(Path("cases.jsonl").read_text().splitlines()[:2]))
    found = told("--models", "local", flow="")
    assert (found["runs"], found["cases"], found["unreached"]) == (2, 2, [])
    assert steps(found, "reply")["local"]["runs"] == 2 and steps(found, "reply")["local"]["p50_s"] > 0


def test_ctrl_c_keeps_what_was_measured() -> None:
    slow = DESK.replace("price=", "delay_s=0.05, price=")
    Path("desk.py").write_text(
        slow.replace("    number = int(", '    Path(f"asked {time()}").touch()\n    number = int(', 1)
    )
    cases(range(500))
    command = [sys.executable, "-m", "rheostat.app_core.entrypoints.cli", "eval", "desk.py", "--cases", "cases.jsonl"]
    with subprocess.Popen(
        [*command, "--models", "clever,quick", "--workflow", "tell", "--json"],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        while len(list(Path().glob("asked *"))) < 9 and running.poll() is None:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    found = json.loads(out)
    assert 0 < found["runs"] < 1000 and found["stopped"] == "Ctrl-C was pressed."
    assert sum(step["runs"] for step in found["steps"] if step["node"] == "parity") == found["runs"]
