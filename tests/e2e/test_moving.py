"""The dial and grants, moved from another process, and over kill -9."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.conftest import Desk

FOREVER_S = "600"


def test_the_dial_is_turned_up_while_another_process_works_and_stays_there_over_its_kill(desk: "Desk") -> None:
    desk.kill_while_it_calls_its_model("Ada")
    at = desk.terminal("approve", "last", DELAY_S=FOREVER_S)
    desk.until_written("calls.txt", 2)
    turned = desk.cli("dial", "last", "--to", "2", "--by", "Eve")
    assert turned.returncode == 0, turned.stderr
    assert at.process.poll() is None, "it heard of it, and works on"
    assert desk.json("show", "last")["dial"] == 2
    at.kill()
    assert desk.cli("approve", "last").returncode == 0
    assert len(desk.lines("sent.txt")) == 1


def test_turned_down_in_the_meantime_it_asks_after_all(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    assert desk.cli("dial", run, "--to", "0", "--tool", "send").returncode == 3
    assert desk.cli("approve", run, "letter[0]/send?1", "--yes").returncode == 3
    assert len(desk.lines("sent.txt")) == 1
    assert desk.cli("dial", run, "--to", "3").returncode == 0
    assert len(desk.lines("sent.txt")) == 2


def test_a_grant_reaches_all_runs_of_the_app_until_it_is_revoked_in_whatever_process(desk: "Desk") -> None:
    given = desk.json("grants", "give", "send", "--app", "letters.py", "--until", "2 days", "--same", "to=Ada")
    assert (given["standing"], given["bounds"][0]["equals"]) == ("holds", "Ada")
    run = desk.start("Ada", "Bo")
    assert [line.partition(":")[0] for line in desk.lines("sent.txt")] == ["Ada"]
    shown = desk.json("show", run)
    assert [question["id"] for question in shown["questions"]] == ["letter[1]/send?1"]
    assert [grant["id"] for grant in desk.json("grants")] == [given["id"]]
    revoked = desk.cli("grants", "revoke", given["id"], "--by", "Eve")
    assert "revoked" in revoked.stdout and "by Eve" in revoked.stdout
    assert desk.json("grants") == []
    assert [grant["standing"] for grant in desk.json("grants", "--all")] == ["revoked"]
    desk.start("Ada")
    assert len(desk.lines("sent.txt")) == 1


def test_a_grant_in_a_run_lets_what_waits_go_and_is_listed_there_alone(desk: "Desk") -> None:
    run = desk.start("Ada", "Bo")
    given = desk.cli("grants", "give", "send", "--run", run, "--until", "2 hours", "--same", "to=Bo", "--by", "Eve")
    assert given.returncode == 3, given.stderr
    assert [line.partition(":")[0] for line in desk.lines("sent.txt")] == ["Bo"]
    assert desk.json("grants") == []
    (listed,) = desk.json("grants", "--run", run)
    assert desk.cli("grants", "revoke", listed["id"], "--run", run).returncode == 0
    assert desk.json("grants", "--run", run) == []


def test_what_is_no_grant_is_said(desk: "Desk") -> None:
    give = ("grants", "give", "send", "--until", "2 days")
    assert "--app" in desk.cli(*give).stderr
    assert "has no tool 'sned'" in desk.cli("grants", "give", "sned", "--until", "friday", "--app", "letters.py").stderr
    for wrong in (
        (*give, "--app", "letters.py", "--same", "cc=x"),
        (*give, "--app", "letters.py", "--at-most", "copies=many"),
        ("grants", "give", "send", "--until", "yesterday", "--app", "letters.py"),
        ("grants", "give", "send", "--until", "2020-01-01", "--app", "letters.py"),
        ("grants", "revoke", "grant-0"),
    ):
        told = desk.cli(*wrong)
        assert told.returncode != 0 and "Traceback" not in told.stderr, told.stderr
    assert desk.json("grants", "--all") == []


def test_a_broken_policy_stops_the_run_in_a_sentence_and_what_waits_keeps_waiting(desk: "Desk") -> None:
    run = desk.start("Ada")
    policy = desk.folder / "home" / "policy.yaml"
    policy.write_text("rules: [")
    told = desk.cli("approve", run, "--yes")
    assert told.returncode != 0 and "policy.yaml" in told.stderr and "Traceback" not in told.stderr
    assert desk.lines("sent.txt") == [] and len(desk.json("show", run)["questions"]) == 1
    policy.write_text("rules:\n  - {name: quiet, tool: send, deny: yes, why: No letters today.}\n")
    told = desk.cli("approve", run)
    assert "No letters today." in told.stdout + told.stderr
    assert (desk.lines("sent.txt"), desk.json("show", run)["questions"]) == ([], [])
