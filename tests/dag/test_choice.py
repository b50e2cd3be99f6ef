"""Choices as data: what they are called, under what their lessons are kept, and what is refused."""

from functools import reduce

import pytest
from pydantic import ValidationError

from rheostat.dag import (
    Call,
    Cascade,
    Choice,
    Path,
    Skip,
    Vote,
    best_of,
    calls,
    cascade,
    choice_name,
    council,
    fallback,
    menu,
    part_of,
    retry,
    vote,
)


@pytest.mark.parametrize(
    ("choice", "name"),
    [
        (Call(model="gpt-5", effort="high", temperature=1), "gpt-5[high,t1]"),
        (cascade("local", best_of(3, "gpt-5")), "cascade(local, best(3 × gpt-5))"),
        (retry("local", 2), "retry(local, 2)"),
        (fallback("local", "gpt-5"), "fallback(local, gpt-5)"),
        (Vote(of=(Call(model="a"), Call(model="b"))), "vote(a, b)"),
        (council("a", "b", chair="c"), "council(a, b; chair c)"),
        (Skip(), "skip"),
    ],
)
def test_a_choice_is_called_what_it_is(choice: Choice, name: str) -> None:
    assert choice_name(choice) == name


@pytest.mark.parametrize(
    ("choice", "path", "part"),
    [
        (Call(model="a"), (), "a"),
        (cascade("a", "b"), (0,), "a"),
        (cascade("a", "b"), (1,), "cascade(a, b)/1"),
        (best_of(3, "a"), (2,), "a"),
        (cascade("a", best_of(2, "b")), (1, 0), "cascade(a, best(2 × b))/1.0"),
        (cascade("a", best_of(2, "b")), (1, 1), "cascade(a, best(2 × b))/1.0"),
        (cascade(cascade("a", "b"), "c"), (0, 1), "cascade(cascade(a, b), c)/0.1"),
        (council("a", "b", chair="c"), (0, 1), "b"),
        (council("a", "b", chair="c"), (1, 1), "council(a, b; chair c)/1.1"),
        (council("a", "b", chair="c"), (2,), "council(a, b; chair c)/2"),
        (cascade("a", council("b", "c", chair="d")), (1, 0, 1), "cascade(a, council(b, c; chair d))/1.0.1"),
        (best_of(3, "a"), (), "best(3 × a)"),
    ],
)
def test_what_meets_the_same_cases_learns_together(choice: Choice, path: Path, part: str) -> None:
    assert part_of(choice, path) == part


def test_a_path_that_is_not_there_has_no_part() -> None:
    with pytest.raises(ValueError, match="no part at"):
        part_of(Call(model="a"), (0,))


def test_samples_differ_and_a_given_temperature_stays() -> None:
    assert {call.temperature for call in calls(best_of(3, "a"))} == {0.7}
    assert {call.temperature for call in calls(vote(3, Call(model="a", temperature=0.2)))} == {0.2}


def test_too_many_calls_and_too_deep_a_tree_are_refused() -> None:
    assert len(calls(best_of(8, best_of(8, "a")))) == 64
    with pytest.raises(ValidationError, match="may come to 72 calls"):
        best_of(9, best_of(8, "a"))
    with pytest.raises(ValidationError, match="may come to 70 calls"):
        best_of(10, council("a", "b", "c", chair="d"))
    with pytest.raises(ValidationError, match="17 deep"):
        reduce(lambda inner, _: Cascade(stages=(inner,)), range(17), Cascade(stages=(Skip(),)))
    with pytest.raises(ValidationError):
        Cascade(stages=())
    with pytest.raises(ValidationError):
        council(best_of(2, "a"), "b", chair="c")


def test_a_menu_offers_each_model_and_what_checks_make_possible() -> None:
    assert menu(["a", "b"], checked=False) == (Call(model="a"), Call(model="b"))
    names = [choice_name(choice) for choice in menu(["a", "b", "c"], checked=True)]
    assert names == ["a", "b", "c", "cascade(a, c)", "cascade(a, b, c)", "best(3 × a)", "best(3 × b)"]


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("count", range(2, 12))
def test_a_menu_is_short_and_says_nothing_twice(count: int, checked: bool) -> None:
    models = [f"model-{number}" for number in range(count)]
    names = [choice_name(choice) for choice in menu([*models, models[0]], checked=checked)]
    assert 2 <= len(names) == len({*names}) <= 8
    assert {models[0], models[-1]} <= {*names}


def test_a_menu_of_one_model_is_that_model_and_of_none_an_error() -> None:
    assert menu(["a"], checked=True) == (Call(model="a"),)
    with pytest.raises(ValueError, match="at least one model"):
        menu([], checked=True)
