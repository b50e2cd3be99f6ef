"""The policy that a run is decided by: the App's and the operator's, read anew whenever a process takes the run up."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rheostat.app_core.events import PolicySet
from rheostat.app_core.log import Store
from rheostat.app_core.policies import joined
from rheostat.app_core.testing import MemoryStore
from rheostat.autonomy import BadPolicy, Patience, Policy, Rule, Ruling

from .office import Office

LETTERS = Rule(name="letters", tool="send", at_least=Ruling.ASK, why="Letters are looked at.")
NO_PAY = Rule(name="no money", tool="pay", at_least=Ruling.DENY, why="Nothing is paid.")

ASK_LETTERS = """
rules:
  - {name: letters, tool: send, ask: yes, why: Letters are looked at.}
"""
DENY_LETTERS = """
rules:
  - {name: letters, tool: send, deny: yes, why: No letters.}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The operator's own folder, in place of the session's."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("RHEOSTAT_HOME", str(folder))
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "app-policy.yaml"


def set_policies(store: Store, run: str) -> list[Policy]:
    return [record.event.policy for record in store.read(run) if isinstance(record.event, PolicySet)]


def test_a_rule_of_the_app_raises_what_the_dial_says_and_the_log_has_the_policy(store: Store) -> None:
    office = Office(store, policy=Policy(rules=(LETTERS,)))
    run = office.write(dial=4)
    assert (run.status, run.questions[0].verdict.decided_by) == ("waiting", "rule letters")
    assert set_policies(store, run.id) == [Policy(rules=(LETTERS,))]
    assert run.view.policy == Policy(rules=(LETTERS,))


def test_without_any_policy_nothing_is_written_of_one(store: Store) -> None:
    assert set_policies(store, Office(store).write(dial=4).id) == []


def test_the_operators_policy_holds_for_every_app_on_the_machine(home: Path) -> None:
    (home / "policy.yaml").write_text(ASK_LETTERS)
    for name in ("office", "other"):
        office = Office(MemoryStore(), name)
        assert (office.write(dial=4).status, office.done) == ("waiting", [])


def test_the_rules_of_both_speak(home: Path) -> None:
    (home / "policy.yaml").write_text(ASK_LETTERS)
    office = Office(MemoryStore(), policy=Policy(rules=(NO_PAY,)))
    assert office.write(dial=4).status == "waiting"
    paid = office.run(office.paid, to="ann", usd=1.0, dial=4)
    assert (paid.status, office.done) == ("failed", [])
    assert "Nothing is paid." in paid.view.nodes["pay"].reason


def test_a_file_that_changed_while_the_run_waited_is_read_anew_and_what_waits_is_decided_again(
    store: Store, file: Path
) -> None:
    file.write_text(ASK_LETTERS)
    office = Office(store, policy=file)
    run = office.write(dial=4)
    assert run.status == "waiting"
    before = set_policies(store, run.id)
    assert office.app.open(run.id).resume().status == "waiting"
    assert set_policies(store, run.id) == before  # nothing new, so nothing written
    file.write_text("rules: []")
    assert office.app.open(run.id).resume().status == "done"
    assert (office.done, set_policies(store, run.id)) == (["sent ann"], [*before, Policy()])


def test_what_waits_and_may_not_run_any_more_is_declined(store: Store, file: Path) -> None:
    file.write_text(ASK_LETTERS)
    office = Office(store, policy=file)
    run = office.write(dial=4)
    file.write_text(DENY_LETTERS)
    run = office.app.open(run.id).resume()
    assert (run.status, run.questions, office.done) == ("failed", [], [])
    assert "No letters." in run.view.nodes["send"].reason


@pytest.mark.parametrize(
    "broken", ["", "rules: [", "rule: []", "rules: []\nrules: []", "rules:\n - {name: x, ask: yes}", "- 1", "\0"]
)
def test_a_broken_file_stops_the_run_before_anything_is_done_and_what_waits_keeps_waiting(
    store: Store, file: Path, broken: str
) -> None:
    file.write_text(ASK_LETTERS)
    office = Office(store, policy=file)
    run = office.write(dial=1)
    records = len(store.read(run.id))
    file.write_text(broken)
    for go_on in (
        lambda: office.app.open(run.id).resume(),
        lambda: office.app.open(run.id).turn(4, patience_s=0),
        lambda: office.app.open(run.id).approve(by="ann"),
        lambda: office.write(dial=4),
    ):
        with pytest.raises(BadPolicy, match=str(file)):
            go_on()
    assert (len(store.read(run.id)), len(store.runs()), office.done) == (records, 1, [])
    file.write_text("rules: []")
    assert (office.app.open(run.id).resume().status, office.done) == ("done", ["sent ann"])


