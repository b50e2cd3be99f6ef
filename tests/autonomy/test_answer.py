from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, TypeAdapter, ValidationError

from rheostat.autonomy import (
    Action,
    Again,
    Approval,
    Argument,
    Granted,
    Level,
    NaiveTime,
    Open,
    Question,
    Refused,
    Risk,
    Rule,
    Ruling,
    Standing,
    Taint,
    answer,
    ask,
    digest,
    misfit,
    verdict,
)

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


LATER = NINE + timedelta(minutes=5)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def mail(
    to: JsonValue = "ann",
    *,
    body: JsonValue = "Hello",
    risk: Risk = Risk.OUTWARD,
    steered: bool = False,
    run: str = "r",
) -> Action:
    return Action(
        tool="send",
        arguments=(
            Argument(name="to", value=to, control=True, untrusted=steered),
            Argument(name="body", value=body, control=False, untrusted=True),
        ),
        risk=risk,
        node="reply",
        run="r",
        read_untrusted=True,
        summary="Mail Ann",
    )


def asked(
    action: Action | None = None,
    *,
    id: str = "q1",
    level: Level = Level.EDIT,
    rules: tuple[Rule, ...] = (),
    people: int = 1,
    at: datetime = NINE,
) -> Question:
    action = action or mail()
    ruled = verdict(level, action, rules=rules, approvers=people)
    return ask(action, ruled, id=id, asked_at=at, expires_at=at + minutes(60))


def said(
    question: Question,
    by: str = "Ann",
    *,
    at: datetime | None = None,
    answer: Literal["accept", "reject"] = "accept",
    edits: dict[str, JsonValue] | None = None,
    reason: str = "",
) -> Approval:
    return Approval(
        question=question.id,
        digest=question.digest,
        by=by,
        at=at or question.asked_at + minutes(1),
        answer=answer,
        edits=edits or {},
        reason=reason,
    )


def stands(
    question: Question,
    *approvals: Approval,
    now: datetime = LATER,
    used: tuple[str, ...] = (),
    level: Level = Level.EDIT,
    rules: tuple[Rule, ...] = (),
    people: int = 1,
) -> Standing:
    return answer(question, approvals, now=now, used=used, level=level, rules=rules, approvers=people)


def two_person_rule() -> Rule:
    return Rule(name="four eyes", tool="send", at_least=Ruling.ASK_TWO, why="Two people see what leaves the house.")


def refusal(standing: Standing) -> str:
    assert isinstance(standing, Refused)
    return standing.reason


def test_an_accepted_action_is_granted_as_it_was_asked() -> None:
    question = asked()
    standing = stands(question, said(question))
    assert standing == Granted(action=question.action, verdict=question.verdict, digest=question.digest, by=("Ann",))


def test_silence_waits_and_then_means_no() -> None:
    question = asked()
    assert stands(question, now=question.expires_at - minutes(0.01)) == Open(needed=1)
    assert "silence means no" in refusal(stands(question, now=question.expires_at))


def test_an_approval_expires_with_its_question() -> None:
    question = asked()
    assert "not accepted in time" in refusal(stands(question, said(question), now=question.expires_at))


def test_a_rejection_carries_its_reason_and_its_person() -> None:
    question = asked()
    standing = stands(question, said(question, "Bob", answer="reject", reason="Wrong Ann.\nAsk legal."))
    assert standing == Refused(reason="Bob rejected it: Wrong Ann.\nAsk legal.", by="Bob")


def test_a_rejection_of_another_question_is_not_put_in_this_ones_mouth() -> None:
    question, other = asked(), asked(id="q2")
    assert stands(question, said(other, answer="reject")) == Refused(
        reason='This answers the question "q2", not "q1". Answer this one.'
    )


@pytest.mark.parametrize("no_first", [True, False])
def test_one_no_outweighs_any_yes(no_first: bool) -> None:
    question = asked()
    pair = [said(question, "Bob", answer="reject"), said(question, "Ann")]
    assert refusal(stands(question, *(pair if no_first else pair[::-1]))).startswith("Bob rejected it")


def test_an_approval_for_another_action_is_refused() -> None:
    question, other = asked(), asked(mail("eve"))
    assert "another action" in refusal(stands(question, said(other)))


def test_an_approval_of_another_question_is_refused_even_for_the_same_action() -> None:
    question, twin = asked(), asked(id="q2")
    assert question.digest == twin.digest
    assert '"q2", not "q1"' in refusal(stands(question, said(twin)))


