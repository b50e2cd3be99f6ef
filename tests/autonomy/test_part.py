"""Accepting some parts of an action gives exactly these, and leaves what stood there before."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import JsonValue

from rheostat.autonomy import MOST_PARTS, Action, Argument, Json, Part, Risk, hunks_of, items_of, with_parts


def action(value: Json, name: str = "text") -> Action:
    arguments = (
        Argument(name="to", value="ann", control=True, untrusted=False),
        Argument(name=name, value=value, control=False, untrusted=True, vouched_by="check words"),
    )
    return Action(tool="write", arguments=arguments, risk=Risk.LOCAL, node="write", run="r")


def text_of(changed: Action) -> JsonValue:
    return changed.arguments[1].value


texts = st.lists(st.sampled_from(["one\n", "two\n", "three\n", "\n", "é\r\n", "no end"]), max_size=12).map("".join)
sentences = st.lists(st.sampled_from(["the", "term", " is ", "three", "  years.", "\t"]), max_size=12).map(" ".join)
chosen = st.sets(st.integers(1, 20))


@given(texts | sentences, texts | sentences, chosen)
@example("a\nb", "a\nb\nc", {1})
@example("", "new\nfile\n", set())
def test_accepted_hunks_are_applied_and_the_others_are_not(before: str, after: str, accepted: set[int]) -> None:
    parts = hunks_of("text", before, after)
    whole = action(after)
    if not parts:
        return
    result = text_of(with_parts(whole, parts, accepted))
    expected, at = "", 0
    for number, part in enumerate(parts, 1):
        expected += after[at : part.start] + (str(part.new(whole)) if number in accepted else str(part.old))
        at = part.end
    assert result == expected + after[at:]


@given(texts | sentences, texts | sentences)
def test_none_accepted_is_the_text_before_and_all_accepted_the_text_after(before: str, after: str) -> None:
    parts = hunks_of("text", before, after)
    if parts:
        assert text_of(with_parts(action(after), parts, set())) == before
        assert text_of(with_parts(action(after), parts, set(range(1, len(parts) + 1)))) == after


@given(texts | sentences, texts | sentences, chosen)
def test_what_is_accepted_alone_differs_from_before_in_these_hunks_only(
    before: str, after: str, accepted: set[int]
) -> None:
    parts = hunks_of("text", before, after)
    made = text_of(with_parts(action(after), parts, accepted))
    assert isinstance(made, str)
    left = [part for number, part in enumerate(parts, 1) if number not in accepted]
    kept = [part for number, part in enumerate(parts, 1) if number in accepted]
    grown = sum(part.end - part.start - len(part.old) for part in kept)
    if parts:
        assert len(made) == len(before) + grown
        assert len(made) == len(after) - sum(part.end - part.start - len(part.old) for part in left)


@given(st.lists(st.integers(), max_size=8), chosen)
def test_accepted_items_stay_in_their_order(items: list[int], accepted: set[int]) -> None:
    value: list[JsonValue] = [*items]
    parts = items_of("text", value)
    expected = [item for number, item in enumerate(items, 1) if number in accepted] if parts else items
    assert text_of(with_parts(action(value), parts, accepted)) == expected


def test_lines_are_the_parts_of_a_text_and_words_those_of_a_line() -> None:
    lines = hunks_of("text", "a\nb\nc\nd\n", "a\nB\nc\nd\ne\n")
    assert [(part.old, part.new(action("a\nB\nc\nd\ne\n"))) for part in lines] == [("b\n", "B\n"), ("", "e\n")]
    words = hunks_of("text", "a term of ten years or more", "a term of three years or less")
    assert [part.old for part in words] == [" ten", " more"]


def test_where_there_is_nothing_to_choose_the_whole_is_asked() -> None:
    assert hunks_of("text", "same\n", "same\n") == hunks_of("text", "a\n", "b\n") == items_of("text", ["one"]) == ()
    many: list[JsonValue] = list(range(MOST_PARTS + 1))
    assert items_of("text", many) == ()
    assert len(items_of("text", many[1:])) == MOST_PARTS


def test_who_vouched_for_a_value_still_does_for_a_part_of_it() -> None:
    parts = hunks_of("text", "a b c", "x b y")
    argument = with_parts(action("x b y"), parts, {1}).arguments[1]
    assert (argument.value, argument.untrusted, argument.vouched_by) == ("x b c", True, "check words")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\n".join(f"{n}\n" for n in range(4000)), "\n".join(f"x{n}\n" for n in range(4000))),
        ("a\n" * 20_000, "b\na\n" * 10_000),
        ("a\n" * 100_000, "b\na\n" * 99),
        ("".join(f"{n % 7}\n" for n in range(5_000)), "".join(f"{n % 5}\n" for n in range(5_000))),
    ],
    ids=["every line", "one line over and over", "one line in a long text", "few lines"],
)
def test_texts_that_are_hard_to_compare_are_asked_about_as_a_whole_and_at_once(before: str, after: str) -> None:
    began = time.process_time()
    parts = hunks_of("text", before, after)
    assert time.process_time() - began < 5
    assert all(isinstance(part, Part) for part in parts)
