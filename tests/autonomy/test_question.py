from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from rheostat.autonomy import (
    Action,
    Approval,
    Argument,
    GrantScope,
    Level,
    Question,
    Risk,
    Rule,
    Ruling,
    ask,
    like_this,
    verdict,
)

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def mail(to: str = "ann", *, risk: Risk = Risk.OUTWARD, steered: bool = False, run: str = "r") -> Action:
    return Action(
        tool="send",
        arguments=(
            Argument(name="to", value=to, control=True, untrusted=steered),
            Argument(name="body", value=f"Dear {to}", control=False, untrusted=True),
        ),
        risk=risk,
        node="reply",
        run=run,
        read_untrusted=True,
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


def said(question: Question, by: str = "Ann", *, grant: GrantScope | None = None) -> Approval:
    at = question.asked_at + minutes(1)
    return Approval(question=question.id, digest=question.digest, by=by, at=at, answer="accept", grant=grant)


def two_person_rule() -> Rule:
    return Rule(name="four eyes", tool="send", at_least=Ruling.ASK_TWO, why="Two people see what leaves the house.")


def test_a_question_read_back_with_another_action_is_refused() -> None:
    question = asked()
    assert Question.model_validate_json(question.model_dump_json()) == question
    forged = question.model_dump(mode="json")
    forged["action"]["arguments"][0]["value"] = "eve"
    with pytest.raises(ValidationError, match="was changed"):
        Question.model_validate(forged)


def test_a_question_is_only_for_what_a_person_can_settle() -> None:
    action = mail(risk=Risk.READ)
    allowed = verdict(Level.EDIT, action)
    with pytest.raises(ValidationError, match="no person's answer changes"):
        ask(action, allowed, id="q", asked_at=NINE, expires_at=NINE + minutes(1))
    with pytest.raises(ValidationError, match="expires before it is asked"):
        ask(mail(), verdict(Level.EDIT, mail()), id="q", asked_at=NINE, expires_at=NINE)


@pytest.mark.parametrize(
    "contradiction",
    [
        {"answer": "reject", "edits": {"to": "x"}},
        {"answer": "reject", "grant": GrantScope()},
        {"edits": {"to": "x"}, "grant": GrantScope()},
        {"edits": {"to": "x"}, "parts": (1,)},
        {"parts": (1,), "grant": GrantScope()},
        {"parts": ()},
        {"answer": "stop", "parts": (1,)},
    ],
)
def test_an_approval_says_one_thing(contradiction: dict[str, object]) -> None:
    sound = said(asked()).model_dump()
    with pytest.raises(ValidationError):
        Approval.model_validate(sound | contradiction)


@pytest.mark.parametrize("by", ["", "Ann\u200b", "Ann ", "Ann\nBob"])
def test_a_person_has_a_clean_name(by: str) -> None:
    with pytest.raises(ValidationError):
        said(asked(), by)


def covered(one: Question, other: Question) -> bool:
    grant = like_this(one, GrantScope(), by=["Ann"], app="mail", at=NINE + minutes(1))
    at, taint = other.asked_at + minutes(1), other.verdict.taint
    ruled = verdict(
        other.verdict.level,
        other.action,
        rules=(two_person_rule(),) if other.verdict.rules else (),
        grants=[grant],
        app="mail",
        now=at,
        approvers=max(1, other.people),
    )
    assert (ruled.ruling is Ruling.NOTIFY) == (ruled.decided_by == f"grant {grant.id}")
    assert taint is ruled.taint
    return ruled.ruling is Ruling.NOTIFY


def test_all_like_this_covers_the_same_kind_in_the_same_run() -> None:
    assert covered(asked(), asked(mail("bob"), id="q2", at=NINE + minutes(58)))


@pytest.mark.parametrize(
    "other",
    [
        asked(mail(run="another"), id="q2"),
        asked(mail(risk=Risk.IRREVERSIBLE), id="q2"),
        asked(mail(steered=True), id="q2"),
        asked(mail().model_copy(update={"tool": "post"}), id="q2"),
        asked(mail().model_copy(update={"declared": False}), id="q2"),
        asked(mail().model_copy(update={"arguments": mail().arguments[1:]}), id="q2"),
        asked(rules=(two_person_rule(),), people=2, id="q2"),
        asked(rules=(two_person_rule(),), people=1, id="q2"),
        asked(id="q2", at=NINE + minutes(60)),
    ],
    ids=["run", "risk", "steered", "tool", "undeclared", "control names", "ruling", "a rule spoke", "too late"],
)
def test_all_like_this_does_not_reach_further(other: Question) -> None:
    assert not covered(asked(), other)


def test_one_persons_all_like_this_does_not_reach_what_two_have_to_accept() -> None:
    wire = mail(risk=Risk.IRREVERSIBLE)
    one, two = asked(wire), asked(wire, id="q2", level=Level.PROPOSE, people=2)
    assert not covered(one, two)


def test_all_like_this_never_covers_what_is_steered() -> None:
    with pytest.raises(ValidationError, match="No grant covers what is steered"):
        like_this(asked(mail(steered=True)), GrantScope(), by=["Ann"], app="mail", at=NINE)
