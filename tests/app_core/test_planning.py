"""What a run is expected to take, how that decides which way its nodes go, and what it teaches those after it."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rheostat import App, Limits, best_of, cascade, council
from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.declare import Llm, Score, Workflow
from rheostat.app_core.events import Planned
from rheostat.app_core.planning import outlook
from rheostat.app_core.ports import ChatRequest, Price
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import BadDeclaration, BadInput
from rheostat.app_core.testing import Answer, ScriptedGateway
from rheostat.dag import Budget, Call, Choice, Copies, Forecast, Lesson, Skip, choice_name
from rheostat.dag.io.lessons import SqliteLessons

PRICES = {
    "small": Price(prompt_usd=1e-7, answer_usd=4e-7),
    "large": Price(prompt_usd=1e-5, answer_usd=4e-5),
}
BOTH = ("small", "large")


class Judgement(BaseModel):
    good: bool


class Court:
    """An App that judges each of several cases, with a check, and sums up at the end."""

    def __init__(
        self, folder: Path, script: Callable[[ChatRequest], Answer], *choices: Choice | str, limits: Limits | None = None
    ) -> None:
        self.gateway = ScriptedGateway(script, price=PRICES)
        self.lessons = SqliteLessons(folder / "lessons.sqlite")
        self.store = SqliteStore(folder / "runs.sqlite")
        self.app = app = App("court", gateway=self.gateway, store=self.store, lessons=self.lessons, limits=limits)

        @app.llm(choices=choices, answer_tokens=100, again=0)
        def judge(case: str) -> Judgement:
            """Judge the case."""
            ...

        @app.check(judge)
        def sound(case: str, judgement: Judgement) -> Score:
            return Score(float(judgement.good), "" if judgement.good else "That is not sound.")

        @app.llm(answer_tokens=100, again=0)
        def sum_up(judgements: list[Judgement]) -> str:
            """Sum up."""
            ...

        @app.llm(answer_tokens=1_000, again=0)
        def embellish(text: str) -> str:
            """Make it nicer."""
            ...

        @app.function
        def joined(text: str, nicer: str | None) -> str:
            return nicer or text

        @app.workflow
        def session(cases: list[str]) -> str:
            text = sum_up(judge.each(cases))
            return joined(text, embellish.optional(text))

        @app.workflow
        def single(case: str) -> Judgement:
            return judge(case)

        self.judge, self.session, self.single = judge, session, single

    def outlook(self, *models: str, **inputs: Any) -> Any:
        return outlook(self.app, self.session, self.gateway, models or BOTH, inputs)

    def forecast(self, choice: Choice) -> Forecast:
        return self.outlook().forecast("judge/judge", self.judge, choice)

    def go(self, cases: int = 3, **terms: Any) -> Run[str]:
        terms = {"models": BOTH} | terms
        return self.app.run(self.session, cases=[f"case {number}" for number in range(cases)], **terms)

    def asked(self) -> list[str]:
        return [request.model for request in self.gateway.requests]


def answers(small: bool, large: bool = True) -> Callable[[ChatRequest], Answer]:
    """What each model says to a case; else it says something short."""

    def script(request: ChatRequest) -> Answer:
        if request.answer_schema is None:
            return "So be it."
        return Judgement(good={"small": small, "large": large}[request.model]).model_dump_json()

    return script


# Forecasts


def test_prices_and_priors_tell_what_is_cheap_and_what_is_good(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    small, large = court.forecast(Call(model="small")), court.forecast(Call(model="large"))
    assert 0 < small.cost_usd.p50 * 50 < large.cost_usd.p50
    assert small.quality < large.quality
    both = court.forecast(cascade("small", "large"))
    assert small.cost_usd.mean < both.cost_usd.mean < large.cost_usd.mean
    assert both.passes > large.passes


def test_thinking_costs_and_a_council_pays_for_all_its_members(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    plain, hard = (court.forecast(Call(model="large", effort=effort)) for effort in (None, "high"))
    assert hard.cost_usd.p50 > 2 * plain.cost_usd.p50 and hard.latency_s.p50 > plain.latency_s.p50
    together = court.forecast(council("small", "small", chair="large"))
    assert together.cost_usd.p50 > plain.cost_usd.p50 and together.latency_s.p50 > plain.latency_s.p50


def test_lessons_outweigh_the_prior(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    before = court.forecast(Call(model="small"))
    lesson = Lesson(task="judge/judge", part="small", score=1.0, cost_usd=2e-4, latency_s=9.0)
    court.lessons.add("court", [lesson] * 20)
    after = court.forecast(Call(model="small"))
    assert after.passes > 0.9 > before.passes and after.cost_usd.p50 == pytest.approx(2e-4, rel=0.3)
    assert after.runs == 20 and 5 < after.latency_s.p50 < 9.5
    assert court.outlook().forecast("elsewhere", court.judge, Call(model="small")) == before


def test_a_stage_learns_in_its_place_and_from_the_model_alone(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    both = cascade("small", "large")
    court.lessons.add("court", [Lesson(task="judge/judge", part="large", score=0.0, passed=False)] * 30)
    worse = court.forecast(both)
    court.lessons.add("court", [Lesson(task="judge/judge", part=f"{choice_name(both)}/1", score=1.0)] * 100)
    assert court.forecast(both).passes > worse.passes + 0.1


def test_of_samples_that_err_together_the_whole_is_learned(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    samples = best_of(3, "small")
    hopeful = court.forecast(samples)
    court.lessons.add("court", [Lesson(task="judge/judge", part=choice_name(samples), score=0.0, passed=False)] * 50)
    assert court.forecast(samples).passes < 0.1 < 0.8 < hopeful.passes


# Declarations


def test_a_function_without_choices_gets_what_the_runs_models_allow(tmp_path: Path) -> None:
    court = Court(tmp_path, answers(True))
    names = [choice_name(choice) for choice in court.outlook("large", "small").choices(court.judge)]
    assert names == ["small", "large", "cascade(small, large)", "best(3 × small)"]
    sum_up = court.app.declared["sum_up"]
    assert isinstance(sum_up, Llm)
    assert [choice_name(choice) for choice in court.outlook().choices(sum_up)] == ["small", "large"]
    assert [choice_name(choice) for choice in court.outlook("small").choices(court.judge)] == ["small"]


def test_one_name_where_several_belong_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDeclaration, match=r"choices=\['small'\]"):
        App("wrong").llm(choices="small")
    court = Court(tmp_path, answers(True))
    with pytest.raises(BadInput, match="Give models="):
        court.go(models="small")
    with pytest.raises(BadInput, match="Both model and models"):
        court.go(model="large")


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
