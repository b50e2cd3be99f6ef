from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rheostat.autonomy import (
    Action,
    Argument,
    Burden,
    Decision,
    Dial,
    Grant,
    Level,
    Policy,
    Risk,
    Rule,
    Ruling,
    Said,
    Taint,
    burden,
    differences,
    verdict,
    what_if,
)

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
LEVELS = [Dial(level=level) for level in Level]


def action(
    number: int = 0,
    risk: Risk = Risk.OUTWARD,
    taint: Taint = Taint.CLEAN,
    *,
    tool: str = "send",
    to: str = "ann@firm.example",
    run: str = "run-1",
) -> Action:
    steered = taint is Taint.STEERED
    arguments = (Argument(name="to", value=to, control=True, untrusted=steered),)
    return Action(
        tool=tool, arguments=arguments, risk=risk, node=f"n{number}", run=run, read_untrusted=taint > Taint.CLEAN
    )


def rule(at_least: Ruling, *, name: str = "house", tool: str = "*", **more: Any) -> Rule:
    return Rule(name=name, tool=tool, at_least=at_least, why="The house says so.", **more)


def grant(tool: str = "send", *, risk: Risk = Risk.IRREVERSIBLE, passed: str = "") -> Grant:
    ends = NOW + timedelta(days=1)
    return Grant(
        id="g1",
        by=("ann", "bo"),
        app="desk",
        tool=tool,
        control=("to",),
        risk=risk,
        taint=Taint.TAINTED,
        passed=passed,
        given_at=NOW,
        expires_at=ends,
    )


def decided(
    proposed: Action,
    dial: Dial = LEVELS[1],
    *,
    policy: Policy = Policy(),  # noqa: B008  it is frozen
    own: Sequence[Rule] = (),
    grants: Sequence[Grant] = (),
    passed: Sequence[str] = (),
    approvers: int = 1,
    said: Said = "",
    first: bool = True,
) -> Decision:
    ruled = verdict(
        dial.for_action(proposed),
        proposed,
        rules=(*policy.rules, *own),
        grants=[each for each in grants if policy.knows(each.by)],
        passed=passed,
        app="desk",
        now=NOW,
        approvers=len(policy.people) or approvers,
    )
    return Decision(
        action=proposed,
        verdict=ruled,
        dial=dial,
        app="desk",
        at=NOW,
        policy=policy,
        grants=tuple(grants),
        own=tuple(own),
        passed=tuple(passed),
        approvers=approvers,
        said=said,
        first=first,
    )


def named(found: Sequence[Rule]) -> Iterator[Rule]:
    """Each rule under a name of its own."""
    yield from (each.model_copy(update={"name": f"r{at}"}) for at, each in enumerate(found))


tools = st.sampled_from(["send", "pay", "read_mail"])
rulings = st.sampled_from([Ruling.NOTIFY, Ruling.ASK, Ruling.ASK_TWO, Ruling.DENY])
rules = st.builds(rule, rulings, tool=st.sampled_from(["*", "send", "p*"]))
nobody: dict[str, tuple[str, ...]] = {}
policies = st.builds(
    Policy,
    rules=st.lists(rules, max_size=3).map(lambda found: tuple(named(found))),
    people=st.sampled_from([nobody, {"ann": ()}, {"ann": (), "bo": ()}]),
)
decisions = st.builds(
    decided,
    st.builds(action, st.integers(0, 9), st.sampled_from(Risk), st.sampled_from(Taint), tool=tools),
    st.sampled_from(LEVELS),
    policy=policies,
    own=st.lists(st.builds(rule, rulings, name=st.just("own")), max_size=1),
    grants=st.lists(st.builds(grant, tools, passed=st.sampled_from(["", "stands"])), max_size=1),
    passed=st.sampled_from([(), ("stands",)]),
    approvers=st.integers(1, 3),
)
records = st.lists(decisions, max_size=8)


@given(decisions)
def test_with_nothing_changed_the_verdict_is_the_one_on_record(decision: Decision) -> None:
    assert what_if(decision) == decision.verdict
    same: dict[str, Any] = {"dial": decision.dial, "policy": decision.policy, "grants": decision.grants}
    assert what_if(decision, **same) == decision.verdict


@given(records)
def test_a_higher_level_never_burdens_people_more_and_refuses_the_same(found: list[Decision]) -> None:
    by_level = [burden(found, dial=dial) for dial in LEVELS]
    for lower, higher in zip(by_level, by_level[1:], strict=False):
        assert higher.asked <= lower.asked and higher.refused == lower.refused
        assert higher.asked + higher.told <= lower.asked + lower.told
        assert higher.actions == lower.actions == len(found)


