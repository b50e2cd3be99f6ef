from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from math import comb
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.autonomy import (
    HABIT,
    Decision,
    Dial,
    Earned,
    Level,
    Risk,
    Rule,
    Ruling,
    Said,
    Suggestion,
    Taint,
    earned,
    share,
    suggestions,
    wanting,
)
from tests.autonomy.test_what_if import LEVELS, NOW, action, decided, rule

ENOUGH = 51
"""Runs with nothing but a yes after which 93 % is out of the interval: the least n with 0.93 ** n < 0.025."""


def history(
    runs: int, said: Said = "accepted", *, days: int = 10, dial: Dial = LEVELS[1], start: int = 0, **more: Any
) -> list[Decision]:
    """One action a run, the runs in order and evenly over some days."""
    return list(_history(runs, said, days, dial, start, more))


def _history(runs: int, said: Said, days: int, dial: Dial, start: int, more: dict[str, Any]) -> Iterator[Decision]:
    options = {"own": more.pop("own", ()), "passed": more.pop("passed", ())}
    for number in range(start, start + runs):
        made = decided(action(run=f"run-{number}", **more), dial, **options)
        at = NOW + timedelta(days=start + (number - start) * days // runs, seconds=number)
        yield replace(made, at=at, said=said if made.asked else "")


def one(found: list[Decision]) -> Earned:
    (record,) = earned(found)
    return record


def ups(found: list[Decision], ceiling: Level = Level.SHARE) -> list[tuple[str, Level]]:
    return [(each.way, each.level) for each in suggestions(earned(found), ceiling=ceiling)]


@pytest.mark.parametrize("of", [1, 2, 5, 20, 60])
def test_an_interval_holds_at_least_as_often_as_it_says(of: int) -> None:
    bounds = [share(yes, of) for yes in range(of + 1)]
    for percent in range(1, 100):
        p = percent / 100
        held = sum(comb(of, k) * p**k * (1 - p) ** (of - k) for k, (low, high) in enumerate(bounds) if low <= p <= high)
        assert held >= 0.95 - 1e-9


@given(st.integers(0, 80), st.integers(0, 80))
def test_an_interval_is_around_the_share_and_narrower_the_more_is_known(yes: int, no: int) -> None:
    low, high = share(yes, yes + no)
    assert 0 <= low <= high <= 1
    if yes + no:
        assert low <= yes / (yes + no) <= high
        low_of_more, high_of_more = share(2 * yes, 2 * (yes + no))
        assert high_of_more - low_of_more <= high - low + 1e-9


def test_known_bounds() -> None:
    assert share(0, 0) == (0.0, 1.0)
    assert share(0, 10) == (0.0, pytest.approx(1 - 0.025**0.1))
    assert share(10, 10) == (pytest.approx(0.025**0.1), 1.0)


def test_it_takes_many_runs_until_a_yes_says_more_than_habit() -> None:
    few, enough = history(ENOUGH - 1), history(ENOUGH)
    assert ups(few) == [] and wanting(one(few)) == 1
    assert ups(enough) == [("up", Level.SHARE)] and wanting(one(enough)) == 0
    assert one(few).low < HABIT < one(enough).low
    assert wanting(one(history(1))) == ENOUGH - 1


def test_the_answers_of_one_run_are_one_sitting() -> None:
    sitting = [
        replace(decided(action(number, run=f"run-{number % 5}"), said="accepted"), at=NOW + timedelta(days=number % 7))
        for number in range(200)
    ]
    record = one(sitting)
    assert (record.accepted, record.runs, record.clean) == (200, 5, 5)
    assert ups(sitting) == []


def test_a_good_hour_is_no_good_week() -> None:
    assert ups(history(200, days=4)) == []
    assert ups(history(200, days=5)) == [("up", Level.SHARE)]


@pytest.mark.parametrize("answer", ["edited", "rejected"])
def test_an_edit_or_a_no_takes_more_yeses_to_make_up_for(answer: Said) -> None:
    found = [*history(ENOUGH), *history(1, answer, start=ENOUGH)]
    assert ups(found) == []
    more = wanting(one(found))
    assert more > 10
    assert ups([*found, *history(more, start=ENOUGH + 1)]) == [("up", Level.SHARE)]
    assert ups([*found, *history(more - 1, start=ENOUGH + 1)]) == []


def test_silence_is_no_yes() -> None:
    record = one(history(200, "no answer"))
    assert (record.unanswered, record.answered, record.runs, record.low, record.high) == (200, 0, 0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("risk", "dial", "ceiling", "suggested"),
    [
        (Risk.LOCAL, 0, Level.SHARE, Level.EDIT),
        (Risk.OUTWARD, 0, Level.SHARE, Level.SHARE),
        (Risk.OUTWARD, 1, Level.EDIT, None),
        (Risk.IRREVERSIBLE, 2, Level.SHARE, None),
        (Risk.IRREVERSIBLE, 2, Level.DELEGATE, Level.DELEGATE),
    ],
)
def test_a_suggestion_goes_as_far_as_it_takes_and_no_further_than_the_ceiling(
    risk: Risk, dial: int, ceiling: Level, suggested: Level | None
) -> None:
    found = history(60, dial=LEVELS[dial], risk=risk)
    assert ups(found, ceiling) == ([] if suggested is None else [("up", suggested)])


def test_what_the_dial_can_not_spare_is_not_suggested() -> None:
    own: list[Rule] = [rule(Ruling.ASK, name="blanks")]
    assert one(history(60, own=own)).spared == 0
    assert ups(history(60, own=own)) == []
    assert ups(history(60, dial=Dial(level=Level.EDIT, ceiling=LEVELS[1]))) == [], "its parent's dial holds it"


def test_what_may_be_steered_earns_nothing() -> None:
    assert earned(history(100, taint=Taint.STEERED)) == ()
    assert earned(history(100, own=[rule(Ruling.DENY)])) == ()


def regretted(found: list[Decision], at: int) -> list[Decision]:
    return [replace(each, regretted=number == at) for number, each in enumerate(found)]


def test_after_a_regret_trust_is_earned_anew() -> None:
    assert ups(regretted(history(100), 60)) == []
    assert one(regretted(history(100, days=1), 60)).runs == 39
    assert ups(regretted(history(10 + ENOUGH + 1), 0)) == [("up", Level.SHARE)]


def test_an_effect_that_had_to_be_undone_suggests_to_turn_back_to_where_people_are_asked() -> None:
    alone = regretted(history(3, dial=LEVELS[3]), 1)
    (back,) = suggestions(earned(alone))
    assert (back.way, back.level, back.kind.tool) == ("down", Level.EDIT, "send")
    assert back.why[0] == "1 of these had to be undone, or should have been."
    assert ups(regretted(history(3, dial=LEVELS[1]), 1)) == [], "people are asked already"
    assert ups(history(3, dial=LEVELS[3])) == [], "nothing is known against it"
    assert ups(regretted(history(3, dial=LEVELS[3], risk=Risk.READ), 1)) == [], "no level asks about reading"


def test_what_people_refuse_more_often_than_anything_else_is_not_left_to_go_alone() -> None:
    refused, later = history(12, "rejected", dial=LEVELS[1]), history(5, dial=LEVELS[2], start=12)
    assert ups([*refused, *later]) == [("down", Level.EDIT)]
    assert ups([*history(12), *later]) == []


def test_a_suggestion_says_what_it_rests_on() -> None:
    (found,) = suggestions(earned(history(ENOUGH, passed=("quotes stand",))))
    assert isinstance(found, Suggestion) and found.why == (
        "People accepted 51 of 51 as proposed.",
        "In 51 of 51 runs, on 10 days, they did nothing else: 93% to 100% of the time, with 95 % confidence.",
        "They accept 93% of whatever they are asked; this is more.",
        "At level 2 (share) 51 of the questions would have been spared.",
        "All that they accepted had passed quotes stand: a grant that asks for this is narrower.",
    )
