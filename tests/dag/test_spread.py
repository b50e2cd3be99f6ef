"""Spreads: sums, mixtures and maxima against draws, and what can't be told by a log-normal."""

from collections.abc import Callable
from math import exp
from random import Random
from statistics import fmean, pvariance

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rheostat.dag import Spread, matched, total
from rheostat.dag.spread import AMOUNTS, NOTHING, mixed, most, of_amounts

SHORT, LONG = Spread(p50=1, p90=2), Spread(p50=5, p90=8)
MEDIANS = st.just(0.0) | st.floats(1e-9, 1e4)
SPREADS = st.tuples(MEDIANS, st.floats(1, 10)).map(lambda pair: Spread(p50=pair[0], p90=pair[0] * pair[1]))


def draws(spread: Spread, seed: int, count: int = 20_000) -> list[float]:
    dice = Random(seed)
    return [spread.p50 * exp(spread.sigma * dice.gauss(0, 1)) for _ in range(count)]


def assert_like(spread: Spread, drawn: list[float]) -> None:
    drawn.sort()
    assert spread.mean == pytest.approx(fmean(drawn), rel=0.03)
    assert spread.p50 == pytest.approx(drawn[len(drawn) // 2], rel=0.05)
    assert spread.p90 == pytest.approx(drawn[int(0.9 * len(drawn))], rel=0.05)


def test_a_spread_is_what_its_quantiles_say() -> None:
    assert_like(SHORT, draws(SHORT, 1))
    assert SHORT.variance == pytest.approx(pvariance(draws(SHORT, 1)), rel=0.1)
    assert (SHORT.at(0.5), SHORT.at(0.9)) == (pytest.approx(1), pytest.approx(2))


def test_sums_and_maxima_are_those_of_what_is_drawn() -> None:
    pairs = [*zip(draws(SHORT, 1), draws(LONG, 2), strict=True)]
    assert_like(total([SHORT, LONG]), [a + b for a, b in pairs])
    assert_like(most([SHORT, LONG, NOTHING]), [max(pair) for pair in pairs])
    assert_like(most([SHORT] * 3), [max(three) for three in zip(*(draws(SHORT, s) for s in (1, 2, 3)), strict=True)])


def two_humped() -> Spread:
    return mixed([(0.8, SHORT), (0.2, LONG.times(10))])


def draws_of_two_humped(seed: int) -> list[float]:
    dice = Random(seed)
    low, high = draws(SHORT, seed + 10), draws(LONG.times(10), seed + 20)
    return [a if dice.random() < 0.8 else b for a, b in zip(low, high, strict=True)]


def test_a_mixture_with_two_humps_is_told_by_its_amounts() -> None:
    mixture, drawn = two_humped(), draws_of_two_humped(1)
    assert_like(mixture, drawn)
    assert mixture.at(0.7) < 3 < 25 < mixture.at(0.85)
    assert_like(mixture.times(3), [3 * amount for amount in drawn])


@pytest.mark.parametrize(("joined", "of_draws"), [(total, sum), (most, max)], ids=["total", "most"])
def test_humps_are_kept_in_sums_and_maxima(
    joined: Callable[[list[Spread]], Spread], of_draws: Callable[[tuple[float, ...]], float]
) -> None:
    drawn = zip(draws_of_two_humped(1), draws_of_two_humped(2), draws(LONG, 3), strict=True)
    assert_like(joined([two_humped(), two_humped(), LONG]), [of_draws(three) for three in drawn])


def test_what_is_missing_to_one_is_nothing() -> None:
    assert mixed([(0.25, Spread.certain(8))]).mean == pytest.approx(2)
    assert mixed([(1.0, SHORT), (0.0, LONG)]) == SHORT
    assert mixed([]) == total([]) == most([]) == NOTHING


def test_what_is_certain_stays_certain() -> None:
    two, three = Spread.certain(2), Spread.certain(3)
    assert total([two, three]).p90 == pytest.approx(5)
    assert most([two, three]).p50 == pytest.approx(3)
    assert {*two.amounts} == {2}


def test_amounts_near_a_log_normal_are_told_as_one() -> None:
    assert of_amounts(SHORT.amounts).points == ()
    assert of_amounts(two_humped().amounts).points == two_humped().amounts


@pytest.mark.parametrize(("p50", "p90"), [(2, 1), (-1, 1), (float("nan"), 1), (1, float("inf"))])
def test_a_spread_of_nonsense_is_refused(p50: float, p90: float) -> None:
    with pytest.raises(ValidationError):
        Spread(p50=p50, p90=p90)


@given(SPREADS)
def test_the_amounts_are_as_many_ascend_and_have_the_mean(spread: Spread) -> None:
    assert len(spread.amounts) == AMOUNTS
    assert [*spread.amounts] == sorted(spread.amounts)
    assert fmean(spread.amounts) == pytest.approx(spread.mean, rel=1e-6)


@given(st.floats(1e-9, 1e4), st.floats(0, 10))
def test_a_matched_spread_has_the_mean_and_the_variance(mean: float, deviations: float) -> None:
    spread = matched(mean, (deviations * mean) ** 2)
    assert spread.mean == pytest.approx(mean)
    assert spread.variance == pytest.approx((deviations * mean) ** 2, rel=1e-3, abs=1e-9 * mean**2)


@given(st.lists(SPREADS, max_size=4))
def test_a_sum_has_the_sum_of_means_and_the_largest_is_no_smaller_than_any(parts: list[Spread]) -> None:
    assert total(parts).mean == pytest.approx(sum(part.mean for part in parts), rel=1e-6, abs=1e-9)
    assert all(most(parts).p90 >= part.p90 * (1 - 1e-6) for part in parts)


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_nothing_overflows(one: float, other: float) -> None:
    spread = Spread(p50=min(one, other), p90=max(one, other))
    for made in (total([spread, spread]), most([spread, spread]), mixed([(0.5, spread), (0.5, SHORT)])):
        assert 0 <= made.p50 <= made.p90
        assert made.mean >= 0
