"""Forecasts: what prices say at first, and what recorded calls make of it."""

from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.dag import Forecast, Lesson, Prior, Spread, learned

PRIOR = Prior(
    prompt_tokens=2_000, answer_tokens=500, prompt_usd=1e-6, answer_usd=4e-6, quality=0.8, checked=True, fails=0.0
)


def lessons(costs: list[float], passed: float = 1.0, score: float | None = 1.0) -> list[Lesson]:
    return [
        Lesson(task="t", part="p", cost_usd=usd, latency_s=usd * 1000, passed=n < passed * len(costs), score=score)
        for n, usd in enumerate(costs)
    ]


def test_a_prior_is_prices_and_sizes() -> None:
    forecast = PRIOR.forecast
    assert (forecast.cost_usd.p50, forecast.cost_usd.p90) == (pytest.approx(0.004), pytest.approx(0.006))
    assert forecast.latency_s.p50 == pytest.approx(1 + 500 / 50)
    assert (forecast.quality, forecast.passes, forecast.runs) == (0.8, 0.8, 0)
    assert PRIOR.model_copy(update={"checked": False}).forecast.passes == 1.0
    assert PRIOR.model_copy(update={"fails": 0.5}).forecast.quality == pytest.approx(0.4)
    assert PRIOR.model_copy(update={"worst_usd": 0.1}).forecast.worst_usd == 0.1


def test_without_lessons_the_prior_stands() -> None:
    assert learned(PRIOR.forecast, []) == PRIOR.forecast


def test_lessons_draw_the_forecast_from_the_prior_to_what_was_seen() -> None:
    seen = [learned(PRIOR.forecast, lessons([0.0004] * count)).cost_usd.p50 for count in (1, 3, 10, 100)]
    assert seen == sorted(seen, reverse=True)
    assert 0.0004 < seen[-1] < 0.00045 < seen[1] < 0.004
    assert seen[1] == pytest.approx((0.0004 * 0.004) ** 0.5, rel=0.05), "three lessons weigh as much as the prior"


def test_nine_calls_in_ten_stay_below_the_learned_p90() -> None:
    dice, covered = Random(3), list[float]()
    for _ in range(100):
        seen = [0.002 * dice.lognormvariate(0, 0.6) for _ in range(12)]
        p90 = learned(PRIOR.forecast, lessons(seen)).cost_usd.p90
        covered.append(fmean(0.002 * dice.lognormvariate(0, 0.6) <= p90 for _ in range(100)))
    assert 0.85 <= fmean(covered) <= 0.95


def test_a_cost_with_two_humps_keeps_its_mean_and_its_tail() -> None:
    dice = Random(5)
    seen = [0.0005 if dice.random() < 0.7 else 0.02 for _ in range(100)]
    forecast = learned(PRIOR.forecast, lessons(seen))
    assert forecast.cost_usd.mean == pytest.approx(fmean(seen), rel=0.1)
    assert forecast.cost_usd.p50 < 0.0007
    assert forecast.cost_usd.p90 > 0.017


def test_quality_is_the_share_of_what_was_delivered() -> None:
    forecast = learned(PRIOR.forecast, lessons([0.001] * 7, passed=3 / 7, score=0.9))
    assert forecast.quality == pytest.approx((3 * 0.8 + 3 * 0.9) / 10)
    assert forecast.passes == pytest.approx((3 * 0.8 + 3) / 10)
    assert forecast.runs == 7


def test_without_checks_quality_stays_what_it_was_thought_to_be_of_what_was_answered() -> None:
    prior = PRIOR.model_copy(update={"checked": False}).forecast
    assert learned(prior, lessons([0.001] * 20, score=None)).quality == pytest.approx(0.8)
    silent = [Lesson(task="t", part="p", answered=False, passed=False) for _ in range(3)]
    forecast = learned(prior, silent)
    assert (forecast.fails, forecast.quality) == (pytest.approx(0.5), pytest.approx(0.4))


def test_only_the_newest_count() -> None:
    newest = lessons([0.001] * 200)
    assert learned(PRIOR.forecast, newest + lessons([9.0] * 50)) == learned(PRIOR.forecast, newest)


def test_what_costs_nothing_is_learned_to_cost_nothing() -> None:
    free = learned(Forecast(cost_usd=Spread.certain(0)), lessons([0.0] * 5))
    assert free.cost_usd == Spread.certain(0)
    assert learned(PRIOR.forecast, lessons([0.0] * 97)).cost_usd.p90 < 0.0003


LESSONS = st.builds(
    Lesson,
    task=st.just("t"),
    answered=st.booleans(),
    passed=st.booleans(),
    score=st.none() | st.floats(0, 1),
    cost_usd=st.floats(0, 1e6),
    latency_s=st.floats(0, 1e6),
)


@given(st.floats(0, 1), st.floats(0, 1), st.booleans(), st.lists(LESSONS, max_size=20))
def test_any_lessons_make_a_forecast(quality: float, fails: float, checked: bool, lessons: list[Lesson]) -> None:
    prior = PRIOR.model_copy(update={"quality": quality, "fails": fails, "checked": checked}).forecast
    forecast = learned(prior, lessons)
    assert forecast.quality <= forecast.passes + 1e-9
    assert forecast.passes + forecast.fails <= 1 + 1e-9
