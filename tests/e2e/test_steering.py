"""Steering runs from another process: calling them off, forking them, and what can't be tried again."""

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Desk

FOREVER_S = "600"


def test_a_run_is_called_off_while_another_process_waits_for_its_model(desk: "Desk") -> None:
    desk.kill_while_it_calls_its_model("Ada")
    at = desk.terminal("approve", "last", DELAY_S=FOREVER_S)
    desk.until_written("calls.txt", 2)
    asked_at = time.monotonic()
    told = desk.cli("cancel", "last", "--reason", "enough", "--by", "Eve")
    assert (told.returncode, "cancelled by Eve: enough" in told.stdout) == (0, True), told.stderr
    assert at.ends() == 5
    assert time.monotonic() - asked_at < 30
    shown = desk.json("show", "last")
    assert shown["status"] == "cancelled" and shown["spent_usd"] > 0, "what was in flight is booked"
    assert desk.cli("approve", "last", "--yes").returncode == 2
    assert desk.lines("sent.txt") == []


def test_who_takes_a_run_up_that_is_worked_on_is_told_by_whom(desk: "Desk") -> None:
    desk.kill_while_it_calls_its_model("Ada")
    at = desk.terminal("approve", "last", DELAY_S=FOREVER_S)
    desk.until_written("calls.txt", 2)
    told = desk.cli("approve", "last")
    assert told.returncode == 2
    assert f"is being worked on by process {at.process.pid}" in told.stderr.replace("\n", " ")
    at.kill()
    assert desk.cli("approve", "last").returncode == 3, "a process that is dead holds nothing"


def test_a_fork_asks_the_model_only_about_what_is_new(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    forked = desk.cli("fork", run, 'names=["Ada", "Cy"]')
    assert forked.returncode == 3, forked.stderr
    assert len(desk.lines("calls.txt")) == 3
    assert desk.cli("approve", "last", "--all", "--yes").returncode == 0
    assert [line.partition(":")[0] for line in sorted(desk.lines("sent.txt"))] == ["Ada", "Cy"]
    assert len(desk.json("show", run)["questions"]) == 2, "the first run is as it was"


def test_what_can_not_be_done_again_or_changed_is_said(desk: "Desk") -> None:
    run = desk.start("Ada")
    assert "0 steps" in desk.cli("retry", run).stderr
    assert desk.cli("retry", run, "letter[0]/write").returncode == 2
    assert desk.cli("fork", run, "nmaes=x").returncode == 2
    assert desk.cli("fork", run, "nonsense").returncode == 2
