from itertools import permutations, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from rheostat.autonomy import (
    TABLE,
    Action,
    Argument,
    BadRule,
    Level,
    Risk,
    Rule,
    Ruling,
    Taint,
    UnknownRisk,
    taint_of,
    verdict,
)

ALLOW, NOTIFY, ASK, ASK_TWO, DENY = Ruling
EVERY_POINT = list(product(Level, Risk, Taint, (0, 1, 2, 9)))


def proposal(risk: Risk = Risk.OUTWARD, taint: Taint = Taint.CLEAN, *, declared: bool = True) -> Action:
    """An action of the given risk and taint."""
    to = Argument(name="to", value="ann@firm.example", control=True, untrusted=taint is Taint.STEERED)
    body = Argument(name="body", value="Hello", control=False, untrusted=taint > Taint.CLEAN)
    return Action(
        tool="send",
        arguments=(to, body),
        risk=risk,
        node="reply",
        run="run-1",
        declared=declared,
        read_untrusted=taint > Taint.CLEAN,
    )


def rule(
    at_least: Ruling = ASK, *, name: str = "house", tool: str = "*", argument: str = "*", value: str = "*"
) -> Rule:
    return Rule(name=name, tool=tool, argument=argument, value=value, at_least=at_least, why="The house says so.")


rulings = st.sampled_from([NOTIFY, ASK, ASK_TWO, DENY])
some_rules = st.lists(
    st.builds(
        rule,
        rulings,
        name=st.sampled_from("abc"),
        tool=st.sampled_from(["*", "send", "s*", "pay"]),
        argument=st.sampled_from(["*", "to", "iban"]),
        value=st.sampled_from(["*", "*@firm.example", "*@other.example"]),
    ),
    max_size=4,
)
levels, risks, taints = st.sampled_from(Level), st.sampled_from(Risk), st.sampled_from(Taint)
approvers = st.integers(min_value=-1, max_value=3)


@pytest.mark.parametrize(
    ("level", "row"),
    [
        (Level.PROPOSE, (NOTIFY, ASK, ASK, ASK_TWO)),
        (Level.EDIT, (ALLOW, NOTIFY, ASK, ASK)),
        (Level.SHARE, (ALLOW, ALLOW, NOTIFY, ASK)),
        (Level.DELEGATE, (ALLOW, ALLOW, ALLOW, NOTIFY)),
        (Level.ALONE, (ALLOW, ALLOW, ALLOW, ALLOW)),
    ],
)
@pytest.mark.parametrize("taint", [Taint.CLEAN, Taint.TAINTED])
def test_the_dial_is_the_designs_table(level: Level, row: tuple[Ruling, ...], taint: Taint) -> None:
    assert tuple(verdict(level, proposal(risk, taint), approvers=2).ruling for risk in Risk) == row


def test_the_page_shows_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "autonomy.md").read_text()
    for level in Level:
        row = [ruling.name.lower().replace("_", " ") for ruling in TABLE[level].values()]
        cells = [
            cell.strip() for line in page.splitlines() if line.startswith(f"| {level} ") for cell in line.split("|")
        ]
        assert cells[2:6] == row
        assert level.sentence in cells


@pytest.mark.parametrize(("level", "risk", "taint", "people"), EVERY_POINT)
def test_every_point_has_a_verdict_with_a_reason(level: Level, risk: Risk, taint: Taint, people: int) -> None:
    ruled = verdict(level, proposal(risk, taint), approvers=people)
    assert (ruled.level, ruled.taint) == (level, taint)
    assert ruled.reasons and all(ruled.reasons)
    assert ruled.decided_by in {"the dial", "taint"}


@pytest.mark.parametrize(("level", "risk"), list(product(Level, Risk)))
def test_steered_reaches_a_person_at_every_level(level: Level, risk: Risk) -> None:
    for action in (proposal(risk, Taint.STEERED), proposal(risk, declared=False)):
        ruling = verdict(level, action, approvers=2).ruling
        needs_two = risk is Risk.IRREVERSIBLE and level <= Level.SHARE
        assert ruling is (ASK_TWO if needs_two else ASK)
        assert verdict(level, action, approvers=1).ruling is ASK


