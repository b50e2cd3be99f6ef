"""What is tried next, and what is taken: one case a rule, and what holds of every choice and every outcome."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.dag import (
    Attempt,
    Call,
    Choice,
    Exhausted,
    Path,
    Taken,
    Try,
    Trying,
    Worth,
    best_of,
    cascade,
    composed,
    council,
    fallback,
    pursue,
    retry,
    vote,
)

from .choices import ATTEMPTS, CHOICES, Went, alike, followed, forecast

PASSED, FAILED, NOTHING = Attempt(True, 1.0, True), Attempt(True, 0.2, False), Attempt(False)


def scored(score: float, says: str = "") -> Attempt:
    return Attempt(answered=True, score=score, passed=True, says=says)


def paths(choice: Choice, tried: dict[Path, Attempt], worth: Worth | None = None) -> list[Path]:
    todo = pursue(choice, tried, worth=worth)
    assert isinstance(todo, Trying)
    return [one.path for one in todo.tries]


def test_one_call_is_made_once() -> None:
    call = Call(model="small")
    assert pursue(call, {}) == Trying((Try((), call),))
    assert pursue(call, {}, in_flight=frozenset({()})) == Trying(())
    assert pursue(call, {(): PASSED}) == Taken(())
    assert pursue(call, {(): FAILED}) == pursue(call, {(): NOTHING}) == Exhausted()


def test_a_cascade_goes_on_only_after_what_falls_short() -> None:
    choice = cascade("small", "middle", "large")
    assert paths(choice, {}) == [(0,)]
    assert pursue(choice, {(0,): PASSED}) == Taken((0,))
    assert paths(choice, {(0,): FAILED}) == paths(choice, {(0,): NOTHING}) == [(1,)]
    assert pursue(choice, {(0,): FAILED, (1,): NOTHING, (2,): FAILED}) == Exhausted()


def test_a_cascade_goes_on_after_a_pass_where_the_next_stage_is_worth_its_money() -> None:
    choice = cascade("small", "large")
    large = forecast(usd=0.01, passes=0.9, quality=0.81)  # 0.9 × (0.9 - 0.4) = 0.45 more than a score of 0.4

    def worth(usd_worth: float) -> Worth:
        return Worth(alike(large), usd_worth=usd_worth)

    assert pursue(choice, {(0,): scored(0.4)}) == Taken((0,))
    assert paths(choice, {(0,): scored(0.4)}, worth(0.44 / large.cost_usd.mean)) == [(1,)]
    assert pursue(choice, {(0,): scored(0.4)}, worth=worth(0.46 / large.cost_usd.mean)) == Taken((0,))
    assert pursue(choice, {(0,): scored(1.0)}, worth=worth(0)) == Taken((0,))
    assert paths(choice, {(0,): FAILED}, worth(1e9)) == [(1,)]


def test_a_heavier_node_is_worth_more_and_seconds_count_too() -> None:
    large = forecast(seconds=10, passes=0.9, quality=0.81)
    tried = {(0,): scored(0.4)}
    slow = 0.46 / large.latency_s.mean
    assert pursue(cascade("small", "large"), tried, worth=Worth(alike(large), second_worth=slow)) == Taken((0,))
    assert paths(cascade("small", "large"), tried, Worth(alike(large), weight=2, second_worth=slow)) == [(1,)]


def test_of_two_stages_that_passed_the_better_is_taken_whatever_is_worth_what_by_then() -> None:
    choice = cascade("small", "large")
    assert pursue(choice, {(0,): scored(0.4), (1,): scored(0.7)}) == Taken((1,))
    assert pursue(choice, {(0,): scored(0.4), (1,): scored(0.3)}) == Taken((0,))
    assert pursue(choice, {(0,): scored(0.4), (1,): FAILED}) == Taken((0,))
    assert pursue(choice, {(0,): scored(0.4)}, in_flight=frozenset({(1,)})) == Trying(())


def test_a_retry_and_a_fallback_go_on_after_an_error_alone() -> None:
    assert paths(retry("small", 2), {(0,): NOTHING, (1,): NOTHING}) == [(2,)]
    assert pursue(fallback("small", "large"), {(0,): FAILED}) == Exhausted()
    assert pursue(fallback("small", "large"), {(0,): NOTHING, (1,): PASSED}) == Taken((1,))
    assert paths(cascade(retry("small", 2), "large"), {(0, 0): FAILED}) == [(1,)]


def test_the_best_is_waited_for_and_of_equals_the_first_is_taken() -> None:
    choice = best_of(3, "small")
    assert paths(choice, {}) == [(0,), (1,), (2,)]
    some = {(2,): scored(1.0), (0,): scored(0.5)}
    assert pursue(choice, some, in_flight=frozenset({(1,)})) == Trying(())
    assert paths(choice, some) == [(1,)]
    assert pursue(choice, some | {(1,): scored(1.0)}) == Taken((1,))
    assert pursue(choice, dict.fromkeys([(0,), (1,), (2,)], FAILED)) == Exhausted()


def test_a_vote_counts_what_passed_and_takes_the_best_scored_of_the_commonest() -> None:
    answers = {(0,): scored(0.9, "a"), (1,): scored(0.5, "b"), (2,): scored(0.6, "b")}
    assert pursue(vote(3, "small"), answers) == Taken((2,))
    assert pursue(vote(3, "small"), answers | {(1,): Attempt(True, 0.5, False, "b")}) == Taken((0,))


COUNCIL = council("small", "middle", "large", chair="large")
ANSWERS: dict[Path, Attempt] = {(0, 0): scored(0.5), (0, 1): scored(0.6), (0, 2): scored(0.7)}


def ranked(*best_first: int) -> Attempt:
    return Attempt(answered=True, ranking=best_first)


def test_a_council_answers_ranks_in_turned_orders_and_its_chair_sees_the_best_first() -> None:
    todo = pursue(COUNCIL, ANSWERS)
    assert isinstance(todo, Trying)
    assert [one.role for one in todo.tries] == ["rank"] * 3
    assert [one.shown[0] for one in todo.tries] == [(0, 0), (0, 1), (0, 2)]
    # Each puts the first member's answer first, then the last one's, as far as it says.
    ranks: dict[Path, Attempt] = {(1, 0): ranked(0, 2, 1), (1, 1): ranked(2, 1, 0), (1, 2): ranked(1)}
    todo = pursue(COUNCIL, ANSWERS | ranks)
    assert todo == Trying((Try((2,), Call(model="large"), "chair", ((0, 0), (0, 2), (0, 1))),))
    assert pursue(COUNCIL, ANSWERS | ranks | {(2,): PASSED}) == Taken((2,))
    assert pursue(COUNCIL, ANSWERS | ranks | {(2,): NOTHING}) == Taken((0, 0))


def test_a_council_shows_what_passed_and_asks_nobody_to_rank_one_answer() -> None:
    one = ANSWERS | {(0, 0): NOTHING, (0, 1): FAILED}
    assert pursue(COUNCIL, one) == Trying((Try((2,), Call(model="large"), "chair", ((0, 2),)),))
    failed = {path: FAILED for path in ANSWERS} | {(0, 1): NOTHING}
    todo = pursue(COUNCIL, failed)
    assert isinstance(todo, Trying)
    assert [one.path for one in todo.tries] == [(1, 0), (1, 2)]
    everything = failed | dict.fromkeys([(1, 0), (1, 2)], ranked(7, -1)) | {(2,): FAILED}
    assert pursue(COUNCIL, everything) == Exhausted()
    assert pursue(COUNCIL, dict.fromkeys(ANSWERS, NOTHING)) == Exhausted()


# What holds of every choice.


def outcomes(seed: int, attempts: list[Attempt]) -> dict[Path, Attempt]:
    """What each call comes to is fixed by where it stands, so that the order of ending can't change it."""

    class ByPath(dict[Path, Attempt]):
        def __missing__(self, path: Path) -> Attempt:
            self[path] = attempts[Random(f"{seed}{path}").randrange(len(attempts))]
            return self[path]

    return ByPath()


