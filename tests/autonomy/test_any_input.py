"""The promises of the dial, over whatever pydantic lets in."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from hypothesis import given
from hypothesis import strategies as st

from rheostat.autonomy import (
    Action,
    Argument,
    Bound,
    Dial,
    Grant,
    Hours,
    Level,
    Risk,
    Rule,
    Ruling,
    Taint,
    Verdict,
    plain,
    verdict,
)

ALLOW, NOTIFY, ASK, ASK_TWO, DENY = Ruling
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
DAY = timedelta(days=1)


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


def no_laxer(one: Verdict, other: Verdict) -> bool:
    """Whether `one` asks for no less than `other`."""
    if one.ruling is not other.ruling:
        return one.ruling > other.ruling
    asks_all = set(one.roles) >= set(other.roles) and one.four_eyes >= other.four_eyes
    return one.people >= other.people and asks_all


names = st.text(min_size=1, max_size=12).filter(lambda text: text == plain(text))
words = st.sampled_from(["send", "ann", "a", "to", "Ａnn", "аnn", "press.example", "ß", "1,200 EUR", "/etc/x", "é"])
globs = st.lists(
    st.sampled_from(["*", "?", "[a-z]", "[!a]", "ann", "to", "SEND", "ss", "ann@", "e", "/etc"]), min_size=1
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), timezone(timedelta(hours=-12)), None])
edges = st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])


def in_zone(at: datetime, zone: tzinfo | None) -> datetime:
    return at.replace(tzinfo=zone)


times = st.none() | st.builds(in_zone, st.datetimes() | edges | st.just(NOON), zones)
arguments = st.builds(
    Argument,
    name=names | words,
    value=values,
    control=st.booleans(),
    untrusted=st.booleans(),
    vouched_by=st.text(max_size=5),
    path=st.sampled_from(["", "/", "/etc/passwd", "/srv/[a]"]),
    secret=st.booleans(),
)
actions = st.builds(
    Action,
    tool=names | words,
    arguments=st.lists(arguments, max_size=4, unique_by=lambda argument: argument.name).map(tuple),
    risk=st.sampled_from(Risk),
    node=st.just("n"),
    run=st.just("run-1"),
    declared=st.booleans(),
    read_untrusted=st.booleans(),
    cost_usd=st.floats(min_value=0, allow_nan=False, allow_infinity=False),
    opaque=st.booleans(),
)
hours = st.builds(
    Hours,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Pacific/Kiritimati"]),
    days=st.lists(st.sampled_from(["mon", "sun"]), min_size=1).map(tuple),
    start=st.times(),
    end=st.times(),
)
asking = st.sampled_from([ASK, ASK_TWO])
patterns = globs.map("".join)
anything = st.just("*")
some_rules = st.builds(
    Rule,
    name=st.sampled_from("abc"),
    tool=anything | patterns,
    argument=anything | patterns | words.map(lambda word: word.replace("[", "?")),
    value=anything | patterns,
    path=st.sampled_from(["", "", "/", "/etc", "/etc/*", "*.x", "*/[p]asswd"]),
    over=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    person=anything | patterns,
    hours=st.none() | hours,
    at_least=asking,
    people=st.integers(1, 4),
    role=st.sampled_from(["", "counsel", "finance"]),
    four_eyes=st.booleans(),
    why=st.just("w"),
) | st.builds(Rule, name=st.sampled_from("abc"), at_least=st.sampled_from([NOTIFY, DENY]), why=st.just("w"))
some_grants = st.builds(
    Grant,
    id=st.sampled_from("fg"),
    by=st.lists(st.sampled_from(["ann", "Ann", "bo", "cy"]), min_size=1).map(tuple),
    roles=st.lists(st.sampled_from(["counsel", "finance"])).map(tuple),
    app=st.just("mail"),
    tool=words,
    control=st.just(()) | st.just(("to",)),
    risk=st.sampled_from(Risk),
    taint=st.sampled_from([Taint.CLEAN, Taint.TAINTED]),
    rules=st.lists(st.sampled_from("abc")).map(tuple),
    given_at=st.just(NOON - DAY) | st.just(datetime.min.replace(tzinfo=UTC)),
    expires_at=st.just(NOON + DAY) | st.just(datetime.max.replace(tzinfo=timezone(timedelta(hours=-12)))),
    bounds=st.lists(
        st.builds(Bound, argument=words, equals=values)
        | st.builds(Bound, argument=words, at_most=st.floats(-9, 9))
        | st.builds(Bound, argument=words, folder=st.just("/etc")),
        max_size=2,
    ).map(tuple),
)
rule_lists, grant_lists = st.lists(some_rules, max_size=4), st.lists(some_grants, max_size=3)
people = st.sampled_from(["", "ann", "Ａnn", "cy"])
approvers = st.integers(-(10**30), 10**30) | st.integers(0, 4)
levels = st.sampled_from(Level)


@given(levels, actions, rule_lists, grant_lists, people, times, approvers)
def test_every_input_has_a_verdict(
    level: Level,
    action: Action,
    rules: list[Rule],
    grants: list[Grant],
    by: str,
    now: datetime | None,
    approvers: int,
) -> None:
    found = ruled(level, action, rules=rules, grants=grants, by=by, now=now, approvers=approvers)
    assert found.reasons and found.why
    assert Verdict.model_validate_json(found.model_dump_json()) == found
    assert 1 <= found.people <= max(1, approvers)
    assert (found.ruling is ASK_TWO) <= (found.people > 1)
    if found.taint is Taint.STEERED or action.opaque:
        assert found.ruling >= ASK


@given(levels, actions, rule_lists, some_rules, grant_lists, people, times, approvers)
def test_any_rule_added_never_loosens(
    level: Level,
    action: Action,
    rules: list[Rule],
    added: Rule,
    grants: list[Grant],
    by: str,
    now: datetime | None,
    approvers: int,
) -> None:
    def found(*rules: Rule) -> Verdict:
        return ruled(level, action, rules=rules, grants=grants, by=by, now=now, approvers=approvers)

    assert no_laxer(found(*rules, added), found(*rules))
    assert found(*rules, added) == found(added, *reversed(rules))


@given(actions, rule_lists, people, times)
def test_the_rules_that_speak_are_those_that_match(
    action: Action, rules: list[Rule], by: str, now: datetime | None
) -> None:
    matching = dict.fromkeys(each for each in rules if each.matches(action, by=by, now=now))
    found = ruled(Level.EDIT, action, rules=rules, by=by, now=now)
    assert sorted(found.spoke, key=str) == sorted(matching, key=str)
    assert list(found.rules) == sorted({each.name for each in matching})


# The dial by tool and by kind


def mail(risk: Risk, tool: str) -> Action:
    return Action(tool=tool, arguments=(), risk=risk, node="n", run="r")


dials = st.builds(
    Dial,
    level=levels,
    kinds=st.dictionaries(st.sampled_from(Risk), levels, max_size=4),
    tools=st.dictionaries(st.sampled_from(["send", "s*", "*", "SEND", "pay"]), levels, max_size=3),
)


@given(dials, st.none() | dials, words)
def test_more_risk_never_asks_less_under_any_dial(dial: Dial, ceiling: Dial | None, tool: str) -> None:
    dial = dial.model_copy(update={"ceiling": ceiling})
    found = [ruled(dial.for_action(action), action).ruling for action in (mail(risk, tool) for risk in Risk)]
    assert found == sorted(found)


@given(dials, dials, st.sampled_from(Risk))
def test_a_ceiling_holds(dial: Dial, ceiling: Dial, risk: Risk) -> None:
    action = mail(risk, "send")
    level = dial.model_copy(update={"ceiling": ceiling}).for_action(action)
    assert level == min(dial.for_action(action), ceiling.for_action(action))