@given(levels, levels, risks, taints, some_rules, approvers)
def test_a_higher_level_never_asks_more(
    one: Level, other: Level, risk: Risk, taint: Taint, rules: list[Rule], people: int
) -> None:
    low, high = sorted((one, other))
    action = proposal(risk, taint)
    lax, strict = (verdict(level, action, rules=rules, approvers=people).ruling for level in (high, low))
    assert lax <= strict


@given(levels, risks, risks, taints, taints, some_rules, approvers)
def test_more_risk_or_more_taint_never_asks_less(
    level: Level, risk: Risk, more_risk: Risk, taint: Taint, more_taint: Taint, rules: list[Rule], people: int
) -> None:
    less = verdict(level, proposal(min(risk, more_risk), min(taint, more_taint)), rules=rules, approvers=people)
    more = verdict(level, proposal(max(risk, more_risk), max(taint, more_taint)), rules=rules, approvers=people)
    assert less.ruling <= more.ruling


@given(levels, risks, taints, some_rules, some_rules, approvers)
def test_a_rule_added_never_loosens(
    level: Level, risk: Risk, taint: Taint, rules: list[Rule], added: list[Rule], people: int
) -> None:
    action = proposal(risk, taint)
    before = verdict(level, action, rules=rules, approvers=people).ruling
    assert before <= verdict(level, action, rules=[*rules, *added], approvers=people).ruling


@given(levels, risks, taints, st.lists(rulings, min_size=1, max_size=4))
def test_the_order_of_rules_means_nothing(level: Level, risk: Risk, taint: Taint, raised: list[Ruling]) -> None:
    rules = [rule(at_least, name=f"rule {number % 2}") for number, at_least in enumerate(raised)]
    action = proposal(risk, taint)
    ruled = [verdict(level, action, rules=order, approvers=2) for order in permutations(rules)]
    assert all(each == ruled[0] for each in ruled)


@pytest.mark.parametrize("level", Level)
def test_a_rule_that_denies_is_final(level: Level) -> None:
    ruled = verdict(level, proposal(Risk.READ), rules=[rule(ASK, name="a"), rule(DENY, name="never")])
    assert ruled.ruling is DENY
    assert ruled.decided_by == "rule never"
    assert ruled.rules == ("a", "never")
    assert "The house says so." in ruled.reasons


def test_a_verdict_names_the_first_that_suffices() -> None:
    assert verdict(Level.EDIT, proposal(), rules=[rule(ASK)]).decided_by == "the dial"
    assert verdict(Level.ALONE, proposal(taint=Taint.STEERED), rules=[rule(ASK)]).decided_by == "taint"
    assert verdict(Level.ALONE, proposal(), rules=[rule(ASK)]).decided_by == "rule house"


@pytest.mark.parametrize(
    ("tool", "argument", "value", "speaks"),
    [
        ("send", "*", "*", True),
        ("SEN?", "*", "*", True),
        ("sen", "*", "*", False),
        ("*", "to", "*@firm.example", True),
        ("*", "t[op]", "*@firm.example", True),
        ("*", "cc", "*@firm.example", True),
        ("*", "cc", "deep.example", True),
        ("*", "cc", "7", True),
        ("*", "nothing", "*", True),
        ("*", "nothing", "?*", False),
        ("*", "bcc", "*", False),
        ("*", "street", "stra?e", True),
        ("*", "street", "STRASSE", True),
        ("*", "wide", "*@evil.example", True),
        ("*", "to", "*@other.example", False),
    ],
)
def test_a_rule_finds_tools_and_arguments_at_any_depth(tool: str, argument: str, value: str, speaks: bool) -> None:
    arguments: dict[str, JsonValue] = {
        "to": "Ann@Firm.Example",
        "cc": [{"mail": "bob@firm.example", "deep.example": [7]}],
        "nothing": [],
        "street": "straße",
        "wide": "x\n@ｅｖｉｌ.example",
    }
    action = Action(
        tool="send",
        arguments=tuple(Argument(name=n, value=v, control=True, untrusted=False) for n, v in arguments.items()),
        risk=Risk.READ,
        node="n",
        run="r",
    )
    assert rule(tool=tool, argument=argument, value=value).matches(action) is speaks


