"""At the terminal: parts of an action, questions that are alike together, a wider yes, and calling the run off."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Desk

MENU = "? help"


def test_some_parts_are_accepted_by_their_numbers(desk: "Desk") -> None:
    run = desk.start("Ada", workflow="posts")
    at = desk.terminal("approve", run)
    screen = at.expect(MENU)
    assert all(shown in screen for shown in ("1 of 3", "2 of 3", "three", "a accept all", "p accept some"))
    for typed, told in (("9", "9 is none of the numbers 1 to 3"), ("", "accept all")):
        at.send("p")
        at.expect("Which?")
        at.send(f"{typed}\n")
        at.expect(told)
        at.expect(MENU)
    at.send("p")
    at.expect("Which?")
    at.send("1, 3\n")
    at.expect("accepted 1 and 3 of 3 parts")
    assert (at.ends(), desk.lines("sent.txt")) == (0, ["Ada: one, three"])
    assert "2 of 3 parts accepted by" in desk.cli("show", run).stdout


def test_questions_that_are_alike_come_on_one_screen_and_some_of_them_are_accepted(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo", "Cy")
    at = desk.terminal("approve", run, "--group")
    screen = at.expect(MENU)
    assert "3 questions together" in screen and screen.count("welcome.") == 3
    at.send("p")
    at.expect("Which?")
    at.send("1,3\n")
    at.expect("accepted 2 of 3 questions")
    assert "send: to Bo" in at.expect(MENU), "the others are asked one by one"
    at.send("r")
    at.expect("Why?")
    at.send("not him\n")
    at.ends()
    assert sorted(line.partition(":")[0] for line in desk.lines("sent.txt")) == ["Ada", "Cy"]


def test_a_group_is_a_key_away_and_one_by_one_is_too(desk: "Desk") -> None:
    at = desk.terminal("approve", desk.start("Ada", "Bo"))
    at.expect("g together (2)")
    at.expect(MENU)
    at.send("g")
    at.expect("2 questions together")
    at.expect(MENU)
    at.send("o")
    at.expect("send: to Ada")
    at.expect(MENU)
    at.send("g")
    at.expect(MENU)
    at.send("a")
    at.expect("accepted all 2 questions")
    assert at.ends() == 0
    assert len(desk.lines("sent.txt")) == 2


def test_a_yes_may_reach_every_run_until_a_day(desk: "Desk") -> None:
    first = desk.start("Ada")
    at = desk.terminal("approve", first)
    at.expect(MENU)
    at.send("w")
    at.expect("k all of its kind, in every run")
    at.send("k")
    at.expect("Until when?")
    at.send("yesterday\n")
    at.expect("is no time")
    at.expect(MENU)
    at.send("w")
    at.expect("b back")
    at.send("k")
    at.expect("Until when?")
    at.send("2 days\n")
    at.expect("accepted, and all of its kind, in every run until")
    assert at.ends() == 0
    again = desk.start("Bo")
    assert desk.json("show", again)["status"] == "done", "the next run of this app does not ask any more"
    assert "let go by" in desk.cli("show", again).stdout
    other = desk.start("Cy", workflow="orders")
    assert desk.json("show", other)["status"] == "waiting", "another kind of action still does"


def test_calling_off_says_why_and_does_nothing_more(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    at = desk.terminal("approve", run, "--by", "Eve")
    at.expect(MENU)
    at.send("x")
    at.expect("Why?")
    at.send("wrong list\n")
    at.expect("called off: wrong list")
    at.ends()
    assert desk.lines("sent.txt") == []
    shown = desk.json("show", run)
    assert (shown["status"], shown["reason"]) == ("cancelled", "called off by Eve: wrong list")


def test_the_inbox_lists_what_waits_over_all_runs_until_it_is_decided(desk: "Desk") -> None:
    assert "Nothing waits." in desk.cli("inbox").stdout
    one, two = desk.start("Ada", "Bo"), desk.start("Cy", workflow="orders")
    listed = desk.cli("inbox").stdout
    assert all(shown in listed for shown in (one, two, "letters: send: to Ada", "order: to Cy", "outward", "13 d"))
    (first, *_) = desk.json("inbox")
    assert (first["question"], first["risk"], first["people"], first["is_over"]) == (
        "letter[0]/send?1",
        "outward",
        1,
        False,
    )
    assert desk.cli("approve", one, "--group", "--yes").returncode == 0
    assert [each["run"] for each in desk.json("inbox")] == [two]
    desk.cli("approve", two, "--stop", "no need")
    assert desk.json("inbox") == []


def test_options_that_contradict_each_other_are_refused_before_anything_is_decided(desk: "Desk") -> None:
    run = desk.start("Ada", workflow="posts")
    for options in (
        ("--yes", "--stop", "x"),
        ("--parts", "1", "--reject", "x"),
        ("--all", "--group", "--yes"),
        ("--group", "--parts", "1"),
        ("--parts", "4"),
        ("--parts", "none"),
    ):
        assert desk.cli("approve", run, *options).returncode == 2, options
    assert desk.lines("sent.txt") == []
    assert desk.cli("approve", run, "--parts", "2").returncode == 0
    assert desk.lines("sent.txt") == ["Ada: two"]
