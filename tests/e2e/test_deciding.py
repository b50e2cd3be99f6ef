"""A person at a terminal decides what a run asks; nothing is asked, paid for or done twice."""

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Desk

FOREVER_S = "600"
MENU = "? help"
LETTER = "'Dear guest,\\n\\nwelcome.\\n\\nYour hosts'"


def test_accepting_with_one_key_does_it_once_and_goes_on(desk: "Desk") -> None:
    run = desk.start("Ada")
    assert desk.lines("sent.txt") == []
    at = desk.terminal("approve", run)
    screen = at.expect(MENU)
    for shown in ("send: to Ada", "welcome.", "Why you are asked", "At level 1 (edit)", "the user vouches", "$1.00"):
        assert shown.replace("$1.00", "left") in screen
    at.send("a")
    at.expect("accepted")
    at.expect("done")
    assert at.ends() == 0
    assert desk.lines("sent.txt") == [f"Ada: {LETTER} x1"]
    assert len(desk.lines("calls.txt")) == 1


def test_rejecting_asks_for_a_reason_and_keeps_it(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    at = desk.terminal("approve", run, "--by", "Eve")
    at.expect(MENU)
    at.send("r")
    at.expect("Why?")
    at.send("too warm\n")
    at.expect("rejected: too warm")
    at.expect(MENU)
    at.send("a")
    assert at.ends() == 0
    assert desk.lines("sent.txt") == [f"Bo: {LETTER} x1"]
    shown = desk.cli("show", run).stdout
    assert "rejected by Eve: too warm" in shown
    assert "accepted by Eve" in shown


def test_a_rejection_can_be_taken_back_before_it_is_given(desk: "Desk") -> None:
    at = desk.terminal("approve", desk.start("Ada"))
    at.expect(MENU)
    at.send("r")
    at.expect("Why?")
    at.send("\x04")
    at.expect(MENU)
    at.send("a")
    assert at.ends() == 0


def test_an_edit_in_the_editor_is_shown_and_then_done(desk: "Desk") -> None:
    editor = desk.folder / "editor.sh"
    editor.write_text('#!/bin/sh\nsed -i "s/welcome/good morning/" "$1"\n')
    editor.chmod(0o755)
    at = desk.terminal("approve", desk.start("Ada"), EDITOR=str(editor))
    at.expect(MENU)
    at.send("e")
    change = at.expect("b back")
    assert "welcome. good morning." in change, "what goes and what comes is shown before it is accepted"
    at.send("a")
    at.expect("accepted as edited")
    assert at.ends() == 0
    assert desk.lines("sent.txt") == [f"Ada: {LETTER.replace('welcome', 'good morning')} x1"]


def test_what_is_no_text_is_edited_as_json_and_refused_before_anything_is_decided_if_it_does_not_fit(
    desk: "Desk",
) -> None:
    at = desk.terminal("approve", desk.start("Ada", workflow="orders"))
    for typed, problem in (("nonsense", "not JSON"), ('"many"', "copies can't be"), ("", "Nothing was changed")):
        at.expect(MENU)
        at.send("e")
        at.expect("New value")
        at.send(f"{typed}\n")
        at.expect(problem)
    at.expect(MENU)
    assert desk.json("show", "last")["answers"] == []
    at.send("e")
    at.expect("New value")
    at.send("12\n")
    at.expect("b back")
    at.send("b")
    at.expect(MENU)
    at.send("s")
    assert (at.ends(), desk.lines("sent.txt")) == (3, [])


def test_all_like_this_covers_the_rest_and_the_record_tells_what_was_seen(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo", "Cy")
    at = desk.terminal("approve", run)
    at.expect("l all like this (3 questions)")
    at.send("l")
    assert at.ends() == 0
    assert sorted(line.partition(":")[0] for line in desk.lines("sent.txt")) == ["Ada", "Bo", "Cy"]
    answers = desk.json("show", run)["answers"]
    assert [(answer["question"], answer["grant"]["every_run"]) for answer in answers] == [("letter[0]/send?1", False)]
    shown = desk.cli("show", run).stdout
    assert re.search(r"accepted by \S+, and all like it", shown)
    assert [line.split()[2] for line in re.findall(r"send: to .*let go by \S+'s grant", shown)] == ["Bo", "Cy"]


def test_keys_typed_ahead_and_pasted_text_decide_nothing(desk: "Desk") -> None:
    run = desk.start("Ada")
    at = desk.terminal("approve", run)
    at.send("aaaa")
    at.expect(MENU)
    at.send("accept all of it\x1b[A")
    time.sleep(1)
    assert desk.lines("sent.txt") == []
    at.send("s")
    assert at.ends() == 3


def test_stopping_leaves_it_open_for_another_process_at_any_time(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    for key in ("s", "\x04"):
        at = desk.terminal("approve", run)
        at.expect(MENU)
        at.send(key)
        at.expect("left open")
        at.expect(f"rheostat approve {run}")
        assert at.ends() == 3
    assert desk.lines("sent.txt") == []
    done = desk.cli("approve", run, "--all", "--yes")
    assert (done.returncode, len(desk.lines("sent.txt")), len(desk.lines("calls.txt"))) == (0, 2, 2)


def test_kill_9_while_a_question_waits_loses_nothing_and_calls_no_model_again(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    at = desk.terminal("approve", run)
    at.expect(MENU)
    at.send("a")
    at.expect(MENU)
    before = len(desk.lines("calls.txt"))
    desk.until_done(run, "letter[0]/send")
    at.kill()
    after = desk.terminal("approve", run)
    after.expect(MENU)
    after.send("a")
    assert after.ends() == 0, after.seen
    assert [line.partition(":")[0] for line in desk.lines("sent.txt")] == ["Ada", "Bo"]
    print(f"model calls before kill -9: {before}, after: {len(desk.lines('calls.txt'))}")
    assert len(desk.lines("calls.txt")) == before == 2


def test_kill_9_during_an_effect_leaves_it_to_a_person_whether_it_is_done_again(desk: "Desk") -> None:
    run = desk.start("Ada")
    at = desk.terminal("approve", run, SLOW_S=FOREVER_S)
    at.expect(MENU)
    at.send("a")
    desk.until_written("sent.txt", 1)
    at.kill()
    assert desk.cli("approve", run).returncode == 3
    assert len(desk.lines("sent.txt")) == 1, "nothing is done twice by itself"
    asked = desk.terminal("approve", run)
    assert "may have happened already" in asked.expect(MENU).replace("\n    ", " ")
    asked.send("r")
    asked.expect("Why?")
    asked.send("it went out\n")
    asked.ends()
    assert len(desk.lines("sent.txt")) == 1


def test_of_two_people_who_decide_the_same_question_one_wins_and_the_other_is_told(desk: "Desk") -> None:
    run = desk.start("Ada")
    # One after the other: of two that take a run up in the same instant, one is told before it shows the question.
    first = desk.terminal("approve", run, "--by", "Eve")
    first.expect(MENU)
    second = desk.terminal("approve", run, "--by", "Mallory")  # the one that took the run up last holds it
    second.expect(MENU)
    first.send("a")
    assert first.ends() == 2
    assert "Another one has decided on it" in first.seen.replace("\r\n", " ")
    second.send("a")
    assert second.ends() == 0
    assert len(desk.lines("sent.txt")) == 1


def test_of_two_who_take_a_run_up_in_the_same_instant_nothing_is_lost_and_no_action_is_done_twice(desk: "Desk") -> None:
    run = desk.start("Ada")
    both = [desk.terminal("approve", run, "--yes", "--by", name) for name in ("Eve", "Mallory")]
    codes = sorted(at.ends() for at in both)
    assert codes in ([0, 0], [0, 2], [2, 2]), [at.seen for at in both]
    if codes == [2, 2]:  # each stood in the other's way, and was told so
        assert desk.cli("approve", run, "--yes").returncode == 0
    assert len(desk.lines("sent.txt")) == 1


def test_ctrl_c_at_a_question_stops_at_once_and_says_how_to_go_on(desk: "Desk") -> None:
    run = desk.start("Ada")
    at = desk.terminal("approve", run)
    at.expect(MENU)
    at.send("\x03")
    at.expect("Stopped; nothing is lost. Go on with: rheostat approve")
    assert at.ends() == 130
    assert desk.cli("approve", run, "--yes").returncode == 0
    assert (len(desk.lines("sent.txt")), len(desk.lines("calls.txt"))) == (1, 1)


def test_ctrl_c_during_a_model_call_stops_at_once_and_the_run_goes_on_later(desk: "Desk") -> None:
    desk.kill_while_it_calls_its_model("Ada")
    at = desk.terminal("approve", "last", DELAY_S=FOREVER_S)
    desk.until_written("calls.txt", 2)
    pressed_at = time.monotonic()
    at.send("\x03")
    at.expect("Stopped; nothing is lost.")
    assert at.ends() == 130
    assert time.monotonic() - pressed_at < 10
    again = desk.cli("approve", "last")
    assert (again.returncode, len(desk.lines("calls.txt"))) == (3, 3)
    spent = desk.json("show", "last")
    assert spent["spent_usd"] > 0, "calls that were cut off are booked"
    assert desk.cli("approve", "last", "--yes").returncode == 0
    assert len(desk.lines("sent.txt")) == 1


def test_ctrl_c_twice_leaves_even_a_function_that_does_not_end(desk: "Desk") -> None:
    run = desk.start("Ada")
    at = desk.terminal("approve", run, SLOW_S=FOREVER_S)
    at.expect(MENU)
    at.send("a")
    desk.until_written("sent.txt", 1)
    at.send("\x03")
    at.expect("Ctrl-C again")
    at.send("\x03")
    at.expect("Stopped; nothing is lost.")
    assert at.ends() == 130
    again = desk.cli("approve", run)
    assert (again.returncode, len(desk.lines("sent.txt"))) == (3, 1), "whether it happened, a person has to say"