def test_an_approval_is_used_once() -> None:
    question = asked()
    assert "used once" in refusal(stands(question, said(question), used=("q1",)))
    assert "used once" in refusal(stands(question, used=("q1",)))


def test_an_approval_from_before_the_question_is_refused() -> None:
    question = asked()
    assert "clock was set back" in refusal(stands(question, said(question, at=NINE - minutes(0.01))))


def test_an_approval_from_the_future_is_refused() -> None:
    question = asked()
    assert "future" in refusal(stands(question, said(question, at=NINE + minutes(6)), now=LATER))


def test_an_action_changed_in_place_is_refused() -> None:
    value: list[JsonValue] = ["ann"]
    question = asked(mail(value))
    inside = question.action.arguments[0].value
    assert isinstance(inside, list)
    inside.append("eve")
    assert "changed after it was asked" in refusal(stands(question, said(question)))


def test_misfit_says_why_before_an_approval_is_kept() -> None:
    question = asked()
    now = LATER
    assert misfit(question, said(question), now=now, used=()) == ""
    assert "Load the question again" in misfit(question, said(asked(mail("eve"))), now=now, used=())


def test_two_different_people_must_accept() -> None:
    question = asked(rules=(two_person_rule(),), people=2)

    def with_two(*approvals: Approval) -> Standing:
        return stands(question, *approvals, rules=(two_person_rule(),), people=2)

    assert with_two() == Open(needed=2)
    assert with_two(said(question, "Ann")) == Open(needed=1)
    assert with_two(said(question, "Ann"), said(question, "ann")) == Open(needed=1)
    granted = with_two(said(question, "Ann"), said(question, "Bob"))
    assert isinstance(granted, Granted) and granted.by == ("Ann", "Bob")


def test_what_was_asked_of_two_stays_with_two_when_the_dial_goes_up() -> None:
    question = asked(mail(risk=Risk.IRREVERSIBLE), level=Level.PROPOSE, people=2)
    assert stands(question, said(question), level=Level.ALONE, people=1) == Open(needed=1)


def test_an_edit_is_granted_as_the_edited_action() -> None:
    question = asked(mail("eve", steered=True))
    standing = stands(question, said(question, edits={"to": "bob"}))
    assert isinstance(standing, Granted)
    to, body = standing.action.arguments
    assert (to.value, to.vouched_by, to.control, to.untrusted) == ("bob", "Ann", True, True)
    assert body == question.action.arguments[1]
    assert question.verdict.taint is Taint.STEERED
    assert standing.verdict == verdict(Level.EDIT, standing.action)
    assert standing.verdict.taint is Taint.TAINTED
    assert standing.digest == digest(standing.action, standing.verdict) != question.digest
    assert standing.action.summary == ""


def test_only_the_one_who_edited_is_on_record_for_the_edit() -> None:
    question = asked()
    standing = stands(question, said(question, "Bob"), said(question, "Ann", edits={"body": "Hi"}))
    assert isinstance(standing, Granted) and standing.by == ("Ann",)


def test_an_edit_that_a_rule_denies_is_refused() -> None:
    never = Rule(name="never eve", tool="*", argument="to", value="eve", at_least=Ruling.DENY, why="Eve is a rival.")
    question = asked(rules=(never,))
    assert "Eve is a rival." in refusal(stands(question, said(question, edits={"to": "eve"}), rules=(never,)))
    assert isinstance(stands(question, said(question, edits={"to": "bob"}), rules=(never,)), Granted)


def test_an_edit_that_needs_more_people_is_asked_again() -> None:
    abroad = Rule(name="abroad", tool="*", argument="to", value="*.fr", at_least=Ruling.ASK_TWO, why="It goes abroad.")
    question = asked(rules=(abroad,), people=2)
    standing = stands(question, said(question, edits={"to": "bob.fr"}), rules=(abroad,), people=2)
    assert isinstance(standing, Again)
    assert standing.verdict.ruling is Ruling.ASK_TWO and "rule abroad" in standing.reason
    assert standing.action.arguments[0].value == "bob.fr"


def test_an_edit_that_raises_the_risk_is_asked_again() -> None:
    def by_amount(action: Action) -> Action:
        risk = Risk.IRREVERSIBLE if action.arguments[0].value == "all" else Risk.READ
        return action.model_copy(update={"risk": risk})

    question = asked()
    for to, expected in (("all", Again), ("bob", Granted)):
        approval = said(question, edits={"to": to})
        standing = answer(question, [approval], now=LATER, used=(), level=Level.EDIT, weigh=by_amount)
        assert isinstance(standing, expected)
        assert standing.action.risk is (Risk.IRREVERSIBLE if to == "all" else Risk.OUTWARD)


