"""Decisions out of a run's Log: what they rested on, what people said, and what was taken back."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rheostat import App, Approval, Question, Run, View
from rheostat.app_core.log import Store
from rheostat.app_core.testing import MemoryStore, ScriptedGateway
from rheostat.app_core.what_if import decisions
from rheostat.autonomy import (
    Dial,
    GrantScope,
    Level,
    Patience,
    Policy,
    Risk,
    Rule,
    Ruling,
    burden,
    earned,
    suggestions,
    what_if,
)
from rheostat.autonomy.io import SqliteGrants

BLANKS = Rule(name="blanks", tool="send", argument="text", value="*__*", at_least=Ruling.ASK, why="It has blanks.")
SLOW_S = 0.3


class Desk:
    """An app that sends letters, and how often each function of it was called."""

    def __init__(self, store: Store, **options: Any) -> None:
        self.sent, self.unsent = list[str](), list[str]()
        self.app = App("desk", gateway=ScriptedGateway([]), store=store, **options)

        def shown(to: str, text: str) -> str:
            time.sleep(SLOW_S if to.startswith("slow") else 0)
            return text

        def unsend(to: str) -> str:
            self.unsent.append(to)
            return "gone"

        @self.app.tool(risk="outward", control=["to"], preview=shown, undo=unsend, rules=[BLANKS])
        def send(to: str, text: str) -> str:
            self.sent.append(to)
            return to

        @self.app.workflow
        def letters(to: list[str], text: str) -> list[str]:
            return send.each(to, text)

        self._letters = letters

    def start(self, *to: str, text: str = "Hello.", dial: int = 1, **options: Any) -> Run[Any]:
        return self.app.run(self._letters, model="scripted", dial=dial, to=list(to), text=text, **options)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def are_as_recorded(run: Run[Any]) -> bool:
    assert run.decisions
    return all(what_if(decision) == decision.verdict for decision in run.decisions)


def accepts(question: Question, view: View, *, scope: GrantScope | None = None) -> Approval:
    given = {"question": question.id, "digest": question.digest, "by": "ann", "at": datetime.now(UTC)}
    return Approval.model_validate(given | {"answer": "accept", "grant": scope})


def test_a_tools_own_rule_is_on_record_with_the_verdict(desk: Desk) -> None:
    run = desk.start("ann", text="Dear __,", dial=4)
    assert [decision.own for decision in run.decisions] == [(BLANKS,)] and are_as_recorded(run)
    assert burden(run.decisions, dial=Dial(level=Level.ALONE)).asked == 1, "no level takes it away"


def test_an_edit_is_no_new_proposal_and_no_plain_yes(desk: Desk) -> None:
    run = desk.start("ann", "bo")
    run.approve(run.questions[0].id, by="ann", edits={"text": "Dear Ann,"})
    run.approve(run.questions[0].id, by="ann")
    assert run.status == "done" and are_as_recorded(run)
    assert sorted(decision.said for decision in run.decisions) == ["accepted", "edited"]
    assert burden(run.decisions).asked == 2


def test_silence_is_on_record_as_no_answer(store: Store) -> None:
    run = Desk(store, policy=Policy(patience=Patience(expires_s=0.05))).start("ann")
    time.sleep(0.1)
    run.resume()
    assert [decision.said for decision in run.decisions] == ["no answer"]


def test_what_was_taken_back_speaks_against_letting_it_go(desk: Desk) -> None:
    run = desk.start("ann", "bo", dial=3)
    assert sorted(desk.sent) == ["ann", "bo"] and not any(decision.regretted for decision in run.decisions)
    run.undo(run.decisions[0].action.node, by="cy")
    assert [decision.regretted for decision in run.decisions] == [True, False]
    (record,) = earned(run.decisions)
    assert (record.regretted, record.alone, record.kind.risk) == (1, 2, Risk.OUTWARD)
    assert [(each.way, each.level) for each in suggestions([record])] == [("down", 1)]


def test_a_grant_for_every_run_is_known_even_where_it_was_not_needed(store: Store, tmp_path: Any) -> None:
    desk = Desk(store, grants=SqliteGrants(tmp_path / "grants.sqlite"))
    given = desk.app.grant("send", by="ann", until=datetime.now(UTC) + timedelta(days=1))
    alone, asked = desk.start("ann", dial=3), desk.start("bo", dial=1)
    assert [decision.verdict.ruling for decision in (*alone.decisions, *asked.decisions)] == [
        Ruling.ALLOW,
        Ruling.NOTIFY,
    ]
    desk.app.revoke(given.id, by="ann")
    later = desk.start("cy", dial=1)
    for run in (alone, asked, later):
        assert are_as_recorded(run)
    at_1 = [burden(run.decisions, dial=Dial(level=Level.EDIT)) for run in (alone, asked, later)]
    assert [there.asked for there in at_1] == [0, 0, 1], "what stood then counts, not what stands now"
    without = decisions(alone.id, store.read(alone.id))
    assert burden(without, dial=Dial(level=Level.EDIT)).asked == 1, "its Log alone can't know of it"


def test_what_is_accepted_while_another_question_is_made_ready_is_not_asked_again(desk: Desk) -> None:
    asked = list[str]()

    def decide(question: Question, view: View) -> Approval:
        asked.append(question.action.node)
        return accepts(question, view, scope=GrantScope())

    run = desk.start("ann", "slow bo", decide=decide)
    assert run.status == "done" and len(asked) == 1 and sorted(desk.sent) == ["ann", "slow bo"]
    assert are_as_recorded(run)


def test_a_what_if_calls_no_function_of_the_app() -> None:
    desk = Desk(MemoryStore())
    run = desk.start("ann", dial=1)
    for level in Level:
        burden(run.decisions, dial=Dial(level=level))
    assert not desk.sent and run.status == "waiting"
