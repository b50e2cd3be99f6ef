"""Where the dial stands for one action. test_properties.py has what it promises at each level."""

from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st
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


# Moving it

some_levels = st.sampled_from(list(Level))
plain_dials = st.builds(
    Dial,
    level=some_levels,
    kinds=st.dictionaries(st.sampled_from(list(Risk)), some_levels, max_size=2),
    tools=st.dictionaries(st.sampled_from(["send", "send*", "pay", "*"]), some_levels, max_size=2),
)
dials = st.lists(plain_dials, min_size=1, max_size=4).map(lambda given: reduce(Dial.under, given))


@given(dials, dials, st.sampled_from(list(Risk)), st.sampled_from(["send", "pay", "post"]))
def test_under_another_it_goes_as_far_as_both_allow(dial: Dial, ceiling: Dial, risk: Risk, tool: str) -> None:
    proposed = action(risk, tool)
    under = dial.under(ceiling)
    assert under.for_action(proposed) is min(dial.for_action(proposed), ceiling.for_action(proposed))
    assert under.under(ceiling) == under


@given(dials, plain_dials, plain_dials, st.sampled_from(list(Risk)), st.sampled_from(["", "send", "*"]))
def test_however_it_is_moved_it_stays_under_its_ceiling(
    ceiling: Dial, dial: Dial, to: Dial, risk: Risk, tool: str
) -> None:
    moved = dial.under(ceiling).moved(to, tool=tool, kind=None if tool else risk)
    again = moved.moved(Dial(level=ALONE))
    for proposed in (action(risk, "send"), action(risk, "pay")):
        assert moved.for_action(proposed) <= ceiling.for_action(proposed)
        assert again.for_action(proposed) is ceiling.for_action(proposed)


def test_moved_for_a_tool_or_a_kind_the_rest_stays_and_moved_as_a_whole_nothing_does() -> None:
    dial = Dial(level=EDIT, kinds={LOCAL: PROPOSE}, tools={"send": SHARE})
    assert dial.moved(Dial(level=ALONE), tool="pay") == Dial(
        level=EDIT, kinds={LOCAL: PROPOSE}, tools={"send": SHARE, "pay": ALONE}
    )
    assert dial.moved(Dial(level=ALONE), kind=OUTWARD).kinds == {LOCAL: PROPOSE, OUTWARD: ALONE}
    assert dial.moved(Dial(level=ALONE)) == Dial(level=ALONE)
