"""A question that nobody answers: a reminder, somebody who stands in, then no. Each once, whatever the clock does."""

import asyncio
import threading
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from rheostat.app_core.asking import clock, said_at
from rheostat.app_core.decisions import Reminded
from rheostat.app_core.log import Store
from rheostat.app_core.people import Decide
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import UnfitAnswer
from rheostat.app_core.testing import MemoryStore
from rheostat.app_core.view import View
from rheostat.autonomy import Approval, Patience, Policy, Question

from .office import Aside, Office

PEOPLE = {"ann": (), "bo": (), "cy": ()}


def hurried(**patience: Any) -> Policy:
    return Policy(people=PEOPLE, patience=Patience(**patience))


def reminders(store: Store, run: Run[Any]) -> list[str]:
    return [record.event.to for record in store.read(run.id) if isinstance(record.event, Reminded)]


def asleep(for_s: float) -> Decide:
    """Somebody who sits there and says nothing for some seconds, and leaves then."""

    def decide(question: Question, view: View) -> Approval | None:
        time.sleep(for_s)
        return None

    return decide


def test_a_process_that_waits_reminds_once_and_lets_somebody_stand_in(store: Store) -> None:
    office = Office(store, policy=hurried(remind_s=0.2, escalate_s=0.4, escalate_to="cy"))
    run = office.write(decide=asleep(2.0))
    assert reminders(store, run) == ["", "cy"]
    assert office.app.open(run.id).approve(by="cy").status == "done"


def test_before_that_the_one_who_stands_in_is_turned_away() -> None:
    office = Office(MemoryStore(), policy=hurried(escalate_s=600, escalate_to="cy"))
    run = office.write()
    with pytest.raises(UnfitAnswer, match="for others to accept: ann, bo"):
        run.approve(by="cy")


def test_a_process_that_takes_the_run_up_later_reminds_of_what_was_due_meanwhile(store: Store) -> None:
    office = Office(store, policy=hurried(remind_s=0.01))
    run = office.write()
    assert reminders(store, run) == []
    time.sleep(0.05)
    assert reminders(store, run.resume()) == [""]
    assert reminders(store, run.resume()) == [""], "once"


def test_a_question_expires_while_somebody_looks_at_it_and_what_they_say_then_is_too_late(store: Store) -> None:
    office = Office(store, policy=hurried(expires_s=0.3))
    said = list[str]()

    def late(question: Question, view: View) -> Approval:
        time.sleep(1.5)
        said.append("yes")
        at = datetime.now(UTC)
        return Approval(question=question.id, digest=question.digest, by="ann", at=at, answer="accept")

    run = office.write(decide=late)
    assert "silence means no" in run.view.nodes["send"].reason
    assert (run.status, office.done) == ("failed", [])


def test_a_question_that_is_settled_meanwhile_is_not_waited_for_any_longer(store: Store) -> None:
    office, seen, asked = Office(store), list[str](), threading.Event()

    async def forever(question: Question, view: View) -> Approval | None:
        seen.append(question.action.node)
        asked.set()
        await asyncio.sleep(60)
        return None

    terms: dict[str, Any] = {"to": ["slow", "ann"], "text": "Hello", "decide": forever}
    going = Aside(lambda: office.run(office.letters, **terms))
    assert office.begun.wait(10) and asked.wait(10)
    office.app.open(store.runs()[0]).turn(2, by="ann")
    office.go_on.set()
    run = going.ends()
    assert (run.status, sorted(office.done), seen) == ("done", ["sent ann", "sent slow"], ["letter[1]/send"])


def test_a_policy_decides_how_long_a_question_waits() -> None:
    office = Office(MemoryStore(), policy=hurried(expires_s=3600.0, remind_s=60.0, escalate_s=120.0, escalate_to="bo"))
    question = office.write().questions[0]
    times = (question.expires_at, question.remind_at, question.escalate_at)
    assert [round((at - question.asked_at).total_seconds()) for at in times if at] == [3600, 60, 120]


def test_a_clock_set_back_neither_lengthens_a_question_nor_shuts_people_out(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(store, policy=hurried(expires_s=3600.0))
    run, other = office.write(), office.write("bo")
    real_s = time.time
    monkeypatch.setattr(time, "time", lambda: real_s() + 7200)
    run.resume()
    assert "silence means no" in run.view.nodes["send"].reason
    monkeypatch.setattr(time, "time", lambda: real_s() - 7200)
    assert office.app.open(other.id).approve(by="ann").status == "done"


def test_the_time_of_a_run_never_goes_back() -> None:
    class Ahead:
        def now(self) -> float:
            return time.time() + 100

    ahead: Any = Ahead()
    assert clock(ahead).timestamp() > time.time() + 99
    question = Office(MemoryStore()).write().questions[0]
    assert said_at(question.model_copy(update={"asked_at": clock(ahead)})) >= clock(ahead).replace(microsecond=0)
