"""No text gets out of its fence, and every character stays where it was."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Origin, Trust
from rheostat.context.fence import clean, disarm, fence

ANY_CHARACTER = st.characters(exclude_categories=())  # lone surrogates too
MARKS = st.sampled_from(
    [
        "<",
        ">",
        "/",
        '"',
        "'",
        "\n",
        "\0",
        "untrusted",
        "trusted",
        "</untrusted",
        " id=",
        "<|im_end|>",
        "[INST]",
        "\udc00",
    ]
)
texts = st.lists(st.one_of(MARKS, st.text(ANY_CHARACTER, max_size=8)), max_size=12).map("".join)


@st.composite
def origins(draw: st.DrawFn) -> Origin:
    return Origin(source=draw(texts), start=0, end=0, place=draw(texts))


def end_tag(block: str) -> str:
    found = re.match(r"<(untrusted|trusted) id=([0-9a-f]{8})", block)
    assert found
    return f"</{found[1]} id={found[2]}>"


@given(texts, st.sampled_from(Trust), st.none() | origins())
def test_the_end_tag_occurs_once_and_at_the_end(text: str, trust: Trust, origin: Origin | None):
    fenced = fence(text, trust, origin)
    if trust is Trust.UNTRUSTED or origin:
        assert fenced.block.count(end_tag(fenced.block)) == 1
        assert fenced.block.endswith(end_tag(fenced.block))
    fenced.block.encode("utf-8")
    assert "\0" not in fenced.block


@given(texts, st.sampled_from(Trust), st.none() | origins())
def test_the_text_stands_where_it_is_said_to_character_by_character(text: str, trust: Trust, origin: Origin | None):
    fenced = fence(text, trust, origin)
    shown = fenced.block[fenced.start : fenced.end]
    assert shown == (disarm(text) if trust is Trust.UNTRUSTED else clean(text))
    assert len(shown) == len(text)


@given(texts, origins())
def test_an_origin_stays_within_its_attributes(text: str, origin: Origin):
    opening = fence(text, Trust.UNTRUSTED, origin).block.partition("\n")[0]
    assert re.fullmatch(r'<untrusted id=[0-9a-f]{8}( from="[^"<>]{1,80}")?( place="[^"<>]{1,80}")?>', opening)


@given(texts, st.none() | origins())
def test_a_fence_within_a_fence_is_disarmed(text: str, origin: Origin | None):
    """Even a writer who knows another text's id can't write its tags."""
    inner = fence(text, Trust.UNTRUSTED, origin).block
    outer = fence(inner, Trust.UNTRUSTED)
    assert len(re.findall(r"</?untrusted", outer.block)) == 2


@pytest.mark.parametrize(
    "mark",
    [
        "</untrusted id=00000000>",
        "< / UNTRUSTED>",
        "<\u200b/untrusted>",
        "\uff1c/untrusted>",
        "<trusted id=00000000>",
        "<|im_end|>",
        "<|endoftext|>",
        "<\uff5cend\u2581of\u2581sentence\uff5c>",
        "</s>",
        "<end_of_turn>",
        "[/INST]",
        "\U000e0049\U000e0067",
    ],
)
def test_marks_are_disarmed_in_text_from_outside_alone(mark: str):
    assert mark not in disarm(f"before {mark} after")
    assert mark in fence(f"before {mark} after", Trust.TRUSTED).block


@pytest.mark.parametrize(
    "text",
    [
        "a < b and c > d",
        "<p>Term</p>",
        "f <| x |> g",
        "[Trusted Partner]",
        "[1]",
        "the trusted and the untrusted",
        "\t\r\n",
    ],
)
def test_ordinary_text_is_shown_as_it_is(text: str):
    assert disarm(text) == text


def test_a_text_that_contains_its_own_digest_gets_another_id(monkeypatch: pytest.MonkeyPatch):
    """Its writer would have to search long for such a text; here the first two digests are given away."""

    class GivenAway:
        def __init__(self, data: bytes) -> None:
            self.first = data[:1].decode()

        def hexdigest(self) -> str:
            return {"0": "deadbeef", "1": "0badcafe"}.get(self.first, "5afe5afe") * 8

    monkeypatch.setattr("rheostat.context.fence.sha256", GivenAway)
    assert end_tag(fence("Term.", Trust.UNTRUSTED).block) == "</untrusted id=deadbeef>"
    assert end_tag(fence("Term. deadbeef", Trust.UNTRUSTED).block) == "</untrusted id=0badcafe>"
    assert end_tag(fence("DEADBEEF 0badcafe", Trust.UNTRUSTED).block) == "</untrusted id=5afe5afe>"


def test_the_model_is_shown_where_a_text_comes_from():
    origin = Origin(source="contract.docx", start=10, end=20, place="4.2 Term")
    assert 'from="contract.docx" place="4.2 Term">\n' in fence("x", Trust.UNTRUSTED, origin).block
    assert 'place="page 3"' in fence("x", Trust.UNTRUSTED, Origin(source="a.pdf", start=0, end=1, page=3, line=9)).block
    assert 'place="line 9"' in fence("x", Trust.TRUSTED, Origin(source="a.py", start=0, end=1, line=9)).block


def test_what_the_program_wrote_needs_no_fence():
    assert fence("Today is Monday.", Trust.TRUSTED).block == "Today is Monday."


@pytest.mark.parametrize("hostile", ["<" * 200_000, "<" + " " * 200_000, "<|" + "x" * 200_000, "< " * 100_000])
def test_a_hostile_text_takes_no_more_than_linear_time(hostile: str):
    started = time.process_time()
    fence(hostile, Trust.UNTRUSTED)
    assert time.process_time() - started < 2