@given(CHOICES, st.lists(ATTEMPTS, min_size=1, max_size=6), st.integers(0, 9), st.none() | st.floats(0, 1e3))
def test_every_choice_ends_within_its_calls_and_never_asks_twice(
    choice: Choice, attempts: list[Attempt], seed: int, usd_worth: float | None
) -> None:
    worth = None if usd_worth is None else Worth(alike(forecast()), usd_worth=usd_worth)
    comes_to = outcomes(seed, attempts)

    def run(order: int) -> Went:
        dice = Random(order)
        return followed(choice, lambda one: comes_to[one.path], dice.choice, worth)

    went, other = run(1), run(2)
    assert went.end == other.end, "which call ended first made a difference"
    handed_out = {one.path: one for one in went.handed_out}
    assert handed_out.keys() == {one.path for one in other.handed_out}
    assert len(handed_out) == len(went.handed_out) <= 64
    if isinstance(went.end, Taken):
        assert went.tried[went.end.path].answered
        assert went.tried[went.end.path].passed
        assert handed_out[went.end.path].role != "rank"
    each = forecast(usd=1.0)
    worst_usd = composed(choice, alike(each)).worst_usd
    assert went.most_in_flight * each.worst_usd <= worst_usd + 1e-9
    # Whoever takes the node on after a crash, with only what was kept, goes the same way.
    assert pursue(choice, went.tried, worth=worth) == went.end


@given(CHOICES, st.lists(ATTEMPTS, min_size=1, max_size=6), st.integers(0, 9))
def test_nothing_but_what_is_shown_to_be_there_is_shown(choice: Choice, attempts: list[Attempt], seed: int) -> None:
    comes_to = outcomes(seed, attempts)
    seen = dict[Path, Attempt]()

    def outcome(one: Try) -> Attempt:
        assert all(seen[path].answered for path in one.shown)
        assert len(set(one.shown)) == len(one.shown)
        seen[one.path] = comes_to[one.path]
        return seen[one.path]

    followed(choice, outcome, lambda flying: flying[0])


@pytest.mark.parametrize("choice", [cascade("a", best_of(3, "b")), vote(3, "a"), COUNCIL])
def test_a_choice_is_plain_data(choice: Choice) -> None:
    assert type(choice).model_validate_json(choice.model_dump_json()) == choice