def test_a_rule_for_all_reaches_an_action_without_arguments() -> None:
    bare = Action(tool="purge", arguments=(), risk=Risk.READ, node="n", run="r")
    assert rule().matches(bare)
    assert not rule(argument="to").matches(bare)


@pytest.mark.parametrize(
    "broken",
    [
        {"at_least": ALLOW},
        {"at_least": 7},
        {"tool": "send["},
        {"tool": "[a][!]x"},
        {"tool": ""},
        {"value": ""},
        {"why": ""},
        {"name": ""},
        {"name": "two\nlines"},
        {"when": "always"},
    ],
)
def test_a_malformed_rule_is_refused_when_it_is_made(broken: dict[str, object]) -> None:
    sound: dict[str, object] = {"name": "house", "tool": "*", "at_least": ASK, "why": "Because."}
    Rule.model_validate(sound)
    with pytest.raises(ValidationError):
        Rule.model_validate(sound | broken)


def test_a_rule_that_allows_says_what_to_do_instead() -> None:
    with pytest.raises(ValidationError, match="Turn the dial up instead"):
        rule(ALLOW)
    assert BadRule.mend == "operator"


def test_taint_needs_an_unvouched_control_argument_or_an_undeclared_effect() -> None:
    def taint(
        *, control: bool, untrusted: bool, vouched_by: str = "", declared: bool = True, read: bool = False
    ) -> Taint:
        argument = Argument(name="to", value=1, control=control, untrusted=untrusted, vouched_by=vouched_by)
        action = Action(
            tool="t", arguments=(argument,), risk=Risk.READ, node="n", run="r", declared=declared, read_untrusted=read
        )
        found, reasons = taint_of(action)
        assert reasons and all(reason.endswith(".") for reason in reasons)
        return found

    assert taint(control=True, untrusted=False) is Taint.CLEAN
    assert taint(control=True, untrusted=False, read=True) is Taint.TAINTED
    assert taint(control=True, untrusted=True, vouched_by="the user") is Taint.TAINTED
    assert taint(control=True, untrusted=True) is Taint.STEERED
    assert taint(control=True, untrusted=True, vouched_by=" \n") is Taint.STEERED
    assert taint(control=False, untrusted=True, read=True) is Taint.TAINTED
    assert taint(control=False, untrusted=True) is Taint.TAINTED
    assert taint(control=True, untrusted=False, declared=False) is Taint.STEERED
    assert taint(control=True, untrusted=True, vouched_by="the user", declared=False) is Taint.STEERED


def test_the_reason_names_the_argument_and_who_vouches() -> None:
    steered = verdict(Level.EDIT, proposal(taint=Taint.STEERED))
    assert any('"to" is "ann@firm.example"' in reason for reason in steered.reasons)
    vouched = Argument(name="to", value="x", control=True, untrusted=True, vouched_by="check quotes_stand")
    action = Action(tool="send", arguments=(vouched,), risk=Risk.READ, node="n", run="r")
    assert "check quotes_stand" in taint_of(action)[1][0]


@pytest.mark.parametrize("risk", Risk)
def test_a_risk_is_parsed_from_its_word(risk: Risk) -> None:
    assert Risk.parse(risk.name.lower()) is risk


@pytest.mark.parametrize("word", ["OUTWARD", "", "harmless", "outward "])
def test_an_unknown_risk_is_refused_with_the_choices(word: str) -> None:
    with pytest.raises(UnknownRisk, match='"read", "local", "outward", "irreversible"'):
        Risk.parse(word)


def test_every_level_has_its_own_sentence() -> None:
    sentences = {level.sentence for level in Level}
    assert len(sentences) == 5
    assert all(sentence.endswith(".") for sentence in sentences)
