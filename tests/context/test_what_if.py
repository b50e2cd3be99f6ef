"""What would enter with more room, at another model, or without a source: the same as if it had been packed so."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import (
    Counter,
    Form,
    MustNotFit,
    Need,
    Origin,
    Pack,
    Section,
    Snippet,
    Trust,
    Window,
    differences,
    pack,
)

CHARACTERS = Counter("characters", len)
WORDS = Counter("words", lambda text: len(text.split()), per_message=3, error=0.1)
SECTIONS = (Section("law", 0.2, keep="stable"), Section("talk", 0.2, keep="newest"), Section("found", 0.2))

snippets = st.builds(
    Snippet,
    text=st.sampled_from(["Term.", "term", "Fees are due. " * 4, "x" * 90, "y" * 200, " "]),
    origin=st.none() | st.builds(Origin, source=st.sampled_from(["a", "b"]), start=st.just(0), end=st.just(5)),
    need=st.sampled_from([Need.SHOULD, Need.COULD, Need.COULD]),
    score=st.integers(0, 3).map(float),
    trust=st.sampled_from(Trust),
    shorter=st.sampled_from([(), (Form("short"),)]),
    section=st.sampled_from(["", "law", "talk", "found"]),
    version_of=st.sampled_from(["", "", "file"]),
)
many = st.lists(snippets, max_size=10)


def packed(offered: Sequence[Snippet], window: Window, counter: Counter = CHARACTERS, **more: Any) -> Pack:
    terms: dict[str, Any] = {"sections": SECTIONS} | more
    return pack(offered, instruction="Judge.", task="Go.", window=window, counter=counter, schema="{}", **terms)


@given(many, st.integers(800, 3000), st.integers(300, 3000), st.sampled_from([CHARACTERS, WORDS]))
def test_another_window_and_another_counter_give_what_a_fresh_pack_would(
    offered: list[Snippet], tokens: int, other: int, counter: Counter
):
    made = packed(offered, Window(tokens, 0))
    before = made.receipt.model_dump_json()
    try:
        fresh = packed(offered, Window(other, 10), counter)
    except MustNotFit:
        return
    again = made.what_if(window=Window(other, 10), counter=counter)
    assert again == fresh
    assert (again.receipt, again.source_map) == (fresh.receipt, fresh.source_map)
    assert made.receipt.model_dump_json() == before
    assert made.what_if() == made


@given(many, st.integers(800, 3000), st.sampled_from(["a", "b"]))
def test_without_a_source_is_as_if_its_snippets_had_not_been_given(offered: list[Snippet], tokens: int, source: str):
    made = packed(offered, Window(tokens, 0)).what_if(without={source})
    kept = [snippet for snippet in offered if not (snippet.origin and snippet.origin.source == source)]
    fresh = packed(kept, Window(tokens, 0))
    assert made.messages == fresh.messages
    gone = {entry.snippet for entry in made.receipt.entries if entry.reason == "without"}
    assert gone == {at for at, snippet in enumerate(offered) if snippet not in kept}


@given(many, st.integers(800, 3000), st.sampled_from(["law", "talk", "found"]))
def test_without_a_section_none_of_it_is_left(offered: list[Snippet], tokens: int, section: str):
    made = packed(offered, Window(tokens, 0)).what_if(without=[section])
    fresh = packed([snippet for snippet in offered if snippet.section != section], Window(tokens, 0))
    assert made.messages == fresh.messages
    assert all(entry.outcome == "left out" for entry in made.receipt.entries if entry.section == section)


@given(many, st.integers(800, 2000), st.integers(0, 2000))
def test_differences_are_those_entries_whose_outcome_or_form_changed(offered: list[Snippet], tokens: int, more: int):
    before, after = packed(offered, Window(tokens, 0)), packed(offered, Window(tokens + more, 0))
    pairs = differences(before.receipt, after.receipt)
    assert differences(before.receipt, before.receipt) == ()
    changed = {was.snippet for was, _ in pairs}
    for was, now in zip(before.receipt.entries, after.receipt.entries, strict=True):
        assert (was.snippet in changed) == ((was.outcome, was.form) != (now.outcome, now.form))
    assert all(was.snippet == now.snippet for was, now in pairs)


def test_a_what_if_of_a_what_if_goes_on_from_there():
    origins = [Origin(source=source, start=0, end=5) for source in "abc"]
    made = packed([Snippet(text=f"Text of {o.source}.", origin=o) for o in origins], Window(3000, 0))
    narrower = made.what_if(without={"a"}).what_if(without="b").what_if(window=Window(4000, 0))
    assert [entry.reason for entry in narrower.receipt.entries] == ["without", "without", ""]
    assert [entry.reason for entry in made.receipt.entries] == ["", "", ""]


def test_what_a_source_repeated_is_shown_from_the_other():
    origins = [Origin(source=source, start=0, end=5) for source in "ab"]
    offered = [Snippet(text="Term.", origin=origin, score=float(n)) for n, origin in enumerate(origins)]
    made = packed(offered, Window(3000, 0))
    assert [entry.reason for entry in made.receipt.entries] == ["duplicate", ""]
    assert [entry.reason for entry in made.what_if(without={"b"}).receipt.entries] == ["", "without"]


def test_the_price_of_an_entry_is_what_a_wider_window_needs():
    offered = [Snippet(text=letter * 300, trust=Trust.TRUSTED, score=ord(letter)) for letter in "abcdef"]
    made = packed(offered, Window(1200, 0), sections=())
    left_out = [entry for entry in made.receipt.entries if entry.reason == "budget"]
    assert left_out
    for entry in left_out:
        wider = made.what_if(window=Window(1200 + entry.missing_tokens, 0))
        assert [now.outcome for _, now in differences(made.receipt, wider.receipt)] == ["kept"]
        nearly = made.what_if(window=Window(1199 + entry.missing_tokens, 0))
        assert differences(made.receipt, nearly.receipt) == ()
