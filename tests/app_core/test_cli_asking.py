"""What a person may type, and what a screen tells of who has to accept and of what is divided into parts."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.entrypoints.terminal.group import group_of, group_screen
from rheostat.app_core.entrypoints.terminal.keys import menu
from rheostat.app_core.entrypoints.terminal.parts import picked
from rheostat.app_core.entrypoints.terminal.question import screen
from rheostat.app_core.entrypoints.terminal.until import until
from rheostat.app_core.entrypoints.terminal.wider import ways
from rheostat.app_core.events import Asked, NodeStarted, Request, RunStarted
from rheostat.app_core.view import View
from rheostat.autonomy import (
    Action,
    Argument,
    Level,
    Question,
    Risk,
    Rule,
    Ruling,
    ask,
    hunks_of,
    items_of,
    verdict,
)

from .test_cli_screen import HOSTILE, printed

NOW = datetime(2026, 11, 24, 10, tzinfo=UTC)  # a Tuesday
COUNSEL = Rule(name="counsel", tool="*", at_least=Ruling.ASK_TWO, role="counsel", four_eyes=True, why="It binds us.")


def write(text: str, *, node: str = "write", path: str = "", steered: bool = False) -> Action:
    arguments = (
        Argument(name="path", value="terms.txt", control=True, untrusted=steered, path=path),
        Argument(name="text", value=text, control=False, untrusted=True),
    )
    return Action(tool="write", arguments=arguments, risk=Risk.OUTWARD, node=node, run="r")


def asked(action: Action, *rules: Rule, before: str = "", asked_for: str = "", if_not: str = "") -> Question:
    ruled = verdict(Level.EDIT, action, rules=rules, approvers=3, now=NOW)
    parts = hunks_of("text", before, str(action.arguments[1].value))
    return ask(
        action,
        ruled,
        id=f"{action.node}?1",
        asked_at=NOW,
        expires_at=NOW + timedelta(days=1),
        parts=parts,
        asked_for=asked_for,
        if_not=if_not,
    )


def waiting(*questions: Question) -> View:
    view = View("r")
    request = Request(app="a", where="m", workflow="w", graph="g", inputs={}, model="m", budget_usd=0.5)
    view.apply(RunStarted(request=request), 0.0)
    for question in questions:
        view.apply(NodeStarted(node=question.action.node), 0.0)
        view.apply(Asked(node=question.action.node, question=question), 0.0)
    return view


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [("1", (1,)), ("3, 1", (1, 3)), ("1-3,2", (1, 2, 3)), (" 2 - 4 ", (2, 3, 4)), ("1 2", (1, 2)), ("", ())],
)
def test_numbers_are_read_as_a_person_types_them(typed: str, numbers: tuple[int, ...]) -> None:
    assert picked(typed, 4) == numbers


@pytest.mark.parametrize("typed", ["0", "5", "3-1", "1-", "one", "-1", "1-9", "9" * 5000, "²"])
def test_what_is_no_number_of_a_part_is_said(typed: str) -> None:
    with pytest.raises(ValueError, match="is none of the numbers 1 to 4"):
        picked(typed, 4)


@given(st.text(max_size=20))
def test_numbers_are_those_of_parts_whatever_is_typed(typed: str) -> None:
    try:
        assert set(picked(typed, 9)) <= set(range(1, 10))
    except ValueError as error:
        assert "none of the numbers" in str(error)


@pytest.mark.parametrize(
    ("typed", "day"),
    [("3 days", 27), ("friday", 27), ("Fri", 27), ("tuesday", 24), ("tomorrow", 25), ("2026-11-30", 30)],
)
def test_a_time_is_read_as_a_person_types_it(typed: str, day: int) -> None:
    ends = until(typed, NOW)
    assert (ends.astimezone().day, ends.tzinfo is not None, ends > NOW) == (day, True, True)


@pytest.mark.parametrize(
    "typed", ["", "soon", "2020-01-01", "3 moons", "9999 weeks ago", "2026-13-01", "-1 days", "to"]
)
def test_a_time_that_is_none_or_over_is_said(typed: str) -> None:
    with pytest.raises(ValueError, match="is no time|is over"):
        until(typed, NOW)


@given(st.text(max_size=20))
def test_a_time_is_to_come_whatever_is_typed(typed: str) -> None:
    try:
        assert until(typed, NOW) > NOW
    except ValueError as error:
        assert "is no time" in str(error) or "is over" in str(error)


def test_a_menu_never_tears_a_key_from_its_words() -> None:
    words = {"a": "accept all of them", "l": "all like this (3 questions)", "s": "leave open", "?": "help"}
    for width in (30, 40, 60, 80):
        lines = menu(words, width).plain.split("\n")
        assert all(len(line) <= max(width, 2 + len("l all like this (3 questions)")) for line in lines)
        assert all(any(f"{key} {word}" in line for line in lines) for key, word in words.items())


def test_a_screen_says_first_what_decided_then_who_has_to_accept_and_what_if_nobody_does() -> None:
    question = asked(write("new"), COUNSEL, asked_for="Ann", if_not="Without a yes it is not done.")
    shown = printed(screen(question, waiting(question), coloured=False))
    assert shown.index("It binds us.") < shown.index("At level 1")
    for words in ("2 people", "among them somebody who is counsel", "not Ann, whom it is done for"):
        assert words in shown
    assert "Without a yes it is not done." in shown and "outward: others see it" in shown


def test_parts_are_shown_under_their_numbers_and_their_text_not_once_more() -> None:
    question = asked(write("one\nTWO\nthree\nFOUR\n"), before="one\ntwo\nthree\nfour\n")
    shown = printed(screen(question, waiting(question), coloured=False))
    assert "1 of 2  text" in shown and "[-two-] {+TWO+}" in shown and "[-four-] {+FOUR+}" in shown
    assert "three" not in shown


def test_hostile_text_in_parts_and_groups_does_nothing() -> None:
    one, two = (asked(write(f"a\n{HOSTILE}\nb\n", node=node), before="A\n\nB\n") for node in ("x", "y"))
    view = waiting(one, two)
    for shown in (screen(one, view, coloured=False), group_screen([one, two], view, coloured=False)):
        drawn = printed(shown)
        assert "\x1b" not in drawn and "\u202e" not in drawn and "\\u001b" in drawn


def test_what_may_be_steered_is_shown_alone_though_it_is_alike() -> None:
    one, two, steered = asked(write("a")), asked(write("b", node="y")), asked(write("c", node="z", steered=True))
    view = waiting(one, two, steered)
    assert group_of(one, view) == (one, two)
    assert group_of(steered, view) == (steered,)


def test_a_wider_yes_offers_a_folder_only_where_there_is_one_that_is_not_everywhere() -> None:
    assert set(ways(asked(write("a")))) == {"c", "k"}
    assert set(ways(asked(write("a", path="/terms.txt")))) == {"c", "k"}
    assert ways(asked(write("a", path="/srv/drafts/terms.txt")))["d"] == "its kind in /srv/drafts, in every run"


def test_items_of_a_list_are_shown_each() -> None:
    action = write("").model_copy(
        update={"arguments": (Argument(name="to", value=["ann", "bo"], control=True, untrusted=False),)}
    )
    ruled = verdict(Level.EDIT, action)
    parts = items_of("to", ["ann", "bo"])
    question = ask(action, ruled, id="q", asked_at=NOW, expires_at=NOW + timedelta(days=1), parts=parts)
    shown = printed(screen(question, waiting(question), coloured=False))
    assert "1 of 2  to" in shown and "2 of 2  to" in shown
