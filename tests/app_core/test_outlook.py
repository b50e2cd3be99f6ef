"""What each way to run a node is expected to take: from prices and priors at first, then from what runs taught."""

from pathlib import Path

import pytest

from rheostat import App, best_of, cascade, council
from rheostat.app_core.declare import Llm
from rheostat.app_core.run_errors import BadDeclaration, BadInput
from rheostat.dag import Call, Lesson, Skip, choice_name

from .court import Court, answers

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


def test_a_choice_that_asks_nobody_is_refused() -> None:
    with pytest.raises(BadDeclaration, match="asks nobody"):
        App("wrong").llm(choices=[Skip()])