@given(records, rules)
def test_a_rule_more_never_lets_more_go(found: list[Decision], more: Rule) -> None:
    for policy in {decision.policy.model_dump_json(): decision.policy for decision in found}.values():
        before = burden(found, policy=policy)
        after = burden(found, policy=policy.model_copy(update={"rules": (*policy.rules, more)}))
        assert after.refused >= before.refused and after.alone <= before.alone
        assert after.asked + after.refused >= before.asked + before.refused


@given(records)
def test_what_may_be_steered_is_asked_about_at_every_level(found: list[Decision]) -> None:
    steered = [decision for decision in found if decision.verdict.taint is Taint.STEERED]
    for dial in LEVELS:
        told = burden(steered, dial=dial, grants=[grant(), grant("pay")])
        assert told.alone == told.told == 0 and told.kinds <= told.asked


def test_no_level_and_no_policy_takes_a_tools_own_rules_away() -> None:
    decision = decided(action(), LEVELS[1], own=[rule(Ruling.ASK, name="blanks")])
    assert what_if(decision, dial=LEVELS[4], policy=Policy()).decided_by == "rule blanks"


def test_an_answer_that_a_person_gave_is_not_forgotten_where_the_dial_would_not_have_asked() -> None:
    said: tuple[Said, ...] = ("rejected", "edited", "accepted")
    found = [decided(action(number), said=answer) for number, answer in enumerate(said)]
    assert burden(found) == Burden(asked=3, kinds=1)
    assert burden(found, dial=LEVELS[2]) == Burden(told=3, rejected=1, edited=1)
    assert burden(found, dial=LEVELS[3]) == Burden(alone=3, rejected=1, edited=1)


def test_only_what_was_first_proposed_counts() -> None:
    found = [decided(action(), said="edited"), decided(action(to="bo@firm.example"), first=False, said="accepted")]
    assert burden(found) == Burden(asked=1, kinds=1)


def test_kinds_are_told_apart_by_run_risk_and_rules_and_what_is_steered_stands_alone() -> None:
    other_run = decided(action(2, run="run-2"))
    riskier = decided(action(3, Risk.IRREVERSIBLE))
    ruled = decided(action(4), own=[rule(Ruling.ASK, name="blanks")])
    steered = [decided(action(number, taint=Taint.STEERED)) for number in (5, 6)]
    found = [decided(action(0)), decided(action(1)), other_run, riskier, ruled, *steered]
    assert burden(found) == Burden(asked=7, kinds=6)


def test_a_grant_of_people_whom_the_policy_does_not_name_spares_nothing() -> None:
    found = [decided(action(0))]
    assert burden(found, grants=[grant()], policy=Policy(people={"ann": (), "bo": ()})).told == 1
    assert burden(found, grants=[grant()], policy=Policy(people={"ann": (), "cy": ()})).asked == 1


def test_a_grant_spares_what_it_covers_and_says_so() -> None:
    found = [decided(action(0)), decided(action(1, tool="pay"))]
    assert burden(found, grants=[grant()]) == Burden(told=1, asked=1, kinds=1)
    assert burden(found, grants=[grant(passed="stands")]) == Burden(asked=2, kinds=2), "no check had passed"


def test_a_rule_tells_what_it_would_have_done() -> None:
    press = rule(Ruling.DENY, name="press", tool="send", argument="to", value="*@press.example")
    big = rule(Ruling.ASK, name="always", tool="pay")
    four = rule(Ruling.ASK, name="four eyes", tool="send", four_eyes=True)
    policy = Policy(rules=(press, big, four))
    addressed = ["a@press.example", "ann@firm.example", "b@press.example"]
    found = [decided(action(number, to=to)) for number, to in enumerate(addressed)]
    found.append(decided(action(4, Risk.LOCAL, tool="pay")))
    found.append(decided(action(0, to="c@press.example"), first=False))
    told = differences(found, policy)
    assert [one.sentence for one in told] == [
        "press would have refused 2 of the last 3 of send.",
        "always would have asked about 1 of the last 1 of pay.",
        "four eyes would have wanted more people, or others, for 3 of the last 3 of send.",
    ]
    assert differences(found, Policy(rules=(rule(Ruling.DENY, tool="delete"),))) == ()
    assert [one.asked for one in differences(found, policy, dial=LEVELS[4])] == [0, 1, 3]
