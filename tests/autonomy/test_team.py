"""Who may answer: the people of the policy, with their roles; not whom it is done for; and who stands in, and when."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.autonomy import (
    Action,
    Again,
    Approval,
    Argument,
    Granted,
    Level,
    Open,
    Patience,
    Question,
    Refused,
    Risk,
    Rule,
    Ruling,
    Standing,
    Team,
    answer,
    ask,
    may_answer,
    misfit,
    verdict,
)

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEAM: Team = {"Ann": ("counsel",), "Bo": (), "Cy": ("partner",)}
COUNSEL = Rule(name="counsel", tool="*", at_least=Ruling.ASK, role="counsel", why="It binds us.")
NOT_MINE = Rule(name="not mine", tool="*", at_least=Ruling.ASK, four_eyes=True, why="Nobody signs for themselves.")
THREE = Rule(name="three", tool="*", at_least=Ruling.ASK, people=3, why="It is a lot of money.")


PATIENT = Patience()


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def mail(to: str = "x@firm.example") -> Action:
    argument = Argument(name="to", value=to, control=True, untrusted=False)
    return Action(tool="send", arguments=(argument,), risk=Risk.OUTWARD, node="send", run="r")


def asked(*rules: Rule, for_: str = "", patience: Patience = PATIENT, team: Team = TEAM) -> Question:
    ruled = verdict(Level.EDIT, mail(), rules=rules, approvers=len(team), by=for_, now=NINE)
    expires_at = NINE + minutes(60)
    return ask(mail(), ruled, id="q", asked_at=NINE, expires_at=expires_at, asked_for=for_, patience=patience)


def said(
    question: Question,
    by: str,
    *,
    what: Literal["accept", "reject", "stop"] = "accept",
    after: float = 1,
    edits: dict[str, str] | None = None,
) -> Approval:
    at = question.asked_at + minutes(after)
    return Approval(question=question.id, digest=question.digest, by=by, at=at, answer=what, edits={**(edits or {})})


def stands(
    question: Question, *approvals: Approval, rules: tuple[Rule, ...] = (), team: Team = TEAM, after: float = 5
) -> Standing:
    now = question.asked_at + minutes(after)
    return answer(question, approvals, now=now, used=(), level=Level.EDIT, rules=rules, approvers=len(team), team=team)


def turned_away(question: Question, approval: Approval, team: Team = TEAM) -> str:
    return misfit(question, approval, now=question.asked_at + minutes(5), used=(), team=team)


@pytest.mark.parametrize("what", ["accept", "reject", "stop"])
def test_a_stranger_is_turned_away_and_neither_their_yes_nor_their_no_counts(
    what: Literal["accept", "reject", "stop"],
) -> None:
    question = asked()
    mallory = said(question, "Mallory", what=what)
    assert "The policy names who may: Ann, Bo, Cy." in turned_away(question, mallory)
    assert stands(question, mallory) == Open(needed=1)
    assert isinstance(stands(question, mallory, said(question, "Bo")), Granted)


def test_where_nobody_is_named_anybody_may_answer() -> None:
    question = asked(team={})
    assert turned_away(question, said(question, "Mallory"), team={}) == ""
    assert isinstance(stands(question, said(question, "Mallory"), team={}), Granted)


def test_a_role_is_waited_for_however_many_others_accept() -> None:
    question = asked(COUNSEL)
    bo = said(question, "Bo")
    assert turned_away(question, bo) == ""
    assert stands(question, bo, rules=(COUNSEL,)) == Open(needed=1, roles=("counsel",))
    assert isinstance(stands(question, bo, said(question, "ann"), rules=(COUNSEL,)), Granted)
    assert isinstance(stands(question, said(question, "Ann"), rules=(COUNSEL,)), Granted)


def test_a_role_that_nobody_can_have_is_said_and_never_met() -> None:
    question = asked(COUNSEL, team={})
    assert "the policy names nobody who is" in turned_away(question, said(question, "Ann"), team={})
    assert stands(question, said(question, "Ann"), team={}, rules=(COUNSEL,)) == Open(needed=1, roles=("counsel",))


def test_whom_it_is_done_for_may_refuse_it_but_not_accept_it() -> None:
    question = asked(NOT_MINE, for_="ann")
    assert "somebody else has to accept it" in turned_away(question, said(question, "Ann"))
    assert stands(question, said(question, "Ann"), rules=(NOT_MINE,)) == Open(needed=1)
    assert isinstance(stands(question, said(question, "Bo"), rules=(NOT_MINE,)), Granted)
    assert isinstance(stands(question, said(question, "Ann", what="reject"), rules=(NOT_MINE,)), Refused)


def test_if_nobody_knows_whom_it_is_done_for_two_have_to_accept() -> None:
    question = asked(NOT_MINE)
    one, two = said(question, "Ann"), said(question, "Bo")
    assert stands(question, one, rules=(NOT_MINE,)) == Open(needed=1)
    assert isinstance(stands(question, one, two, rules=(NOT_MINE,)), Granted)


def test_a_quorum_is_of_different_people() -> None:
    question = asked(THREE)
    ann, again, bo, cy = (said(question, by) for by in ("Ann", "ANN", "Bo", "Cy"))
    assert stands(question, ann, again, bo, rules=(THREE,)) == Open(needed=1)
    granted = stands(question, ann, again, bo, cy, rules=(THREE,))
    assert isinstance(granted, Granted) and len(granted.by) == 3
    assert isinstance(stands(question, ann, bo, cy, said(question, "Bo", what="reject"), rules=(THREE,)), Refused)


def test_the_yes_of_somebody_who_has_left_the_team_does_not_count_any_more() -> None:
    question = asked(THREE)
    three = [said(question, by) for by in TEAM]
    left = {person: roles for person, roles in TEAM.items() if person != "Cy"}
    assert stands(question, *three, rules=(THREE,), team=left) == Open(needed=1)


def test_an_edit_by_one_who_lacks_the_role_is_asked_again_so_that_the_role_sees_it() -> None:
    question = asked(COUNSEL)
    for by, expected in (("Bo", Again), ("Ann", Granted)):
        assert isinstance(stands(question, said(question, by, edits={"to": "y"}), rules=(COUNSEL,)), expected)


def test_a_rule_that_joined_while_the_question_waited_is_told_of_before_it_is_done() -> None:
    question = asked()
    late = Rule(name="late", tool="*", at_least=Ruling.ASK, why="New since noon.")
    standing = stands(question, said(question, "Ann"), rules=(late,))
    assert isinstance(standing, Again) and "New since noon." in standing.verdict.reasons
    asks_more = stands(question, said(question, "Ann"), rules=(COUNSEL,))
    assert isinstance(asks_more, Again) and asks_more.verdict.roles == ("counsel",)


ESCALATES = Patience(remind_s=600, escalate_s=1200, escalate_to="Cy")


def test_who_stands_in_may_answer_only_after_the_others_had_their_time() -> None:
    question = asked(patience=ESCALATES)
    assert "for others to accept: Ann, Bo" in turned_away(question, said(question, "Cy"))
    assert may_answer(question, TEAM, now=NINE + minutes(19.9)) == ["Ann", "Bo"]
    assert may_answer(question, TEAM, now=NINE + minutes(20)) == ["Ann", "Bo", "Cy"]
    assert isinstance(stands(question, said(question, "Cy", after=21), after=22), Granted)
    assert isinstance(stands(question, said(question, "Cy", what="reject")), Refused), "anybody may say no at any time"


@pytest.mark.parametrize("team", [{"Cy": ("counsel",)}, {"Cy": ("counsel",), "Ann": ()}])
def test_nobody_waits_for_a_time_when_only_the_one_who_stands_in_could_settle_it(team: Team) -> None:
    question = asked(COUNSEL, patience=ESCALATES, team=team)
    assert isinstance(stands(question, said(question, "Cy"), rules=(COUNSEL,), team=team), Granted)


def test_after_the_reminder_and_after_who_stands_in_silence_is_a_no() -> None:
    question = asked(patience=ESCALATES)
    told = [
        (question.wants_reminding(NINE + minutes(m)), question.is_escalated(NINE + minutes(m))) for m in (9, 10, 20)
    ]
    assert told == [(False, False), (True, False), (True, True)]
    assert isinstance(stands(question, after=60), Refused)
    assert not question.wants_reminding(question.expires_at)


def test_a_clock_set_back_lets_nobody_in_and_reminds_nobody() -> None:
    question = asked(patience=ESCALATES)
    before = NINE - minutes(600)
    assert not question.wants_reminding(before) and not question.is_escalated(before)
    assert "clock was set back" in turned_away(question, said(question, "Ann", after=-5))
    assert isinstance(stands(question, said(question, "Ann", after=-5)), Refused)


people = st.sampled_from(["Ann", "ann", "Bo", "Cy", "Mallory", "Dan"])
teams = st.dictionaries(st.sampled_from(["Ann", "Bo", "Cy", "Dan"]), st.sets(st.sampled_from(["counsel", "partner"])))
rules_of = st.sets(st.sampled_from([COUNSEL.name, NOT_MINE.name, THREE.name]))
RULES = {rule.name: rule for rule in (COUNSEL, NOT_MINE, THREE)}


@given(
    st.lists(st.tuples(people, st.sampled_from([0, 5, 25])), max_size=5), teams, rules_of, st.sampled_from(["", "Ann"])
)
def test_nothing_is_granted_but_by_people_enough_of_the_team_in_all_the_roles(
    spoken: list[tuple[str, float]], drawn: dict[str, set[str]], names: set[str], for_: str
) -> None:
    team: Team = {person: tuple(roles) for person, roles in drawn.items()}
    rules = tuple(RULES[name] for name in sorted(names))
    question = asked(*rules, for_=for_, patience=ESCALATES, team=team)
    approvals = [said(question, by, after=after) for by, after in spoken]
    standing = stands(question, *approvals, rules=rules, team=team, after=30)
    if not isinstance(standing, Granted):
        return
    by = {person.casefold() for person in standing.by}
    assert len(by) == len(standing.by) >= question.people
    assert not team or by <= {person.casefold() for person in team}
    held = {role for person, roles in team.items() if person.casefold() in by for role in roles}
    assert set(question.verdict.roles) <= held
    assert not (question.verdict.four_eyes and for_.casefold() in by)
