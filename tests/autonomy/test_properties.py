"""The promises of the dial, over the whole of its table. test_any_input.py has what hypothesis thinks of."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import permutations, product
from typing import NamedTuple

import pytest

from rheostat.autonomy import (
    TABLE,
    Action,
    Argument,
    Bound,
    Grant,
    Level,
    Risk,
    Rule,
    Ruling,
    Taint,
    Verdict,
    verdict,
)

ALLOW, NOTIFY, ASK, ASK_TWO, DENY = Ruling
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN_GRANT_RULES = ("a", "b", "c")


def proposal(
    risk: Risk = Risk.OUTWARD,
    taint: Taint = Taint.CLEAN,
    *,
    tool: str = "send",
    run: str = "run-1",
    opaque: bool = False,
) -> Action:
    to = Argument(name="to", value="ann@firm.example", control=True, untrusted=taint is Taint.STEERED)
    body = Argument(name="body", value="Hello", control=False, untrusted=taint > Taint.CLEAN)
    return Action(
        tool=tool,
        arguments=(to, body),
        risk=risk,
        node="reply",
        run=run,
        read_untrusted=taint > Taint.CLEAN,
        opaque=opaque,
    )


def rule(at_least: Ruling = ASK, *, name: str = "a", people: int = 1, role: str = "", four_eyes: bool = False) -> Rule:
    return Rule(name=name, at_least=at_least, people=people, role=role, four_eyes=four_eyes, why="The house says so.")


def grant(
    *,
    id: str = "g",
    by: Sequence[str] = ("ann", "bo"),
    roles: Sequence[str] = ("counsel",),
    app: str = "mail",
    run: str = "",
    tool: str = "send",
    rules: Sequence[str] = OPEN_GRANT_RULES,
    risk: Risk = Risk.IRREVERSIBLE,
    taint: Taint = Taint.TAINTED,
    since: timedelta = -DAY,
    until: timedelta = DAY,
    bounds: tuple[Bound, ...] = (),
    passed: str = "",
) -> Grant:
    """As wide as a grant can be, but for what is named."""
    return Grant(
        id=id,
        by=tuple(by),
        roles=tuple(roles),
        app=app,
        run=run,
        tool=tool,
        control=("to",),
        bounds=bounds,
        risk=risk,
        taint=taint,
        rules=tuple(rules),
        passed=passed,
        given_at=NOON + since,
        expires_at=NOON + until,
    )


def ruled(
    level: Level,
    action: Action,
    *,
    rules: Sequence[Rule] = (),
    grants: Sequence[Grant] = (),
    approvers: int = 3,
    by: str = "cy",
    now: datetime | None = NOON,
) -> Verdict:
    return verdict(level, action, rules=rules, grants=grants, app="mail", by=by, now=now, approvers=approvers)


RULES = (
    (),
    (rule(NOTIFY),),
    (rule(ASK),),
    (rule(ASK, role="counsel"),),
    (rule(ASK, four_eyes=True),),
    (rule(ASK, people=3),),
    (rule(ASK_TWO),),
    (rule(ASK), rule(DENY, name="b")),
)
GRANTS = ((), (grant(),), (grant(by=("ann",), roles=(), risk=Risk.OUTWARD, taint=Taint.CLEAN),))
ACTIONS = {(risk, taint): proposal(risk, taint) for risk, taint in product(Risk, Taint)}


class Point(NamedTuple):
    """One point of the whole table; `rules` and `grants` say which of those above."""

    level: Level
    risk: Risk
    taint: Taint
    rules: int
    grants: int
    approvers: int

    def ruled(self, *added: Rule) -> Verdict:
        rules, grants = (*RULES[self.rules], *added), GRANTS[self.grants]
        return ruled(self.level, ACTIONS[self[1:3]], rules=rules, grants=grants, approvers=self.approvers)


@cache
def table() -> dict[Point, Verdict]:
    """The whole of it."""
    points = (Point(*each) for each in product(Level, Risk, Taint, range(len(RULES)), range(len(GRANTS)), (1, 2, 3)))
    return {point: point.ruled() for point in points}


def test_the_whole_table_is_enumerated() -> None:
    assert len(table()) == 5 * 4 * 3 * 8 * 3 * 3


def no_laxer(one: Verdict, other: Verdict) -> bool:
    """Whether `one` asks for no less than `other`."""
    if one.ruling is not other.ruling:
        return one.ruling > other.ruling
    asks_all = set(one.roles) >= set(other.roles) and one.four_eyes >= other.four_eyes
    return one.people >= other.people and asks_all


# Over the whole table


def test_p1_a_higher_level_never_asks_more() -> None:
    for point, found in table().items():
        if point.level < Level.ALONE:
            assert no_laxer(found, table()[point._replace(level=Level(point.level + 1))]), point


def test_p2_more_risk_never_asks_less() -> None:
    for point, found in table().items():
        if point.risk < Risk.IRREVERSIBLE:
            assert no_laxer(table()[point._replace(risk=Risk(point.risk + 1))], found), point


def test_p3_more_taint_never_asks_less() -> None:
    for point, found in table().items():
        if point.taint < Taint.STEERED:
            assert no_laxer(table()[point._replace(taint=Taint(point.taint + 1))], found), point


def test_p4_a_rule_added_never_loosens() -> None:
    for added in (rule(at_least, name="c") for at_least in (NOTIFY, ASK, ASK_TWO, DENY)):
        for point, found in table().items():
            assert no_laxer(point.ruled(added), found), (point, added)


def test_p5_nothing_but_a_grant_loosens() -> None:
    for point, found in table().items():
        without = table()[point._replace(grants=0)]
        least = TABLE[point.level][point.risk]
        if point.approvers == 1 and least is ASK_TWO:
            least = ASK
        assert without.ruling >= least, point
        assert found.ruling <= without.ruling, point


def test_p6_deny_is_absolute() -> None:
    denied = [found for point, found in table().items() if any(each.at_least is DENY for each in RULES[point.rules])]
    assert denied and all(found.ruling is DENY for found in denied)


def test_p7_no_order_means_anything() -> None:
    rules = (rule(ASK), rule(NOTIFY), rule(ASK_TWO, name="b"), rule(ASK, name="c", role="counsel"))
    grants = (grant(id="g"), grant(id="f"), grant(id="f", until=2 * DAY))
    for level, risk in product(Level, Risk):
        action = proposal(risk)
        first = ruled(level, action, rules=rules, grants=grants)
        assert all(ruled(level, action, rules=each, grants=grants) == first for each in permutations(rules))
        assert all(ruled(level, action, rules=rules, grants=each) == first for each in permutations(grants))


def test_p8_loosening_is_never_silent() -> None:
    loosened = 0
    for point, found in table().items():
        without = table()[point._replace(grants=0)]
        if found.ruling < without.ruling:
            loosened += 1
            assert without.ruling in (ASK, ASK_TWO), point
            assert found.ruling is NOTIFY, point
            assert found.decided_by == "grant g", point
            assert any("granted this until 2026-11-25" in reason for reason in found.reasons), point
            assert set(found.reasons) >= set(without.reasons), point
    assert loosened > 100


@pytest.mark.parametrize(
    "none",
    [
        grant(until=timedelta(0)),
        grant(since=timedelta(seconds=1)),
        grant(app="other"),
        grant(run="run-2"),
        grant(tool="Send"),
        grant(tool="sеnd"),  # a Cyrillic e
        grant(passed="quotes stand"),
        grant(bounds=(Bound(argument="to", equals="bo@firm.example"),)),
        grant(bounds=(Bound(argument="cc", equals="ann@firm.example"),)),
        grant().revoked(by="ann", at=NOON - timedelta(hours=1)),
    ],
    ids=["expired", "future", "app", "run", "capital", "look-alike", "check", "bound", "no argument", "revoked"],
)
def test_p9_a_grant_that_does_not_hold_is_none(none: Grant) -> None:
    for level, risk, taint in product(Level, Risk, Taint):
        action = proposal(risk, taint)
        assert ruled(level, action, grants=(none,)) == ruled(level, action)
    assert ruled(Level.EDIT, proposal(), grants=(none, grant(id="one that does"))).ruling is NOTIFY


def test_p9_a_grant_needs_to_know_the_time() -> None:
    for now in (None, NOON.replace(tzinfo=None)):
        assert ruled(Level.EDIT, proposal(), grants=(grant(),), now=now).ruling is ASK


def test_p10_steered_reaches_a_person_at_every_level_whatever_was_granted() -> None:
    for point, found in table().items():
        if point.taint is Taint.STEERED:
            two = point.risk is Risk.IRREVERSIBLE and point.level <= Level.SHARE and point.approvers > 1
            assert found.ruling >= (ASK_TWO if two else ASK), point


@pytest.mark.parametrize("level", Level)
def test_p10_not_even_a_forged_grant_lets_what_is_steered_go(level: Level) -> None:
    forged = grant().model_copy(update={"taint": Taint.STEERED})
    assert ruled(level, proposal(taint=Taint.STEERED), grants=(forged,)).ruling >= ASK


@pytest.mark.parametrize("level", Level)
def test_what_nobody_can_see_through_is_asked_about_whatever_was_granted(level: Level) -> None:
    assert ruled(level, proposal(Risk.READ, opaque=True), grants=(grant(),)).ruling >= ASK


# Who gave a grant


@pytest.mark.parametrize(
    ("rules", "given", "goes"),
    [
        ((rule(ASK, role="counsel"),), grant(), True),
        ((rule(ASK, role="counsel"),), grant(roles=("finance",)), False),
        ((rule(ASK_TWO),), grant(), True),
        ((rule(ASK_TWO),), grant(by=("ann",)), False),
        ((rule(ASK_TWO),), grant(by=("ann", "ANN")), False),
        ((rule(ASK, people=3),), grant(), False),
        ((rule(ASK, four_eyes=True),), grant(by=("ann",)), True),
        ((rule(ASK, four_eyes=True),), grant(by=("Cy",)), False),
        ((rule(ASK_TWO, four_eyes=True),), grant(by=("ann", "cy")), False),
        ((rule(ASK, name="new"),), grant(), False),
        ((rule(NOTIFY, name="new"),), grant(), True),
    ],
)
def test_a_grant_covers_what_its_givers_could_accept(rules: Sequence[Rule], given: Grant, goes: bool) -> None:
    found = ruled(Level.EDIT, proposal(), rules=rules, grants=(given,))
    assert found.ruling is (NOTIFY if goes else ruled(Level.EDIT, proposal(), rules=rules).ruling)


def test_a_grant_does_not_pass_four_eyes_when_nobody_knows_for_whom_the_run_is() -> None:
    rules = (rule(ASK, four_eyes=True),)
    assert ruled(Level.EDIT, proposal(), rules=rules, grants=(grant(),), by="").ruling is ASK


def test_a_grant_covers_what_costs_no_more_than_what_was_granted() -> None:
    paid = proposal(Risk.IRREVERSIBLE).model_copy(update={"cost_usd": 5.0})
    given = grant().model_copy(update={"cost_usd": 5.0})
    assert ruled(Level.EDIT, paid, grants=(grant(),)).ruling is ASK
    assert ruled(Level.EDIT, paid, grants=(given,)).ruling is NOTIFY
    assert ruled(Level.EDIT, paid.model_copy(update={"cost_usd": 5.01}), grants=(given,)).ruling is ASK
