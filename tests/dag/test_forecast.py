"""What is forecast of a composed choice is what comes of it when `pursue` runs it in a world like the forecasts."""

from math import sqrt
from statistics import fmean, stdev

import pytest
from hypothesis import given

from rheostat.dag import (
    Best,
    Call,
    Choice,
    Forecast,
    Skip,
    best_of,
    cascade,
    choice_name,
    composed,
    council,
    fallback,
    retry,
    vote,
)

from .choices import CHOICES, drawn, forecast

WORLD = {
    "small": forecast(usd=0.0004, seconds=1, passes=0.6, quality=0.5, fails=0.1),
    "middle": forecast(usd=0.002, seconds=2, passes=0.65, quality=0.6, fails=0.05),
    "large": forecast(usd=0.01, seconds=4, passes=0.9, quality=0.85, fails=0.02),
    "shaky": forecast(usd=0.001, seconds=1, passes=0.55, quality=0.5, fails=0.4),
    "right": forecast(usd=0.001, seconds=1, passes=0.95, quality=0.66, fails=0.05),
}


def of(choice: Choice) -> Forecast:
    return composed(choice, lambda path, call: WORLD[call.model])


def error_of_mean(drawn: list[float]) -> float:
    return stdev(drawn) / sqrt(len(drawn))


@pytest.mark.parametrize(
    "choice",
    [
        cascade("small", "large"),
        cascade("small", "middle", "large"),
        cascade(best_of(2, "small"), "large"),
        best_of(3, "small"),
        Best(of=(Call(model="small"), Call(model="middle"), Call(model="large"))),
        best_of(2, cascade("small", "middle")),
        vote(3, "right"),
        vote(5, "right"),
        retry("shaky", 2),
        fallback("shaky", "large"),
    ],
    ids=choice_name,
)
def test_the_algebra_agrees_with_what_pursue_does(choice: Choice) -> None:
    expected, came = of(choice), drawn(choice, WORLD)
    assert expected.cost_usd.mean == pytest.approx(fmean(came.usd), rel=0.01, abs=3 * error_of_mean(came.usd))
    assert expected.cost_usd.p90 == pytest.approx(came.p90_usd(), rel=0.15)
    assert expected.latency_s.mean == pytest.approx(fmean(came.seconds), rel=0.03)
    assert expected.latency_s.p90 == pytest.approx(came.p90_s(), rel=0.15)
    assert expected.quality == pytest.approx(fmean(came.score), abs=0.02)


def test_a_cascade_costs_its_dear_stage_only_when_that_is_reached() -> None:
    small, large, both = WORLD["small"], WORLD["large"], of(cascade("small", "large"))
    assert both.cost_usd.mean == pytest.approx(small.cost_usd.mean + 0.4 * large.cost_usd.mean, rel=0.01)
    assert both.quality == pytest.approx(0.5 + 0.4 * 0.85)
    assert both.passes == pytest.approx(0.6 + 0.4 * 0.9)
    assert both.fails == pytest.approx(0.1 * 0.02)
    assert both.worst_usd == large.worst_usd, "one stage's money is reserved at a time"


def test_samples_reserve_side_by_side() -> None:
    assert of(best_of(3, "small")).worst_usd == pytest.approx(3 * WORLD["small"].worst_usd)
    assert of(council("small", "middle", chair="large")).worst_usd == WORLD["large"].worst_usd


def test_a_council_counts_members_rankings_and_chair() -> None:
    both = of(council("small", "middle", chair="large"))
    expected = 2 * (WORLD["small"].cost_usd.mean + WORLD["middle"].cost_usd.mean) + WORLD["large"].cost_usd.mean
    assert both.cost_usd.mean == pytest.approx(expected, rel=0.01)
    assert both.quality > WORLD["large"].quality, "a member's answer stands where the chair gives none"


def test_to_skip_costs_nothing_and_gives_nothing() -> None:
    skipped = of(Skip())
    assert (skipped.cost_usd.mean, skipped.latency_s.mean, skipped.quality, skipped.passes) == (0, 0, 0, 0)


@given(CHOICES)
def test_every_forecast_is_within_its_bounds(choice: Choice) -> None:
    expected = of(choice)
    assert 0 <= expected.quality <= expected.passes + 1e-9 <= 1 + 2e-9
    assert expected.passes + expected.fails <= 1 + 1e-9
    assert 0 <= expected.cost_usd.p50 <= expected.cost_usd.p90
    assert 0 <= expected.latency_s.p50 <= expected.latency_s.p90
