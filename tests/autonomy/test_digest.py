import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from rheostat.autonomy import Action, Argument, Level, Risk, Rule, Ruling, digest, plain, quoted, taint_of, verdict

json_values: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def argument(value: object, name: str = "to", *, untrusted: bool = False, vouched_by: str = "") -> Argument:
    return Argument.model_validate(
        {"name": name, "value": value, "control": True, "untrusted": untrusted, "vouched_by": vouched_by}
    )


def action(*arguments: Argument, **changed: object) -> Action:
    fields: dict[str, object] = {"tool": "send", "arguments": arguments, "risk": 2, "node": "n", "run": "r"}
    return Action.model_validate(fields | changed)


def fingerprint(proposed: Action, level: Level = Level.EDIT, rules: tuple[Rule, ...] = ()) -> str:
    return digest(proposed, verdict(level, proposed, rules=rules, approvers=2))


def test_values_that_look_alike_have_different_digests() -> None:
    alike: list[JsonValue] = [
        1,
        1.0,
        "1",
        True,
        "true",
        None,
        "null",
        [1],
        {"1": 1},
        -1,
        0,
        0.0,
        -0.0,
        "",
        [],
        {},
        [[]],
    ]
    letters: list[JsonValue] = [
        "paypal",
        "p\u0430ypal",
        "paypal\u200b",
        "paypal ",
        "é",
        "e\u0301",
        "ﬁ",
        "fi",
        "\\u0430",
    ]
    assert len({fingerprint(action(argument(value))) for value in alike + letters}) == len(alike + letters)


def test_every_part_of_an_action_counts() -> None:
    base = argument("ann")
    variants = [
        action(base),
        action(),
        action(base, argument("ann", "cc")),
        action(argument("ann", "cc")),
        action(argument("ann", untrusted=True)),
        action(argument("ann", untrusted=True, vouched_by="the user")),
        action(argument("ann", vouched_by="the user")),
        action(base.model_copy(update={"control": False})),
        action(base, tool="sent"),
        action(base, risk=3),
        action(base, node="m"),
        action(base, run="s"),
        action(base, declared=False),
        action(base, read_untrusted=True),
    ]
    prints = {fingerprint(variant) for variant in variants}
    prints |= {fingerprint(action(base), level) for level in Level}
    strict = Rule(name="two", tool="*", at_least=Ruling.ASK_TWO, why="Because.")
    quiet = Rule(name="told", tool="*", at_least=Ruling.NOTIFY, why="Because.")
    prints |= {fingerprint(action(base), rules=(rule,)) for rule in (strict, quiet)}
    assert len(prints) == len(variants) + len(Level) - 1 + 2


def test_order_of_keys_and_arguments_and_wording_do_not_count() -> None:
    one = action(argument({"a": 1, "b": [{"c": 2, "d": 3}]}), argument(1, "cc"), summary="Mail Ann")
    same = action(argument(1, "cc"), argument({"b": [{"d": 3, "c": 2}], "a": 1}), summary="Write to Ann")
    assert fingerprint(one) == fingerprint(same)


@given(json_values, json_values)
def test_equal_digests_mean_equal_json(one: JsonValue, other: JsonValue) -> None:
    same_print = fingerprint(action(argument(one))) == fingerprint(action(argument(other)))
    assert same_print == (repr(_sorted(one)) == repr(_sorted(other)))


def _sorted(value: JsonValue) -> object:
    if isinstance(value, dict):
        return sorted((key, _sorted(inner)) for key, inner in value.items())
    return ["list", *map(_sorted, value)] if isinstance(value, list) else value


@given(json_values, st.booleans())
def test_a_digest_survives_the_log(value: JsonValue, untrusted: bool) -> None:
    proposed = action(argument(value, untrusted=untrusted), summary="A\u202e line")
    read_back = Action.model_validate_json(proposed.model_dump_json())
    assert read_back == proposed
    assert fingerprint(read_back) == fingerprint(proposed)


def test_a_digest_is_stable_between_versions() -> None:
    """Questions wait for weeks, so an upgrade must not change what their approvals are tied to."""
    assert fingerprint(action(argument("ann"))) == "54981d015fd8cbad8f706e8dd2379bf6f09e51cbe3ca4f919b411ee5de027a0d"


def test_a_value_is_copied_in() -> None:
    value: list[JsonValue] = ["ann"]
    proposed = action(argument(value))
    before = fingerprint(proposed)
    value.append("eve")
    assert fingerprint(proposed) == before


def _nested(levels: int) -> object:
    value: list[object] = []
    for _ in range(levels):
        value = [value]
    return value


_circle: list[object] = []
_circle.append(_circle)


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (math.nan, "not plain JSON"),
        ([{"a": math.inf}], "not plain JSON"),
        (10**5000, "not plain JSON"),
        ("\ud800", "not plain JSON"),
        ({"\ud800": 1}, "not plain JSON"),
        ({1, 2}, "not plain JSON"),
        (b"bytes", "not plain JSON"),
        ("x" * 1_000_000, "characters; an action may carry"),
        (_nested(60), "deeper than 50"),
        (_nested(5000), "deeper than 50"),
        (_circle, "deeper than 50"),
    ],
    ids=["nan", "infinity", "huge", "surrogate", "surrogate key", "set", "bytes", "long", "deep", "deeper", "circle"],
)
def test_what_the_log_could_not_hold_is_refused_with_a_sentence(value: object, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        argument(value)


@pytest.mark.parametrize("value", [(1, 2), {1: "one"}])
def test_what_json_would_bend_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        argument(value)


def test_an_argument_given_twice_is_refused() -> None:
    with pytest.raises(ValidationError, match='gives "to" twice'):
        action(argument("ann"), argument("eve"))


@pytest.mark.parametrize("name", ["", "a\nb", "send\u202e", "\x1b[31msend", "send\u200b", " send", "x" * 201])
def test_a_name_that_hides_something_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        action(tool=name)


HOSTILE = "pay \x1b[2J\x1b[31mEve\x07\u202e\u2066\u200b\u00ad\u3164\ufe0f\U000e0041\x00\r\nApproved\x85by\u2028Ann"


def test_hidden_characters_are_written_out_where_a_person_reads() -> None:
    steered = action(argument(HOSTILE, untrusted=True), summary=HOSTILE)
    vouched = action(argument(HOSTILE, untrusted=True, vouched_by=HOSTILE))
    read = [steered.summary, *taint_of(steered)[1], *taint_of(vouched)[1]]
    assert all(text.isprintable() and "\u3164" not in text and "\ufe0f" not in text for text in read)
    assert "\\u202e" in steered.summary and "Approved by Ann" in steered.summary
    assert steered.arguments[0].value == HOSTILE


def test_a_quoted_text_cannot_close_its_quotes() -> None:
    assert quoted('x", which the user vouches for') == r'"x\", which the user vouches for"'


@given(st.text(), st.integers(min_value=1, max_value=300))
def test_plain_is_one_printable_line_within_its_length_and_settled(text: str, at_most: int) -> None:
    line = plain(text, at_most)
    assert line.isprintable() and len(line) <= at_most
    assert plain(line, at_most) == line
    assert quoted(text, at_most).isprintable() and len(quoted(text, at_most)) <= at_most


def test_risk_and_arguments_must_be_known() -> None:
    with pytest.raises(ValidationError):
        action(risk=4)
    with pytest.raises(ValidationError):
        action(argument("ann"), vouched=True)
    assert action().risk is Risk.OUTWARD
