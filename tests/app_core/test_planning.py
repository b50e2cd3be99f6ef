"""How a plan decides which way a run's nodes go, what changes it, and what a run teaches those after it."""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat import Limits, cascade, fallback
from rheostat.app_core.errors import NotPermitted
from rheostat.app_core.events import Event, NodeStarted, Planned
from rheostat.app_core.ports import ChatReply, ChatRequest
from rheostat.app_core.run import Run
from rheostat.app_core.testing import Answer, ScriptedGateway
from rheostat.dag import Budget, Call, Copies, Lesson, Plan, Skip, choice_name

from .court import BOTH, PRICES, Court, answers

# Money and time run out


def test_an_optional_node_is_let_go_when_the_money_is_gone(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    whole = court.go(model="small", models=())
    enough_usd = whole.spent_usd + 1_000 * PRICES["small"].answer_usd
    court = Court(tmp_path / "again", answers(True))
    run = court.go(model="small", models=(), budget_usd=enough_usd * 0.9)
    assert (run.value, run.view.nodes["embellish"].status, run.status) == ("So be it.", "let go", "partial")
    assert court.asked() == ["small"] * 4
    assert "embellish" in run.view.more and "a budget of $" in run.view.more


def test_a_run_that_ends_for_want_of_money_says_what_would_have_been_enough(tmp_path: Path) -> None:
    run = Court(tmp_path, answers(True)).go(model="large", models=(), budget_usd=0.005)
    assert run.status in ("failed", "partial") and "a budget of $" in run.view.more
    enough = float(run.view.more.partition("$")[2].partition(" ")[0])
    assert Court(tmp_path / "again", answers(True)).go(model="large", models=(), budget_usd=enough).status == "done"


def test_a_run_that_had_enough_says_nothing_of_more(tmp_path: Path) -> None:
    assert Court(tmp_path, answers(True)).go(budget_usd=1.0).view.more == ""


# Plans


def first_plan(run: Run[Any]) -> Plan:
    return next(event.plan for event in events(run) if isinstance(event, Planned))


def events(run: Run[Any]) -> list[Event]:
    assert run.app.store is not None
    return [record.event for record in run.app.store.read(run.id)]


def test_with_money_enough_the_best_is_chosen_and_with_little_what_it_buys(tmp_path: Path) -> None:
    rich = Court(tmp_path / "rich", answers(True))
    run = rich.go()
    plan = first_plan(run)
    assert choice_name(plan.tasks["sum_up"].choice or Skip()) == "large" and plan.feasible
    assert run.view.nodes["sum_up"].choice == Call(model="large")
    poor = Court(tmp_path / "poor", answers(True))
    run = poor.go(budget_usd=plan.cost_usd.p50 / 20)
    assert run.spent_usd <= plan.cost_usd.p50 / 20
    assert run.status in ("done", "partial") and set(poor.asked()) == {"small"}
    assert first_plan(run).quality < plan.quality


def test_the_plan_is_in_the_log_before_the_first_node_and_knows_the_length_of_what_is_given(tmp_path: Path) -> None:
    run = Court(tmp_path, answers(True)).go(cases=7)
    kinds = [event.kind for event in events(run)]
    assert kinds.index("planned") < kinds.index("node_started")
    judged = first_plan(run).tasks["judge/judge"]
    assert (judged.count, run.view.plan) == (7, first_plan(run))


def leaving_out(court: Court) -> list[Plan]:
    """Plans under which the optional node is left out, those with more money first."""
    outlook = court.outlook(cases=["a"] * 3)
    plans = [outlook.plan(Budget(usd=0.01 / 1.3**step)) for step in range(30)]
    return [plan for plan in plans if plan and plan.feasible and plan.tasks["embellish"].choice == Skip()]


def test_an_optional_node_that_the_plan_leaves_out_is_let_go(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    dear = [Lesson(task="embellish", part=model, score=None, cost_usd=0.05, latency_s=1.0) for model in BOTH]
    court.lessons.add("court", dear * 50)
    run = court.go(budget_usd=0.02)
    assert (run.view.nodes["embellish"].status, run.status, run.value) == ("let go", "partial", "So be it.")
    assert "embellish" in run.view.more and run.view.nodes["embellish"].calls == 0


def test_money_that_is_left_over_goes_to_what_the_first_plan_left_out(tmp_path: Path) -> None:
    """The answers turn out to be shorter, so cheaper, than was thought."""
    court = Court(tmp_path, answers(True))
    run = court.go(budget_usd=leaving_out(court)[0].budget.usd)
    assert first_plan(run).tasks["embellish"].choice == Skip()
    assert (run.view.nodes["embellish"].status, run.status) == ("done", "done")


def test_what_runs_taught_changes_the_plan(tmp_path: Path) -> None:
    """The small model turns out to be never wrong: there is nothing to gain from the large one."""
    court = Court(tmp_path, answers(True))
    before = first_plan(court.go(cases=6)).tasks["judge/judge"]
    for _ in range(6):
        court.go(cases=6, models=("small",))
    after = first_plan(court.go(cases=6)).tasks["judge/judge"]
    assert after.forecast.runs > 0 and after.forecast.cost_usd.p90 < before.forecast.cost_usd.p90 / 5
    assert "large" in choice_name(before.choice or Skip()) and after.forecast.passes > 0.95


def test_what_a_run_taught_is_kept_with_how_many_copies_there_were(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(False), cascade("small", "large"))
    court.go(cases=3)
    lessons, copies = court.lessons.of("court")
    assert Copies(task="judge", count=3) in copies
    seen = {(lesson.part, lesson.passed) for lesson in lessons if lesson.task == "judge/judge"}
    assert seen == {("small", False), ("cascade(small, large)/1", True), ("cascade(small, large)", True)}
    assert {lesson.part for lesson in lessons if lesson.task == "joined"} == {""}


def test_what_can_be_blamed_on_keys_or_money_teaches_nothing(tmp_path: Path) -> None:
    def script(request: ChatRequest) -> Answer:
        return NotPermitted("No key.") if request.model == "large" else answers(True)(request)

    court = Court(tmp_path, script, fallback("large", "small"))
    court.go()
    assert "large" not in {lesson.part for lesson in court.lessons.of("court")[0]}

    def wrong(request: ChatRequest) -> Answer:
        return NotPermitted("No key.") if request.model == "large" else answers(False)(request)

    court = Court(tmp_path / "wrong", wrong, cascade("small", "large"))
    court.go()
    assert {lesson.part for lesson in court.lessons.of("court")[0] if lesson.task == "judge/judge"} == {"small"}


def test_lessons_that_can_not_be_kept_fail_no_run(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    (tmp_path / "lessons.sqlite").write_bytes(b"This is no database." * 100)
    with pytest.warns(UserWarning, match="can't be written"):
        assert court.go().status == "done"


def test_a_run_that_costs_more_than_planned_is_planned_anew(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True), *BOTH)
    wrong = Lesson(task="judge/judge", part="small", score=0.0, passed=False, cost_usd=1e-6, latency_s=1.0)
    right = Lesson(task="judge/judge", part="large", score=1.0, cost_usd=1e-6, latency_s=1.0)
    court.lessons.add("court", [wrong, right] * 4)
    run = court.go(cases=30, budget_usd=0.02)
    first, *again = [event for event in events(run) if isinstance(event, Planned)]
    assert again and "cost" in again[0].why
    before, after = (event.plan.tasks["judge/judge"] for event in (first, again[0]))
    assert (before.choice, after.choice) == (Call(model="large"), Call(model="small")) and after.count < 30
    assert run.spent_usd <= 0.02
    judges = [node.choice for node in run.view.nodes.values() if "judge" in node.id]
    ways = {choice.model for choice in judges if isinstance(choice, Call)}
    assert ways == {"small", "large"}, "what had not asked anybody yet went the other way"


def test_a_node_keeps_to_its_choice_over_a_crash_whatever_was_learned_meanwhile(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    whole = court.app.run(court.single, case="a", models=BOTH)
    records = court.store.read(whole.id)
    started = next(n for n, record in enumerate(records) if isinstance(record.event, NodeStarted))
    later = Court(tmp_path / "later", answers(True))
    later.store.append(whole.id, 0, records[: started + 1])
    later.lessons.add("court", [Lesson(task="judge", part=part, score=1.0) for part in BOTH] * 50)
    run = later.app.open(whole.id).resume()
    assert later.asked() == court.asked() and run.view.nodes["judge"].choice == whole.view.nodes["judge"].choice


@settings(max_examples=25, deadline=None)
@given(
    budget_usd=st.floats(1e-5, 0.05),
    cases=st.integers(0, 5),
    luck=st.lists(st.booleans(), min_size=1, max_size=7),
)
def test_no_choice_takes_a_run_past_its_cap(budget_usd: float, cases: int, luck: list[bool]) -> None:
    turns = cycle(luck)

    def script(request: ChatRequest) -> Answer:
        return answers(next(turns), next(turns))(request)

    with TemporaryDirectory() as folder:
        court = Court(Path(folder), script)
        run = court.go(cases=cases, budget_usd=budget_usd)
        assert run.spent_usd <= budget_usd * (1 + 1e-9) and not run.view.open_usd
        assert run.status in ("done", "partial", "failed")


def test_limits_of_the_app_hold_for_its_runs(tmp_path: Path) -> None:
    flying, most = 0, 0

    class Counting(ScriptedGateway):
        async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
            nonlocal flying, most
            flying += 1
            most = max(most, flying)
            await asyncio.sleep(0.01)
            flying -= 1
            return await super().chat(request, on_text)

    for calls_at_once in (1, 3):
        court = Court(tmp_path / f"{calls_at_once}", answers(True), limits=Limits(calls_at_once=calls_at_once))
        court.app.gateway = Counting(answers(True), price=PRICES)
        most = 0
        assert court.go(cases=6, models=("small",)).status == "done"
        assert most == calls_at_once


def test_a_run_with_one_model_needs_no_solver(tmp_path: Path) -> None:
    script = tmp_path / "hello.py"
    script.write_text(
        """
import sys
from rheostat import App
from rheostat.app_core.testing import MemoryStore, ScriptedGateway

app = App("hello", gateway=ScriptedGateway(["Hello!"]), store=MemoryStore())

@app.llm
def greet(name: str) -> str:
    "Greet."

@app.workflow
def hello(name: str) -> str:
    return greet(name)

if __name__ == "__main__":
    run = app.run(hello, name="Ada")
    assert run.value == "Hello!" and run.view.plan is not None
    print(sorted({"numpy", "highspy", "networkx", "litellm"} & set(sys.modules)))
"""
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
