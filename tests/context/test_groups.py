"""Snippets of a group live or die together, and nothing is shown without what it needs."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat.context import (
    Attachment,
    ContextError,
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
    pack,
)

CHARACTERS = Counter("characters", len, count_attachment=lambda _: 10)


def said(text: str, **more: Any) -> Snippet:
    return Snippet.model_validate({"text": text, "trust": Trust.TRUSTED, **more})


def packed(offered: Sequence[Snippet], tokens: int, sections: Sequence[Section] = (), **more: Any) -> Pack:
    window = Window(tokens, 0)
    return pack(offered, instruction="", task="", window=window, counter=CHARACTERS, sections=sections, **more)


def shown(made: Pack) -> list[int]:
    return sorted(span.snippet for span in made.source_map.spans)


texts = st.sampled_from(["a", "bb", "c" * 20, "d" * 40, "A", "", "  ", "e" * 9])
groups = st.sampled_from(["", "one", "two", "three"])
snippets = st.builds(
    Snippet,
    text=texts,
    need=st.sampled_from([Need.MUST, Need.SHOULD, Need.COULD, Need.COULD]),
    score=st.integers(0, 3).map(float),
    trust=st.sampled_from(Trust),
    origin=st.sampled_from([None, Origin(source="out", start=0, end=1), Origin(source="in", start=0, end=1)]),
    shorter=st.sampled_from([(), (Form(text="x"),), (Form(text="y" * 8), Form(text="z"))]),
    group=groups,
    needs=st.lists(st.sampled_from(["one", "two", "three"]), max_size=2).map(tuple),
    version_of=st.sampled_from(["", "", "", "file"]),
)
backed = [said(f"kept {name}", group=name) for name in ("one", "two", "three")]
asks = st.lists(snippets, max_size=9).map(lambda of: [*of, *backed])


@settings(max_examples=300)
@given(asks, st.integers(0, 800), st.sampled_from([Trust.UNTRUSTED, Trust.TRUSTED]), st.sampled_from(["", "out"]))
def test_a_group_is_whole_or_absent_and_so_is_what_it_needs(
    offered: list[Snippet], tokens: int, allow: Trust, without: str
):
    try:
        made = packed(offered, tokens + 250, allow=allow).what_if(without={without})
    except MustNotFit:
        return
    assert made.tokens <= made.window.room
    entries = made.receipt.entries
    alive = dict[str, set[bool]]()
    for entry, snippet in zip(entries, offered, strict=True):
        if snippet.group and snippet.text.strip():
            stand_in = entries[entry.snippet if entry.duplicate_of is None else entry.duplicate_of]
            outlived = entry.duplicate_of is not None and stand_in.group != snippet.group
            alive.setdefault(snippet.group, set()).update([] if outlived else [stand_in.outcome != "left out"])
    assert all(len(states) < 2 for states in alive.values())
    for entry in entries:
        if entry.outcome == "left out":
            continue
        for group in (*offered[entry.snippet].needs, offered[entry.snippet].group):
            for mate in entries:
                if mate.group == group and group and offered[mate.snippet].text.strip():
                    stand_in = mate if mate.duplicate_of is None else entries[mate.duplicate_of]
                    assert stand_in.outcome != "left out" or not offered[stand_in.snippet].text.strip()


def test_a_clause_waits_for_room_for_its_definition_and_two_share_one():
    definition = said("Fee means " + "x" * 40, group="Fee")
    clauses = [said(f"The Fee is due {n}", needs=("Fee",), score=9.0 - n) for n in range(2)]
    offered = [*clauses, definition]
    assert shown(packed(offered, 60)) == [2]
    assert shown(packed(offered, 70)) == [0, 2]
    assert shown(packed(offered, 90)) == [0, 1, 2]


def test_the_price_of_a_clause_includes_its_definition_and_what_that_needs():
    offered = [
        said("The Fee is due.", needs=("Fee",)),
        said("Fee means the Price." + "x" * 50, group="Fee", needs=("Price",)),
        said("Price means " + "y" * 50, group="Price"),
    ]
    short = packed(offered, 40)
    assert shown(short) == []
    missing = short.receipt.entries[0].missing_tokens
    assert shown(packed(offered, 40 + missing)) == [0, 1, 2]
    assert shown(packed(offered, 40 + missing - 3)) != [0, 1, 2]


@pytest.mark.parametrize("tokens", range(8, 100, 3))
def test_the_price_of_a_group_is_what_it_takes(tokens: int):
    offered = [said("call " + "x" * 30, group="g", score=2.0), said("result " + "y" * 40, group="g")]
    made = packed(offered, tokens)
    missing = {entry.missing_tokens for entry in made.receipt.entries}
    assert len(missing) == 1
    price = missing.pop()
    assert bool(price) == (not shown(made))
    if price:
        assert shown(packed(offered, tokens + price)) == [0, 1]
        assert not shown(packed(offered, tokens + price - 3))


def test_groups_that_need_each_other_are_one():
    ring = [said(f"{n}" * 20, group=str(n), needs=(str((n + 1) % 3),)) for n in range(3)]
    assert shown(packed(ring, 63)) == []
    assert shown(packed(ring, 66)) == [0, 1, 2]


def test_a_must_brings_what_it_needs_and_the_error_names_both():
    offered = [said("x" * 20, need=Need.MUST, needs=("def",)), said("y" * 30, group="def"), said("z" * 9, score=9.0)]
    assert shown(packed(offered, 54)) == [0, 1]
    with pytest.raises(MustNotFit) as refused:
        packed(offered, 50)
    assert [part.name for part in refused.value.parts] == ["snippet 1", "snippet 0"]


def test_a_group_is_as_needed_as_its_most_needed_member():
    offered = [said("x" * 20, score=9.0, need=Need.SHOULD), said("y" * 20, group="g"), said("z" * 20, group="g")]
    assert shown(packed(offered, 44)) == [0]
    offered[2] = offered[2].model_copy(update={"need": Need.MUST})
    assert shown(packed(offered, 44)) == [1, 2]


def test_a_group_shortens_as_one_and_each_member_keeps_to_the_forms_it_has():
    offered = [
        said("a" * 40, group="g", shorter=(Form("b" * 20), Form("c" * 5))),
        said("d" * 40, group="g", shorter=(Form("e" * 10),)),
        said("f" * 9, group="g"),
    ]
    forms = [[entry.form for entry in packed(offered, tokens).receipt.entries] for tokens in (97, 60, 40, 20)]
    assert forms == [[0, 0, 0], [1, 1, 0], [2, 1, 0], [None, None, None]]


def test_a_need_that_nobody_can_meet_is_an_error_that_says_how_to():
    with pytest.raises(
        ContextError, match="Snippet 0 needs the group 'Fee', and no snippet .* with group='Fee', or drop"
    ):
        packed([said("The Fee is due.", needs=("Fee",))], 1000)


def test_a_group_may_span_sections_that_keep_the_best():
    sections = (Section("a", 0.5), Section("b", 0.1))
    offered = [said("call", section="a", group="g"), said("result" + "x" * 20, section="b", group="g")]
    assert shown(packed(offered, 40, sections)) == [0, 1]
    assert shown(packed(offered, 30, sections)) == []


@pytest.mark.parametrize("keep", ["stable", "newest"])
@pytest.mark.parametrize("tokens", [300, 10_000])
def test_a_group_across_sections_that_are_chosen_apart_is_an_error_at_any_size(keep: str, tokens: int):
    sections = (Section("a", 0.5, keep="stable" if keep == "stable" else "newest"), Section("b"))
    offered = [said("call", section="a", group="g"), said("result", section="b", group="g")]
    with pytest.raises(ContextError, match="0 and 1 belong together .* 'a' and 'b' are chosen apart. Put them into"):
        packed(offered, tokens, sections)


@pytest.mark.parametrize("keep", ["stable", "newest"])
def test_what_is_chosen_earlier_may_be_needed_and_never_need_what_comes_later(keep: str):
    sections = (Section("a", 0.1, keep="stable" if keep == "stable" else "newest"),)
    definition = said("Fee means money." + "x" * 100, section="a", group="Fee")
    offered = [said("The Fee is due.", needs=("Fee",), group="due"), definition, said("Pay.", needs=("due",))]
    assert shown(packed(offered, 2000, sections)) == [0, 1, 2]
    short = packed(offered, 500, sections)
    assert shown(short) == []
    assert [entry.reason for entry in short.receipt.entries] == ["needs", "budget", "needs"]
    assert short.receipt.entries[0].sentence == "left out: what it needs is not in the prompt"
    must = [offered[0].model_copy(update={"need": Need.MUST}), definition]
    with pytest.raises(ContextError, match="Snippet 0 must be kept and needs what .* has left out. Make that a must"):
        packed(must, 500, sections)
    with pytest.raises(ContextError, match="are chosen apart"):
        packed([said("x", section="a", needs=("late",)), said("y", group="late")], 2000, sections)


@pytest.mark.parametrize("reason", ["untrusted", "without"])
def test_where_one_of_a_group_is_barred_none_of_it_enters_nor_what_needs_it(reason: str):
    source = Origin(source="annex", start=0, end=4)
    offered = [
        said("call", group="g"),
        said("result", group="g", trust=Trust.UNTRUSTED, origin=source),
        said("draws on it", needs=("g",), group="h"),
        said("draws on that", needs=("h",)),
        said("alone"),
    ]
    if reason == "untrusted":
        made = packed(offered, 1000, allow=Trust.TRUSTED)
    else:
        made = packed(offered, 1000).what_if(without={"annex"})
    assert [entry.reason for entry in made.receipt.entries] == [reason] * 4 + [""]


def test_an_empty_member_is_no_loss_to_its_group():
    made = packed([said("call", group="g"), said("", group="g"), said("needs it", needs=("g",))], 1000)
    assert [entry.reason for entry in made.receipt.entries] == ["", "empty", ""]
    assert shown(packed([said(" ", group="g"), said("needs it", needs=("g",))], 1000)) == [1]


def test_a_member_may_be_an_image_without_text():
    image = Attachment(name="a.png", media_type="image/png", data=b"1")
    offered = [said("call", group="g"), said("", group="g", attachment=image)]
    assert shown(packed(offered, 1000)) == [0, 1]
    assert shown(packed(offered, 10)) == []


def test_a_member_that_repeats_what_is_excluded_speaks_for_itself():
    source = Origin(source="annex", start=0, end=4)
    offered = [said("Term.", score=9.0, origin=source), said("Term.", group="g"), said("call", group="g")]
    made = packed(offered, 1000)
    assert [entry.reason for entry in made.receipt.entries] == ["", "duplicate", ""]
    assert [entry.reason for entry in made.what_if(without={"annex"}).receipt.entries] == ["without", "", ""]
    trusts = [offered[0].model_copy(update={"trust": Trust.UNTRUSTED}), *offered[1:]]
    assert [entry.reason for entry in packed(trusts, 1000).receipt.entries] == ["", "", ""]


def test_turns_of_a_conversation_that_belong_together_need_not_be_neighbours():
    talk = (Section("talk", 0.5, keep="newest"),)
    turns = [said(f"{n:020}", section="talk", group="pair" if n in (1, 4) else "") for n in range(9)]
    for tokens in range(560, 1200, 10):
        kept = shown(packed(turns, tokens, talk))
        assert (1 in kept) == (4 in kept)
