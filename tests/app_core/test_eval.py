"""The statistics of an eval: intervals, tests, tallies and the sentences made of them."""

from itertools import permutations
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.eval import SURE, Trial, findings, sign_test, tallies, wilson


@pytest.mark.parametrize(
    ("passed", "runs", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_is_the_published_one(passed: int, runs: int, low: float, high: float) -> None:
    """The figures are those of R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3."""
    assert wilson(passed, runs) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 200).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_the_interval_holds_the_share_and_narrows_with_more_runs(drawn: tuple[int, int]) -> None:
    passed, runs = drawn
    low, high = wilson(passed, runs)
    assert 0 <= low <= passed / runs <= high <= 1
    closer_low, closer_high = wilson(10 * passed, 10 * runs)
    assert closer_high - closer_low < high - low


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    """By adding up the chances of all outcomes of 30 runs, for true shares between 2 % and 98 %."""
    covered = list[float]()
    for share in (percent / 100 for percent in range(2, 99)):
        inside = (k for k in range(31) if wilson(k, 30)[0] <= share <= wilson(k, 30)[1])
        covered.append(sum(comb(30, k) * share**k * (1 - share) ** (30 - k) for k in inside))
    assert sum(covered) / len(covered) == pytest.approx(SURE, abs=0.01)


def test_nothing_is_known_of_what_was_never_run() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("better", "worse", "chance"), [(0, 0, 1.0), (5, 0, 0.0625), (6, 0, 0.03125), (2, 8, 0.109375), (3, 3, 1.0)]
)
def test_the_sign_test_counts_how_chance_splits_differences(better: int, worse: int, chance: float) -> None:
    assert sign_test(better, worse) == chance == sign_test(worse, better)


def trials(choice: str, passed: str, *, cost_usd: float = 0.0, node: str = "judge", repetition: int = 0) -> list[Trial]:
    """One for each letter: `y` passed, `n` failed, `?` broken."""
    return [
        Trial(
            case=str(number),
            instance=node,
            node=node,
            choice=choice,
            passed={"y": True, "n": False}.get(letter),
            repetition=repetition,
            score=float(letter == "y"),
            cost_usd=cost_usd,
            seconds=float(number + 1),
        )
        for number, letter in enumerate(passed)
    ]


def test_a_tally_counts_what_says_something_of_quality_and_shows_the_rest_beside_it() -> None:
    (tally,) = tallies(trials("a", "yyyyyyyyn?", cost_usd=0.5))
    assert (tally.runs, tally.passed, tally.broken) == (9, 8, 1)
    assert (tally.low, tally.high) == wilson(8, 9)
    assert tally.score == pytest.approx(8 / 9)
    assert (tally.cost_usd, tally.p50_s, tally.p90_s) == (0.5, 5.0, 9.0)


def test_a_way_that_only_broke_says_nothing() -> None:
    (tally,) = tallies(trials("a", "???"))
    assert (tally.runs, tally.broken, tally.low, tally.high, tally.score) == (0, 3, 0.0, 1.0, None)
    assert findings([*trials("a", "???"), *trials("b", "yyy")]) == {}


def test_repeating_a_case_makes_no_new_case_of_it() -> None:
    once = trials("a", "yyn")
    again = [*once, *trials("a", "yyn", repetition=1), *trials("a", "yyn", repetition=2)]
    (alone,), (repeated,) = tallies(once), tallies(again)
    assert (repeated.runs, repeated.passed) == (9, 6)
    assert (repeated.low, repeated.high) == (alone.low, alone.high)


def test_the_steps_stay_apart_and_together_in_the_order_they_came_up() -> None:
    mixed = [*trials("a", "y", node="read"), *trials("a", "n", node="judge"), *trials("b", "y", node="read")]
    assert [(tally.node, tally.choice) for tally in tallies(mixed)] == [("read", "a"), ("read", "b"), ("judge", "a")]


def test_what_is_significant_is_said_and_what_is_not_yet() -> None:
    measured = [
        *trials("dear", "yyyyyyyyyyyy", cost_usd=0.01),
        *trials("middle", "yyyyyyyyyynn", cost_usd=0.001),
        *trials("cheap", "nnnnnnnnnnyy"),
    ]
    assert findings(measured) == {
        "judge": [
            "dear (12 of 12) passes significantly more often than cheap (2 of 12).",
            "dear (12 of 12) and middle (10 of 12) can't be told apart yet; more cases may.",
            "Of these middle costs least.",
        ]
    }


def test_five_differences_are_not_enough_between_three_ways() -> None:
    measured = [*trials("a", "yyyyyyy"), *trials("b", "nnnnnnn"), *trials("c", "yyyyyyy")]
    (said,) = findings(measured).values()
    assert said[0].startswith("a (7 of 7) passes significantly more often")
    (unsure,) = findings([*trials("a", "yyyyy"), *trials("b", "nnnnn"), *trials("c", "yyyyy")]).values()
    assert unsure == ["a (5 of 5), c (5 of 5) and b (0 of 5) can't be told apart yet; more cases may."]


def test_only_what_both_have_run_is_compared() -> None:
    shifted = [
        Trial(f"other {trial.case}", trial.instance, trial.node, "b", passed=False) for trial in trials("b", "n" * 20)
    ]
    (said,) = findings([*trials("a", "y" * 20), *shifted]).values()
    assert said == ["a (20 of 20) and b (0 of 20) can't be told apart yet; more cases may."]


def test_one_way_is_better_than_none() -> None:
    assert findings(trials("a", "yyyn")) == {}


def test_the_order_of_trials_changes_nothing() -> None:
    groups = [trials("a", "yyyyyyynn"), trials("b", "nnnnnnnnn", cost_usd=1.0), trials("c", "yynnyynnn")]
    told = {str(findings(trial for group in order for trial in group)) for order in permutations(groups)}
    assert len(told) == 1
