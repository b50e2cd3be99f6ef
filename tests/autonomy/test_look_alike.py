"""Letters that look like others are told, and asked about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from rheostat.autonomy import Action, Argument, Level, Risk, Ruling, look_alike, verdict


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        ("аnn@firm.example", "аnn mixes Cyrillic and Latin letters."),
        ("раураӏ.com", "раураӏ looks Latin, but its letters are Cyrillic."),
        ("ΑΒΕ ltd", "ΑΒΕ looks Latin, but its letters are Greek."),
        ("ｂank.example", "ｂ is another form of b."),
        ("𝐛ank", "𝐛 is another form of b."),
        ("pay\u200bpal", "it holds characters that don't show: pay\\u200bpal."),
        ("moc\u202e.lapyap", "it holds characters that don't show: moc\\u202e.lapyap."),
        (["ann", {"to": "аnn"}], "аnn mixes Cyrillic and Latin letters."),
        ({"аnn": 1}, "аnn mixes Cyrillic and Latin letters."),
    ],
)
def test_what_is_not_what_it_looks_like_is_seen(value: JsonValue, seen: str) -> None:
    assert look_alike(value) == seen


@pytest.mark.parametrize(
    "value",
    [
        "ann@firm.example",
        "Müller & Söhne",
        "Москва",
        "Ася <ann@firm.example>",
        "Ελλάδα 2026",
        "東京タワー",
        "x² – 5 €",
        "½ ™ №",
    ]
    + ["naïve “quotes” …", "", 5, None, 1.5, True, ["a", {"b": None}]],
)
def test_honest_text_is_let_be(value: JsonValue) -> None:
    assert look_alike(value) == ""


@given(
    st.text() | st.recursive(st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
)
def test_it_takes_any_value(value: JsonValue) -> None:
    assert isinstance(look_alike(value), str)


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_what_it_looks_like(text: str) -> None:
    assert look_alike(text) == ""


def sending(to: str, *, control: bool = True, opaque: bool = False) -> Action:
    argument = Argument(name="to", value=to, control=control, untrusted=False)
    return Action(tool="send", arguments=(argument,), risk=Risk.READ, node="n", run="r", opaque=opaque)


@pytest.mark.parametrize("level", Level)
def test_a_look_alike_is_asked_about_at_every_level_but_only_where_it_steers(level: Level) -> None:
    ruled = verdict(level, sending("аnn@firm.example"))
    assert ruled.ruling is Ruling.ASK and ruled.decided_by == "the arguments"
    assert "аnn mixes Cyrillic and Latin letters" in ruled.why
    assert verdict(level, sending("аnn@firm.example", control=False)).ruling < Ruling.ASK
    assert verdict(level, sending("ann@firm.example")).ruling < Ruling.ASK


@pytest.mark.parametrize("level", Level)
def test_what_can_not_be_seen_through_is_asked_about_at_every_level(level: Level) -> None:
    assert verdict(level, sending("ann", opaque=True)).ruling is Ruling.ASK
