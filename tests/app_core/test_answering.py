"""Whatever does not fit is turned away, and changes nothing: an answer that is replayed, forged, stale or not due."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rheostat.app_core.decisions import Answered, EffectStarted
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.run_errors import UnfitAnswer
from rheostat.app_core.testing import MemoryStore
from rheostat.autonomy import Approval, GrantScope, Policy, Question, Rule, Ruling

from .office import Office

FOUR_EYES = Rule(name="four eyes", tool="send", at_least=Ruling.ASK, four_eyes=True, why="Not one's own letters.")
COUNSEL = Rule(name="counsel", tool="send", at_least=Ruling.ASK, role="counsel", why="It binds us.")
TWO = Rule(name="two", tool="send", at_least=Ruling.ASK_TWO, why="Two look at letters.")
PEOPLE = {"ann": ("counsel",), "bo": (), "cy": ()}


def said(asked: Question, by: str = "ann", **more: Any) -> Approval:
    given = {"question": asked.id, "digest": asked.digest, "by": by, "at": datetime.now(UTC), "answer": "accept"}
    return Approval.model_validate({**given, **more})


def answers(store: Store, run: Run[Any]) -> list[Approval]:
    return [record.event.approval for record in store.read(run.id) if isinstance(record.event, Answered)]


def refused(run: Run[Any], *approvals: Approval, match: str) -> None:
    """The answers are turned away, with these words, and leave no trace."""
    before = run.view.approvals
    with pytest.raises(UnfitAnswer, match=match):
        run.answer(*approvals)
    assert run.view.approvals == before


def test_an_answer_carries_the_digest_of_what_was_shown(store: Store) -> None:
    office = Office(store)
    run = office.write()
    assert run.answer(said(run.questions[0])).status == "done"
    assert office.done == ["sent ann"]


Forged = Callable[[Question], Approval]

FORGED: dict[str, tuple[Forged, str]] = {
    "of another action": (lambda q: said(q, digest="0" * 64), "for another action"),
    "to no question": (lambda q: said(q, question="send?9"), "There is no question"),
    "dated before it was asked": (
        lambda q: said(q, at=q.asked_at - timedelta(seconds=1)),
        "dated before the question was asked",
    ),
    "dated in the future": (lambda q: said(q, at=datetime.now(UTC) + timedelta(days=1)), "dated in the future"),
    "dated after the end": (lambda q: said(q, at=q.expires_at), "not accepted in time"),
    "with an argument it lacks": (lambda q: said(q, edits={"cc": "eve"}), "has no argument"),
    "with a value that does not fit": (lambda q: said(q, edits={"to": 3}), "to can't be 3"),
    "with parts it lacks": (lambda q: said(q, parts=(1,)), "as a whole"),
    "with a grant that is over": (
        lambda q: said(q, grant=GrantScope(until=datetime(2020, 1, 1, tzinfo=UTC))),
        "expires before it is given",
    ),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_does_not_fit_is_turned_away_and_the_question_stays_open(forged: tuple[Forged, str]) -> None:
    make, why = forged
    office = Office(MemoryStore())
    run = office.write()
    refused(run, make(run.questions[0]), match=why)
    assert office.done == []
    run = office.app.open(run.id)
    assert (run.status, run.approve().status) == ("waiting", "done")


def test_an_answer_to_one_run_is_none_to_its_twin() -> None:
    office = Office(MemoryStore())
    one, twin = office.write(), office.write()
    refused(twin, said(one.questions[0]), match="for another action")
    assert office.done == []


def test_a_question_is_decided_once(store: Store) -> None:
    office = Office(store)
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo"], text="Hello")
    first = said(run.questions[0])
    run.answer(first)
    refused(run, first, match="settled already")
    refused(run, said(run.view.questions[first.question], answer="reject"), match="settled already")
    assert office.done == ["sent ann"] and len(answers(store, run)) == 1


def test_after_the_end_nothing_is_taken() -> None:
    office = Office(MemoryStore())
    done, called_off = office.write(), office.write()
    late = [said(run.questions[0]) for run in (done, called_off)]
    done.approve()
    called_off.cancel("never mind")
    for run, approval in zip((done, called_off), late, strict=True):
        refused(run, approval, match="It has ended")
        with pytest.raises(UnfitAnswer, match="It has ended"):
            run.approve(approval.question)
    assert office.done == ["sent ann"]


def test_of_several_answers_none_is_taken_if_one_does_not_fit(store: Store) -> None:
    office = Office(store)
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo"], text="Hello")
    one, two = run.questions
    refused(run, said(one), said(two, digest="0" * 64), match="for another action")
    assert (office.done, answers(store, run)) == ([], [])


def test_a_run_can_not_answer_itself() -> None:
    office = Office(MemoryStore())
    asking = office.write()

    @office.app.function
    def sly(run: str) -> str:
        office.app.open(run).approve()
        return "done"

    @office.app.workflow
    def slyly(run: str) -> str:
        return sly(run)

    run = office.run(slyly, run=asking.id)
    assert "A person has to, from outside of it" in run.failures["sly"]
    assert (office.done, office.app.open(asking.id).status) == ([], "waiting")


def test_the_one_it_is_done_for_can_not_accept_it_but_anybody_else() -> None:
    office = Office(MemoryStore(), policy=Policy(rules=(FOUR_EYES,), people=PEOPLE))
    run = office.write(by="Ann")
    assert run.questions[0].asked_for == "Ann"
    with pytest.raises(UnfitAnswer, match="somebody else has to accept it"):
        run.approve(by="ann")
    run = office.app.open(run.id)
    with pytest.raises(UnfitAnswer, match="somebody else has to accept it"):
        run.approve(by="ANN", edits={"text": "Hi"})
    assert office.app.open(run.id).approve(by="bo").status == "done"


def test_a_stranger_can_neither_accept_nor_refuse_nor_call_off() -> None:
    office = Office(MemoryStore(), policy=Policy(people=PEOPLE))
    run = office.write()
    for answer in (run.approve, run.reject, run.stop):
        with pytest.raises(UnfitAnswer, match="The policy names who may: ann, bo, cy"):
            answer(by="mallory")
        run = office.app.open(run.id)
        assert run.status == "waiting"
    assert run.approve(by="bo").status == "done"


def test_a_role_is_waited_for_and_a_second_process_sees_who_has_accepted(store: Store) -> None:
    office = Office(store, policy=Policy(rules=(COUNSEL,), people=PEOPLE))
    run = office.write()
    run.approve(by="bo")
    assert (run.status, office.done) == ("waiting", [])
    assert office.app.open(run.id).approve(by="Ann").status == "done"


def test_two_different_people_and_one_no_outweighs_them() -> None:
    office = Office(MemoryStore(), policy=Policy(rules=(TWO,), people=PEOPLE))
    run, other = office.write(), office.write("bo")
    assert run.approve(by="ann").status == run.approve(by="ANN").status == "waiting"
    assert run.approve(by="cy").status == "done"
    other.approve(by="ann")
    assert other.reject(by="cy", reason="not him").failures or other.status == "failed"
    assert office.done == ["sent ann"]


def test_the_dial_turned_down_between_question_and_answer_asks_again_for_what_it_wants() -> None:
    office = Office(MemoryStore())
    run = office.app.run(office.paid, model="scripted", dial=1, approvers=2, to="ann", usd=5.0)
    (question,) = run.questions
    assert question.people == 1
    run.turn(0, by="ann")
    run.approve(by="ann")
    (again,) = run.questions
    assert (again.id, again.people, office.done) == ("pay?2", 2, [])
    run.approve(by="ann")
    assert run.approve(by="bo").status == "done"


def test_the_dial_turned_up_answers_nothing_that_was_accepted_by_too_few() -> None:
    office = Office(MemoryStore())
    run = office.app.run(office.paid, model="scripted", dial=0, approvers=2, to="ann", usd=5.0)
    run.approve(by="ann")
    assert (run.status, office.done) == ("waiting", [])


def test_calling_off_refuses_the_action_and_ends_the_run(store: Store) -> None:
    office = Office(store)
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo"], text="Hello")
    run.stop(run.questions[0].id, by="Ann", reason="wrong list")
    assert (run.status, office.done) == ("cancelled", [])
    assert run.view.reason == "called off by Ann: wrong list"
    assert run.view.nodes["letter[0]/send"].status == "declined"
    assert run.view.nodes["letter[1]/send"].status == "cancelled"
    assert store.words(run.id) == [], "nobody is told to stop once more"


def test_what_is_alike_is_answered_at_once_each_by_its_own_approval(store: Store) -> None:
    office = Office(store)
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo", "cy"], text="Hello")
    assert [len(group) for group in run.groups] == [3]
    run.approve(run.questions[1].id, by="Ann", group=True)
    assert (run.status, sorted(office.done)) == ("done", ["sent ann", "sent bo", "sent cy"])
    given = answers(store, run)
    assert len({approval.digest for approval in given}) == len({approval.question for approval in given}) == 3
    started = [record.event for record in store.read(run.id) if isinstance(record.event, EffectStarted)]
    assert {event.question for event in started} == {approval.question for approval in given}


def test_a_group_is_refused_at_once() -> None:
    office = Office(MemoryStore())
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo"], text="Hello")
    run.reject(group=True, reason="not today")
    assert (office.done, len(run.questions)) == ([], 0)


def test_what_text_from_outside_may_steer_is_in_no_group() -> None:
    office = Office(MemoryStore())

    @office.app.workflow
    def mails(to: list[str], text: str) -> list[str]:
        return office.send.each(to, text)

    run = office.run(mails, to=["ann", "bo"], text="Hello")
    assert [len(group) for group in run.groups] == [2]
    steered = office.run(office.mail, to="eve", text="Hello")
    assert steered.questions[0].is_steered and [len(group) for group in steered.groups] == [1]


def test_a_yes_with_a_wider_grant_reaches_as_far_as_it_says_and_no_further() -> None:
    office = Office(MemoryStore())
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo", "ann"], text="Hello")
    first = run.questions[0]
    run.approve(first.id, by="Ann", like_this=GrantScope.exactly(first.action))
    assert (sorted(office.done), [q.action.node for q in run.questions]) == (["sent ann"] * 2, ["letter[1]/send"])


def test_what_somebody_of_a_role_accepts_with_all_like_it_goes_by_their_grant() -> None:
    rule = Rule(name="binds us", tool="send", at_least=Ruling.ASK, role="counsel", why="It binds us.")
    office = Office(MemoryStore(), policy=Policy(rules=(rule,), people={"ann": ("counsel",), "bo": ()}))
    run = office.app.run(office.letters, model="scripted", to=["cy", "dee"], text="Hello", dial=3)
    first, second = run.questions
    run.approve(first.id, by="ANN", like_this=True)
    assert (run.status, sorted(office.done)) == ("done", ["sent cy", "sent dee"])
    assert run.view.ruled[-1].verdict.decided_by == f"grant {next(iter(run.view.grants))}"
    assert second.id not in run.view.approvals


def test_a_branch_that_does_not_need_the_answer_goes_on_while_it_waits() -> None:
    office = Office(MemoryStore())

    @office.app.workflow
    def both(to: str) -> list[str]:
        return [office.send(to, "Hello"), office.app.declared["note"](to)]

    run = office.run(both, to="ann")
    assert (run.status, office.done) == ("waiting", ["noted ann"])


def test_every_question_says_why_for_whom_at_what_cost_and_what_if_not() -> None:
    office = Office(MemoryStore())
    question = office.write(by="Ann", budget_usd=2.0).questions[0]
    assert question.why == "At level 1 (edit) the dial asks a person before an effect that others see."
    assert (question.asked_for, question.spent_usd, question.left_usd) == ("Ann", 0.0, 2.0)
    assert question.if_not == "Without a yes it is not done."
    run = office.app.run(office.letters, model="scripted", to=["ann", "bo"], text="Hello")
    assert run.questions[0].if_not == "Without a yes it is not done; the others of its list go on."
