"""What is the same from call to call stays the same, to the byte; shares are kept, and what they leave is used."""

from collections.abc import Sequence
from itertools import accumulate
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import (
    ContextError,
    Counter,
    Form,
    Message,
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
from rheostat.context.newest import newest
from rheostat.context.section import arranged

CHARACTERS = Counter("characters", len)
LAW = Section("law", share=0.3, keep="stable")
TALK = Section("talk", share=0.3, keep="newest")
FOUND = Section("found", share=0.2)


def said(text: str, section: str = "", **more: Any) -> Snippet:
    return Snippet.model_validate({"text": text, "section": section, "trust": Trust.TRUSTED, **more})


def packed(
    offered: Sequence[Snippet],
    tokens: int = 1000,
    sections: Sequence[Section] = (LAW, TALK, FOUND),
    task: str = "Go.",
    counter: Counter = CHARACTERS,
) -> Pack:
    window = Window(tokens, 0)
    return pack(offered, instruction="Judge.", task=task, window=window, counter=counter, sections=sections)


def shown(made: Pack) -> list[int]:
    return [span.snippet for span in made.source_map.spans]


def up_to_breakpoint(messages: Sequence[Message], which: int) -> list[tuple[str, str]]:
    """All that is sent up to a breakpoint, counted over the whole request."""
    sent = list[tuple[str, str]]()
    for message in messages:
        if which < len(message.breakpoints):
            return [*sent, (message.role, message.content[: message.breakpoints[which]])]
        which -= len(message.breakpoints)
        sent.append((message.role, message.content))
    return sent


anything = st.builds(
    Snippet,
    text=st.sampled_from(["Term.", "term", "Fees are due. " * 4, "x" * 90, "<b>", "</untrusted>", "\ud800", " "]),
    origin=st.none() | st.just(Origin(source="a", start=0, end=5)),
    need=st.sampled_from([Need.SHOULD, Need.COULD]),
    score=st.integers(0, 3).map(float),
    trust=st.sampled_from(Trust),
    shorter=st.sampled_from([(), (Form(text="x"),)]),
    role=st.sampled_from(["user", "assistant"]),
    version_of=st.sampled_from(["", "", "a.py"]),
)
lawful = st.lists(anything.map(lambda of: of.model_copy(update={"section": "law"})), max_size=6)
talking = st.lists(anything.map(lambda of: of.model_copy(update={"section": "talk"})), max_size=8)
volatile = st.lists(st.tuples(anything, st.sampled_from(["", "found"])), max_size=6).map(
    lambda of: [snippet.model_copy(update={"section": section}) for snippet, section in of]
)


@given(lawful, talking, volatile, talking, volatile, st.text(max_size=30), st.text(max_size=30))
def test_a_stable_section_depends_on_nothing_but_its_own_snippets(
    law: list[Snippet],
    talk: list[Snippet],
    found: list[Snippet],
    other_talk: list[Snippet],
    other_found: list[Snippet],
    task: str,
    other_task: str,
):
    one = packed([*law, *talk, *found], 3000, task=task).messages
    other = packed([*other_found, *law, *other_talk], 3000, task=other_task).messages
    law_ends = sum(bool(span) for span in ("system", packed(law, 3000).receipt.sections[0].kept)) - 1
    assert up_to_breakpoint(one, law_ends) == up_to_breakpoint(other, law_ends)


@given(lawful, talking, anything, volatile, volatile)
def test_a_conversation_only_grows_until_its_next_step(
    law: list[Snippet], talk: list[Snippet], turn: Snippet, found: list[Snippet], other: list[Snippet]
):
    grown = [*talk, turn.model_copy(update={"section": "talk"})]
    before, after = packed([*law, *talk, *found], 3000), packed([*law, *grown, *other], 3000)
    was, now = before.source_map.spans, after.source_map.spans
    old = [span.snippet for span in was if before.receipt.entries[span.snippet].section == "talk"]
    new = [span.snippet for span in now if after.receipt.entries[span.snippet].section == "talk"]
    if new[: len(old)] == old:
        text = "".join(f"\0{role}\0{content}" for role, content in up_to_breakpoint(before.messages, 99))
        last = sum(len(message.breakpoints) for message in before.messages) - 1
        prefix = "".join(f"\0{role}\0{content}" for role, content in up_to_breakpoint(before.messages, last))
        assert text.startswith(prefix)
        whole = "".join(f"\0{message.role}\0{message.content}" for message in after.messages)
        assert whole.startswith(prefix)
    else:
        assert set(new) < {*old, len(law) + len(talk)}


@given(lawful, talking, volatile, st.integers(800, 1500))
def test_breakpoints_stand_where_the_system_message_and_each_cached_section_end(
    law: list[Snippet], talk: list[Snippet], found: list[Snippet], tokens: int
):
    made = packed([*law, *talk, *found], tokens)
    expected = {(0, len(made.messages[0].content))}
    for section in ("law", "talk"):
        ends = [
            (span.message, span.block_end)
            for span in made.source_map.spans
            if made.receipt.entries[span.snippet].section == section
        ]
        expected |= {max(ends)} if ends else set()
    assert {(at, char) for at, message in enumerate(made.messages) for char in message.breakpoints} == expected


@given(lawful, talking, volatile, st.integers(800, 1500))
def test_no_section_that_is_cached_takes_more_than_its_share(
    law: list[Snippet], talk: list[Snippet], found: list[Snippet], tokens: int
):
    for use in packed([*law, *talk, *found], tokens).receipt.sections[:2]:
        assert use.tokens <= use.room_tokens == floor(0.3 * tokens)


@given(st.lists(st.integers(1, 60), max_size=30), st.integers(0, 120))
def test_of_a_conversation_the_end_is_kept_and_its_start_never_moves_back(sizes: list[int], room: int):
    cuts = [newest(sizes[:turns], room) for turns in range(len(sizes) + 1)]
    assert cuts == sorted(cuts)
    for turns, cut in enumerate(cuts):
        assert sum(sizes[cut:turns]) <= room
        if turns and sizes[turns - 1] <= room:
            assert cut < turns
        if sum(sizes[:turns]) <= room:
            assert cut == 0


@given(st.lists(st.integers(1, 10), min_size=1, max_size=200), st.integers(80, 200))
def test_the_start_of_a_conversation_of_short_turns_moves_once_in_half_a_share(sizes: list[int], room: int):
    cuts = [newest(sizes[:turns], room) for turns in range(len(sizes) + 1)]
    moves = len(set(cuts)) - 1
    assert moves <= -(-max(0, sum(sizes) - room) // (room // 2))
    begins = [0, *accumulate(sizes)]
    for turns, cut in enumerate(cuts):
        assert cut == 0 or begins[turns] - begins[cut] >= room // 2 - 10


def test_a_turn_of_more_than_half_the_share_is_kept_for_as_long_as_it_fits():
    assert newest([10, 90], 95) == 1
    assert newest([10, 90, 5], 95) == 1
    assert newest([10, 90, 6], 95) == 2


def test_a_turn_larger_than_its_share_is_left_out_alone_and_priced():
    turns = [said("first " * 5, "talk"), said("x" * 400, "talk"), said("last", "talk")]
    made = packed(turns)
    assert shown(made) == [0, 2]
    entry = made.receipt.entries[1]
    assert entry.reason == "budget"
    assert 1 not in shown(packed(turns, 1000 + entry.missing_tokens - 5))
    assert 1 in shown(packed(turns, 1000 + entry.missing_tokens))
    assert "left out: fits with" in entry.sentence


def test_a_turn_larger_than_its_share_is_shortened_if_it_can_be():
    turns = [said("x" * 400, "talk", shorter=(Form("x" * 350), Form("x" * 90))), said("last", "talk")]
    first, last = packed(turns).receipt.entries
    assert (first.form, last.form) == (2, 0)
    assert packed(turns, 1000 + first.missing_tokens).receipt.entries[0].form == 1
    assert packed(turns, 1000 + first.missing_tokens - 5).receipt.entries[0].form != 1


def test_a_conversation_of_one_turn_and_one_of_none():
    assert shown(packed([said("Hello.", "talk")])) == [0]
    assert [message.role for message in packed([]).messages] == ["system", "user"]
    assert packed([]).receipt.sections[0].offered == 0


def test_a_must_before_the_cut_stays_and_the_rest_is_older():
    turns = [said(f"{n:060}", "talk", need=Need.MUST if n == 1 else Need.COULD) for n in range(10)]
    made = packed(turns)
    assert shown(made) == [1, 7, 8, 9]
    assert {entry.reason for entry in made.receipt.entries if entry.form is None} == {"older"}
    assert made.receipt.entries[0].sentence == "left out: older than what its section has room for"


def test_a_call_and_its_result_are_never_parted_by_the_cut():
    """Wherever the cut falls."""
    turns = [said(f"{n:0{20 + n}}", "talk", group=f"call {n // 2}") for n in range(20)]
    for tokens in range(800, 3800, 11):
        made = packed(turns, tokens)
        assert all((n ^ 1) in shown(made) for n in shown(made))
        assert shown(made) == list(range(20))[-len(shown(made)) :] or not shown(made)


def test_a_turn_that_needs_one_before_the_cut_goes_with_it_unless_it_must_be_kept():
    turns = [said(f"{n:060}", "talk", group=f"turn {n}") for n in range(10)]
    turns[8] = turns[8].model_copy(update={"needs": ("turn 0",)})
    made = packed(turns)
    assert shown(made) == [9]
    assert made.receipt.entries[8].sentence == "left out: what it needs is not in the prompt"
    turns[8] = turns[8].model_copy(update={"need": Need.MUST})
    assert shown(packed(turns))[0] == 0 and 8 in shown(packed(turns))


def test_what_sections_leave_of_their_shares_goes_to_what_is_worth_most():
    rest = [said(f"{n:050}", score=float(n)) for n in range(40)]
    alone = packed(rest)
    with_law = packed([*rest, said("x" * 250, "law")])
    assert len(shown(alone)) - len(shown(with_law)) in (4, 5)
    assert alone.window.room - alone.tokens < 52


def test_a_section_fills_its_share_first():
    rich = [said(f"r{n:049}", score=9.0, need=Need.SHOULD) for n in range(40)]
    poor = [said(f"p{n:049}", "found") for n in range(40)]
    made = packed([*rich, *poor])
    use = made.receipt.sections[2]
    assert (use.name, use.kept, use.offered) == ("found", 3, 40)
    assert sum(index < 40 for index in shown(made)) == 11
    assert len(shown(packed([*rich[:3], *poor]))) == 14


def test_a_floor_leaves_out_what_scores_less_but_no_must_and_none_of_a_group():
    floored = Section("found", floor=2.0)
    offered = [
        said("a", "found", score=1.9),
        said("b", "found", score=2.0),
        said("c", "found", need=Need.MUST),
        said("d", "found", group="d"),
        said("e", score=0.0),
    ]
    made = packed(offered, sections=[floored])
    assert shown(made) == [1, 2, 3, 4]
    assert made.receipt.entries[0].sentence == "left out: its score of 1.9 is below its section's floor"


def test_stable_text_is_never_pruned_to_make_room_and_the_error_says_who_takes_it():
    law, task = [said(f"{n:090}", "law") for n in range(9)], "x" * 800
    with pytest.raises(MustNotFit) as refused:
        packed(law, task=task)
    assert [part.name for part in refused.value.parts[:2]] == ["the task", "the section 'law'"]
    assert "share" in str(refused.value)


def test_a_must_that_does_not_fit_beside_a_stable_section_is_an_error_too():
    with pytest.raises(MustNotFit, match="snippet 9"):
        packed([*(said(f"{n:090}", "law") for n in range(9)), said("x" * 800, need=Need.MUST)])


def test_a_must_in_a_stable_section_may_exceed_its_share():
    assert shown(packed([said("x" * 500, "law", need=Need.MUST), said("y" * 20, "law")])) == [0]


def test_what_sections_cannot_be_is_said_before_anything_is_packed():
    with pytest.raises(ContextError, match="Snippet 0 belongs to the section 'lwa', which .* 'law', 'talk', 'found'"):
        packed([said("x", "lwa")])
    with pytest.raises(ContextError, match="add up to 110 %"):
        arranged([Section("a", 0.6), Section("b", 0.5)])
    with pytest.raises(ContextError, match="Two sections are called 'a'"):
        arranged([Section("a"), Section("a")])
    with pytest.raises(ContextError, match="share of 1.5"):
        Section("a", 1.5)
    for keep in ("stable", "newest"):
        with pytest.raises(ContextError, match="share=0.3"):
            Section("a", keep=keep)


def test_stable_sections_stand_first_then_conversations_then_the_best_then_the_nameless():
    names = [section.name for section in arranged([FOUND, Section("b"), TALK, LAW])]
    assert names == ["law", "talk", "found", "b", ""]
    offered = [said("5"), said("4", "found"), said("3", "talk"), said("2", "law")]
    assert shown(packed(offered, sections=[FOUND, TALK, LAW])) == [3, 2, 1, 0]


def test_a_conversation_gives_way_to_what_must_be_in_the_prompt():
    """Shares of all of the window leave nothing for instruction and task; the conversation has the longest breath."""
    sections = (Section("law", 0.5, keep="stable"), Section("talk", 0.5, keep="newest"))
    law = [said(f"l{n:049}", "law") for n in range(20)]
    turns = [said(f"{n:050}", "talk") for n in range(20)]
    must = said("m" * 200, need=Need.MUST)
    made = packed([*law, *turns, must], sections=sections)
    assert 40 in shown(made) and 39 in shown(made)
    assert made.tokens <= made.window.room


def test_a_conversation_with_room_enough_has_no_must_shortened():
    asked = list[str]()

    def shorten(text: str) -> str:
        asked.append(text)
        return text[:9]

    must = said("m" * 200, need=Need.MUST, shorter=(Form(shorten),))
    packed([said("Hello.", "talk"), must])
    assert asked == []
    packed([said("Hello.", "talk"), must], 300)
    assert asked == ["m" * 200]
