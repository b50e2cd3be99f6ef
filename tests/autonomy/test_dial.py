"""Where the dial stands for one action. test_properties.py has what it promises at each level."""

import pytest
from pydantic import ValidationError

from rheostat.autonomy import Action, Dial, Level, Risk

PROPOSE, EDIT, SHARE, DELEGATE, ALONE = Level
READ, LOCAL, OUTWARD, IRREVERSIBLE = Risk


def action(risk: Risk = OUTWARD, tool: str = "send") -> Action:
    return Action(tool=tool, arguments=(), risk=risk, node="n", run="r")


def levels(dial: Dial, tool: str = "send") -> list[Level]:
    return [dial.for_action(action(risk, tool)) for risk in Risk]


def test_one_level_is_that_of_everything() -> None:
    assert levels(Dial()) == [EDIT] * 4
    assert levels(Dial(level=DELEGATE)) == [DELEGATE] * 4


def test_a_kind_has_a_level_of_its_own() -> None:
    assert levels(Dial(kinds={LOCAL: SHARE})) == [EDIT, SHARE, EDIT, EDIT]
    assert levels(Dial(level=ALONE, kinds={IRREVERSIBLE: EDIT})) == [ALONE, ALONE, ALONE, EDIT]


def test_what_a_kind_is_asked_about_every_riskier_kind_is_asked_about_too() -> None:
    assert levels(Dial(level=DELEGATE, kinds={LOCAL: PROPOSE})) == [DELEGATE, PROPOSE, EDIT, SHARE]
    assert levels(Dial(level=EDIT, kinds={IRREVERSIBLE: ALONE})) == [EDIT, EDIT, EDIT, SHARE]


def test_a_tool_outranks_its_kind_and_the_lowest_of_several_patterns_holds() -> None:
    dial = Dial(level=EDIT, kinds={OUTWARD: PROPOSE}, tools={"send*": DELEGATE, "*_all": SHARE})
    assert dial.for_action(action(tool="send")) is DELEGATE
    assert dial.for_action(action(tool="send_all")) is SHARE
    assert dial.for_action(action(tool="post")) is PROPOSE


@pytest.mark.parametrize("tool", ["Send", "ｓend", "sеnd"])  # the last with a Cyrillic е
def test_a_name_that_only_looks_like_the_pattern_is_lowered_and_never_raised(tool: str) -> None:
    assert Dial(tools={"send": ALONE}).for_action(action(tool=tool)) is EDIT
    assert Dial(level=ALONE, tools={"send": PROPOSE}).for_action(action(tool=tool)) is PROPOSE


def test_a_run_inside_a_run_goes_no_further_than_the_one_around_it() -> None:
    outer = Dial(level=SHARE, tools={"pay": PROPOSE})
    inner = Dial(level=ALONE, ceiling=outer)
    assert inner.for_action(action()) is SHARE
    assert inner.for_action(action(tool="pay")) is PROPOSE
    assert Dial(level=ALONE, ceiling=Dial(level=DELEGATE, ceiling=outer)).for_action(action(tool="pay")) is PROPOSE
    assert Dial(level=PROPOSE, ceiling=outer).for_action(action()) is PROPOSE


@pytest.mark.parametrize("level", ["share", 2, "2", SHARE])
def test_a_level_is_a_number_or_its_word(level: object) -> None:
    dial = Dial.model_validate({"level": level, "kinds": {"outward": level}})
    assert dial == Dial(level=SHARE, kinds={OUTWARD: SHARE})


@pytest.mark.parametrize(
    "broken",
    [
        {"level": 5},
        {"level": -1},
        {"level": "5"},
        {"level": "²"},
        {"level": "full"},
        {"level": True},
        {"level": 1.5},
        {"level": None},
        {"kinds": {"harmless": 1}},
        {"kinds": {"7": 1}},
        {"tools": {"send[": 1}},
        {"tools": {"": 1}},
        {"speed": 1},
    ],
)
def test_what_is_not_on_the_dial_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Dial.model_validate(broken)


def test_a_dial_is_the_same_after_the_log() -> None:
    dial = Dial(level=SHARE, kinds={LOCAL: ALONE}, tools={"pay": PROPOSE}, ceiling=Dial(level=DELEGATE))
    assert Dial.model_validate_json(dial.model_dump_json()) == dial
