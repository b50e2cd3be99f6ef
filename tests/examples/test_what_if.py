"""Recorded reviews, decided again on other terms: the same where nothing is changed, and foretold where it is."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from rheostat import Approval, Question, Run, View
from rheostat.autonomy import (
    Decision,
    Dial,
    GrantScope,
    Json,
    Level,
    Policy,
    Rule,
    Ruling,
    burden,
    differences,
    earned,
    what_if,
)
from rheostat.examples.legal.review import app

if TYPE_CHECKING:
    from tests.examples.conftest import Office, Student

Say = Callable[[Question], dict[str, Any]]

WORDING: dict[str, Json] = {"wording": "The duties continue for two (2) years after this Agreement ends."}


def saying(say: Say) -> Callable[[Question, View], Approval]:
    """A person who says to each question what `say` makes of it."""

    def decide(question: Question, view: View) -> Approval:
        given = {"question": question.id, "digest": question.digest, "by": "ann", "at": datetime.now(UTC)}
        return Approval.model_validate(given | {"answer": "accept"} | say(question))

    return decide


def rule_of(question: Question) -> str:
    return next((str(a.value) for a in question.action.arguments if a.name == "rule"), "")


def mixed(question: Question) -> dict[str, Any]:
    """No to one, another wording for the next, yes to the rest."""
    if rule_of(question) == "length":
        return {"edits": WORDING}
    return {"answer": "reject", "reason": "not this one"} if rule_of(question) == "indemnity" else {}


def all_of_a_kind(question: Question) -> dict[str, Any]:
    return {"grant": GrantScope()}


def said(run: Run[Any]) -> dict[str, str]:
    return {str(d.action.node): d.said for d in run.decisions if d.asked}


def are_as_recorded(run: Run[Any]) -> bool:
    found = run.decisions
    assert found, "there is something to take again"
    return all(what_if(decision) == decision.verdict for decision in found)


@pytest.mark.parametrize("dial", [0, 1, 3])
@pytest.mark.parametrize("say", [mixed, all_of_a_kind])
def test_with_nothing_changed_every_verdict_is_the_one_on_record(
    office: "Office", student: "Student", dial: int, say: Say
) -> None:
    run = office.review(dial=dial, decide=saying(say))
    assert run.status == "done" and are_as_recorded(run)


def test_also_where_the_dial_was_moved_and_the_policy_changed_while_it_waited(
    office: "Office", student: "Student"
) -> None:
    away = Rule(name="away", argument="rule", value="indemnity", at_least=Ruling.ASK, why="Ann decides on these.")
    gone = Rule(name="gone", argument="rule", value="return", at_least=Ruling.DENY, why="We never ask for that.")
    run = office.review(dial=0)
    before = app.policy
    try:
        app.policy = Policy(rules=(away, gone))
        run = app.open(run.id).turn(2, by="ann")
    finally:
        app.policy = before
    assert [rule_of(question) for question in run.questions] == ["indemnity"]
    assert are_as_recorded(run)
    at_2 = burden(run.decisions, dial=Dial(level=Level.SHARE))
    assert at_2.asked == 0 and at_2.refused == 0, "each counts as it was first proposed, under the policy of then"
    assert len(run.decisions) > len([d for d in run.decisions if d.first]) == 6


def test_what_is_foretold_for_a_level_is_what_happens_there(office: "Office", student: "Student") -> None:
    runs = {level: office.review(dial=level, decide=saying(lambda question: {})) for level in Level}
    for run in runs.values():
        for level, really in runs.items():
            foretold = burden(run.decisions, dial=Dial(level=level))
            happened = burden(really.decisions)
            assert (foretold.asked, foretold.told, foretold.alone) == (happened.asked, happened.told, happened.alone)
    assert [burden(run.decisions).asked for run in runs.values()] == [7, 6, 0, 0, 0]


def test_what_people_said_is_known(office: "Office", student: "Student") -> None:
    run = office.review(dial=1, decide=saying(mixed))
    found = [decision.said for decision in run.decisions if decision.asked]
    assert sorted(found) == ["accepted"] * 4 + ["edited", "rejected"]
    (redlines,) = [one for one in earned(run.decisions) if one.kind.tool == "redline"]
    assert (redlines.accepted, redlines.edited, redlines.rejected, redlines.clean) == (4, 1, 1, 0)
    assert redlines.checks == ("quotes", "quotes_are_real"), "on these every redline rests"
    higher = burden(run.decisions, dial=Dial(level=Level.SHARE))
    assert (higher.asked, higher.rejected, higher.edited) == (0, 1, 1)


def test_questions_that_still_wait_have_no_answer_yet(office: "Office", student: "Student") -> None:
    run = office.review(dial=1)
    assert set(said(run).values()) == {""}
    run.reject(run.questions[0].id, by="ann")
    assert sorted(said(run).values()) == [""] * 5 + ["rejected"]


def test_a_rule_tells_what_it_would_have_done_to_recorded_reviews(office: "Office", student: "Student") -> None:
    found = list[Decision]()
    for _ in range(3):
        found += office.review(dial=2).decisions
    rule = Rule(name="courts", argument="rule", value="governing-law", at_least=Ruling.DENY, why="Bo does these.")
    (told,) = differences(found, Policy(rules=(rule,)))
    assert told.sentence == "courts would have refused 3 of the last 18 of redline."


def contents(office: "Office") -> dict[str, bytes]:
    """Every file of the office but the one in which SQLite notes who reads."""
    files = [path for path in office.folder.iterdir() if path.is_file() and not path.name.endswith("-shm")]
    return {path.name: path.read_bytes() for path in files}


def test_a_what_if_runs_nothing_and_writes_nothing(office: "Office", student: "Student") -> None:
    run = office.review(dial=1, decide=saying(mixed))
    files = contents(office)
    calls, records = office.gateway.calls, len(app.store.read(run.id)) if app.store else 0
    for level in Level:
        burden(run.decisions, dial=Dial(level=level), policy=Policy())
    assert office.gateway.calls == calls and app.store and len(app.store.read(run.id)) == records
    assert contents(office) == files
