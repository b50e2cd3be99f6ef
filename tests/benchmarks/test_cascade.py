"""The tasks that models are measured on can be solved, and what models write is judged safely."""

import json
import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SANDBOX = runpy.run_path(str(ROOT / "benchmarks" / "sandbox.py"))
TASKS: list[dict[str, Any]] = json.loads((ROOT / "benchmarks/cascade_tasks/small.json").read_text())
ADD = "def add(a, b): return a + b"
TESTS = ["assert add(1, 2) == 3", "assert add(2, 2) == 4"]


@pytest.fixture(params=["walled off", "limits alone"])
def judge(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "limits alone":
        monkeypatch.setitem(SANDBOX["judge"].__globals__, "_wall", lambda: ())
    elif not SANDBOX["is_walled_off"]():
        pytest.skip("bubblewrap does not work here")
    return SANDBOX["judge"]


def test_every_task_can_be_solved_and_none_is_by_the_function_that_is_to_be_repaired() -> None:
    judge = SANDBOX["judge"]
    for task in TASKS:
        assert judge(task["solution"], task["tests"]).share == 1, task["name"]
        if "```" in task["ask"]:
            wrong = task["ask"].partition("```python\n")[2].partition("```")[0]
            assert judge(wrong, task["tests"]).share < 1, task["name"]


def test_tasks_are_told_apart_and_give_nothing_away() -> None:
    assert len({task["name"] for task in TASKS}) == len({task["ask"] for task in TASKS}) == len(TASKS) >= 20
    assert not any(test in task["ask"] for task in TASKS for test in task["tests"])


@pytest.mark.parametrize(
    ("program", "passed", "trouble"),
    [
        (ADD, 2, ""),
        ("def add(a, b): return 3", 1, "assert add(2, 2) == 4: AssertionError"),
        ("def add(", 0, "the program: SyntaxError"),
        ("def sub(a, b): return a - b", 0, "assert add(1, 2) == 3: NameError"),
        (f"{ADD}\nimport os; os._exit(0)", 0, "ended the process"),
        (f"{ADD}\nraise SystemExit", 0, "the program: SystemExit"),
        ("x = [0] * 10**9", 0, "the program: MemoryError"),
        (f"{ADD}\nprint('[\"assert\", null]' * 100000)", 2, ""),
    ],
)
def test_a_program_is_judged_by_what_its_tests_say(judge: Any, program: str, passed: int, trouble: str) -> None:
    verdict = judge(program, TESTS)
    assert (verdict.passed, verdict.tests) == (passed, 2)
    assert trouble in verdict.trouble and bool(trouble) == bool(verdict.trouble)


@pytest.mark.parametrize(
    "program", ["while True: pass", "import time; time.sleep(60)", "import os\nos.fork()\nwhile 1: pass"]
)
def test_what_goes_on_and_on_is_ended(judge: Any, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(judge.__globals__, "WALL_S", 0.5)
    started = time.monotonic()
    assert judge(program, TESTS).passed == 0
    assert time.monotonic() - started < 5


def test_a_wall_keeps_the_network_and_the_files_away(tmp_path: Path) -> None:
    if not SANDBOX["is_walled_off"]():
        pytest.skip("bubblewrap does not work here")
    judge = SANDBOX["judge"]
    (tmp_path / "secret").write_text("x")
    reads = f"open({str(tmp_path / 'secret')!r})"
    assert "FileNotFoundError" in judge(reads, TESTS).trouble
    assert "unreachable" in judge("import socket\nsocket.create_connection(('203.0.113.1', 80), 1)", TESTS).trouble


@pytest.mark.local_model
def test_cascade_reports_every_key_on_a_task_of_ones_own(tmp_path: Path) -> None:
    document = (ROOT / "docs" / "benchmarks.md").read_bytes()
    (tmp_path / "own.json").write_text(json.dumps([{"name": "add", "ask": TASKS[1]["ask"], "tests": TESTS}]))
    command = [sys.executable, "benchmarks/cascade.py", "--quick", "--json", "--samples", "2"]
    done = subprocess.run(
        [*command, "--tasks", str(tmp_path / "own.json")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["tasks"] == 1
    for key in ("local", "local_best_of_n", "cascade", "best_alone", "best_of_n"):
        assert found[f"{key}_solved"] in (0, 1)
        assert found[f"{key}_tokens"] > 0 and found[f"{key}_seconds"] > 0
    assert found["cascade_solved"] >= found["best_alone_solved"]
    assert found["seconds_ratio"] > 0
    assert (ROOT / "docs" / "benchmarks.md").read_bytes() == document, "only a full run belongs into the document"