def test_a_file_that_is_not_there_stops_the_run_if_the_app_names_it(store: Store, file: Path) -> None:
    with pytest.raises(BadPolicy, match="can't be opened"):
        Office(store, policy=file).write(dial=4)


@pytest.fixture
def odd(home: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    """Something at the place of the operator's policy that is no policy."""
    place = home / "policy.yaml"
    match request.param:
        case "a folder":
            place.mkdir()
        case "a link to nowhere":
            place.symlink_to(home / "nowhere")
        case "a link to a policy":
            (home / "other.yaml").write_text("rules: []")
            place.symlink_to(home / "other.yaml")
        case "a pipe":
            os.mkfifo(place)
        case _:
            home.rmdir()
            home.write_text("a file where the folder should be")
    yield


@pytest.mark.parametrize(
    "odd", ["a folder", "a link to nowhere", "a link to a policy", "a pipe", "a file above it"], indirect=True
)
def test_what_stands_where_the_operators_policy_should_be_is_never_passed_over(odd: None) -> None:
    with pytest.raises(BadPolicy, match="policy.yaml"):
        Office(MemoryStore()).write(dial=4)


def test_whom_the_policy_names_are_those_who_could_approve(store: Store) -> None:
    two = Policy(people={"ann": (), "bo": ()})
    office = Office(store, policy=two)
    assert office.run(office.paid, to="x", usd=1.0, dial=0).questions[0].people == 2
    assert office.run(office.paid, to="x", usd=1.0, dial=0, approvers=5).questions[0].people == 2
    alone = Office(store, policy=Policy(people={"ann": ()}))
    assert alone.run(alone.paid, to="x", usd=1.0, dial=0, approvers=2).questions[0].people == 1


def test_a_rule_for_a_person_speaks_for_whom_the_run_is(store: Store) -> None:
    rule = LETTERS.model_copy(update={"person": "temp*"})
    office = Office(store, policy=Policy(rules=(rule,)))
    assert office.write(dial=4, by="temp-3").status == "waiting"
    assert office.write(dial=4, by="ann").status == "done"


# Two policies as one


def test_joined_names_everybody_with_all_their_roles_and_takes_the_shorter_wait() -> None:
    own = Policy(rules=(LETTERS,), people={"Ann": ("counsel",)}, patience=Patience(expires_s=100, remind_s=10))
    operators = Policy(
        rules=(LETTERS, NO_PAY),
        people={"ann": ("boss",), "bo": ()},
        patience=Patience(expires_s=200, escalate_s=50, escalate_to="bo"),
    )
    both = joined(own, operators)
    assert both.rules == (LETTERS, NO_PAY)
    assert both.people == {"Ann": ("counsel", "boss"), "bo": ()}
    assert both.patience == Patience(expires_s=100, escalate_s=50, escalate_to="bo")
    assert joined(own, Policy()) == own
    assert joined(Policy(), operators) == operators
    assert joined(own, Policy(patience=Patience(expires_s=30))).patience == Patience(expires_s=30, remind_s=10)


def test_one_name_for_two_rules_is_told_and_nothing_runs(home: Path) -> None:
    (home / "policy.yaml").write_text(DENY_LETTERS)
    office = Office(MemoryStore(), policy=Policy(rules=(LETTERS,)))
    with pytest.raises(BadPolicy, match="Two rules are called"):
        office.write(dial=4)


def test_a_role_that_nobody_has_is_told_once_both_are_read(home: Path) -> None:
    rule = LETTERS.model_copy(update={"role": "counsel"})
    office = Office(MemoryStore(), policy=Policy(rules=(rule,)))
    with pytest.raises(BadPolicy, match="counsel"):
        office.write(dial=4)
    (home / "policy.yaml").write_text("people: {ann: [counsel]}")
    assert office.write(dial=4).status == "waiting"