def test_one_of_two_people_cannot_edit_the_other_away() -> None:
    question = asked(mail("eve", risk=Risk.IRREVERSIBLE, steered=True), people=2)
    assert question.verdict.ruling is Ruling.ASK_TWO
    standing = stands(question, said(question, "Ann", edits={"to": "eve"}), said(question, "Bob"), people=2)
    assert isinstance(standing, Again)
    assert verdict(Level.EDIT, standing.action, approvers=2).ruling is Ruling.ASK
    assert standing.verdict.ruling is Ruling.ASK_TWO
    second = ask(standing.action, standing.verdict, id="q2", asked_at=NINE, expires_at=NINE + minutes(60))
    assert stands(second, said(second, "Ann"), people=2) == Open(needed=1)
    assert isinstance(stands(second, said(second, "Ann"), said(second, "Bob"), people=2), Granted)


def test_an_edit_of_an_argument_the_action_lacks_is_refused() -> None:
    question = asked()
    assert 'no argument "bcc"' in refusal(stands(question, said(question, edits={"bcc": "eve"})))


def test_a_dial_turned_down_or_a_rule_added_meanwhile_counts() -> None:
    question = asked(mail(risk=Risk.IRREVERSIBLE))
    assert isinstance(stands(question, said(question), level=Level.PROPOSE, people=2), Again)
    assert isinstance(stands(question, said(question), rules=(two_person_rule(),), people=2), Again)
    deny = Rule(name="closed", tool="*", at_least=Ruling.DENY, why="The desk is closed.")
    assert "The desk is closed." in refusal(stands(question, said(question), rules=(deny,)))


def test_a_question_that_made_light_of_its_taint_is_asked_again() -> None:
    action = mail(steered=True)
    light = verdict(Level.EDIT, action).model_copy(update={"taint": Taint.CLEAN})
    question = ask(action, light, id="q1", asked_at=NINE, expires_at=NINE + minutes(60))
    standing = stands(question, said(question))
    assert isinstance(standing, Again) and standing.verdict.taint is Taint.STEERED


def test_a_dial_turned_up_answers_nothing() -> None:
    question = asked()
    assert stands(question, level=Level.ALONE) == Open(needed=1)


@given(
    st.sampled_from(Level),
    st.sampled_from(Level),
    st.sampled_from(Risk),
    st.booleans(),
    st.integers(min_value=0, max_value=2),
    st.lists(
        st.tuples(st.sampled_from(["Ann", "ann", "Bob"]), st.sampled_from([{}, {"to": "x"}, {"body": 1}])), max_size=3
    ),
    st.sampled_from([-1, 5, 59.9, 60, 1e5]),
)
def test_nothing_is_granted_that_people_did_not_accept_in_time(
    then: Level,
    now_level: Level,
    risk: Risk,
    steered: bool,
    people: int,
    spoken: list[tuple[str, dict[str, JsonValue]]],
    after: float,
) -> None:
    action = mail(risk=risk, steered=steered)
    if verdict(then, action, approvers=people).ruling < Ruling.ASK:
        return
    question = asked(action, level=then, people=people)
    approvals = [said(question, by, edits=edits) for by, edits in spoken]
    standing = stands(question, *approvals, now=NINE + minutes(after), level=now_level, people=people)
    if isinstance(standing, Granted):
        assert 1 <= after < 60
        assert len({by.casefold() for by in standing.by}) >= question.people
        exactly = [approval.by for approval in approvals if question.digest == standing.digest or approval.edits]
        assert set(standing.by) <= set(exactly)
    else:
        assert isinstance(standing, Again | Open | Refused)


def test_times_carry_their_zone() -> None:
    question = asked()
    naive = datetime(2026, 11, 23, 9)  # noqa: DTZ001
    with pytest.raises(NaiveTime, match="no time zone"):
        stands(question, now=naive)
    with pytest.raises(ValidationError):
        said(question, at=naive)
    with pytest.raises(ValidationError):
        ask(mail(), verdict(Level.EDIT, mail()), id="q", asked_at=naive, expires_at=NINE)


def test_a_standing_survives_the_log() -> None:
    question = asked()
    read: TypeAdapter[Standing] = TypeAdapter(Standing)
    for standing in (
        stands(question),
        stands(question, said(question)),
        stands(question, said(question, answer="reject")),
        stands(question, said(question), rules=(two_person_rule(),), people=2),
    ):
        assert read.validate_json(read.dump_json(standing)) == standing
