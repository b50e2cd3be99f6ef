"""Texts that say the same are shown once, with all their origins; texts that differ in anything that counts are not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Attachment, Counter, Need, Origin, Pack, Section, Snippet, Trust, Window, pack

CHARACTERS = Counter("characters", len, count_attachment=lambda _: 10)
TERM = 'The "Term" is thirty (30) days, from signature; the parties\' fees are due.'


def said(text: str, source: str, **more: object) -> Snippet:
    origin = Origin(source=source, start=0, end=len(text))
    return Snippet.model_validate({"text": text, "origin": origin, **more})


def packed(*offered: Snippet, tokens: int = 50_000, sections: tuple[Section, ...] = ()) -> Pack:
    return pack(offered, instruction="", task="Go.", window=Window(tokens, 0), counter=CHARACTERS, sections=sections)


def reasons(made: Pack) -> list[str]:
    return [entry.reason for entry in made.receipt.entries]


def test_a_text_with_two_origins_is_kept_once_and_shown_with_both():
    made = packed(said(TERM, "a.docx", score=1.0), said(TERM, "b.docx"))
    kept, other = made.receipt.entries
    assert (kept.outcome, other.outcome, other.reason, other.duplicate_of) == ("kept", "left out", "duplicate", 0)
    assert [origin.source for origin in kept.also] == ["b.docx"]
    assert other.origin and other.origin.source == "b.docx"
    assert 'from="a.docx" also="b.docx">' in made.messages[1].content
    (span,) = made.source_map.spans
    assert [origin.source for origin in span.also] == ["b.docx"]
    assert made.source_map.shown_at("b.docx", 4) == (1, span.start + 4)
    assert [origin.source for origin in made.source_map.cite("The 'Term'".replace("'", '"')).also] == ["b.docx"]


@pytest.mark.parametrize(
    "looks",
    [
        TERM.upper(),
        TERM.replace(" ", "\n   "),
        TERM.replace(" ", "\u00a0"),
        TERM.replace('"Term"', "\u201cTerm\u201d").replace("'", "\u2019"),
        TERM.replace(",", "").replace(";", "").rstrip("."),
        TERM.replace("Term", "\uff34\uff45\uff52\uff4d"),
        TERM.replace("signature", "signa\u200bture"),
        TERM.replace("signature", "signa\u00adture"),
        f"\ufeff{TERM}  ",
    ],
)
def test_what_differs_in_its_looks_alone_is_kept_once(looks: str):
    made = packed(said(TERM, "a.docx", score=1.0), said(looks, "b.docx"))
    assert reasons(made) == ["", "near-duplicate"]
    assert made.receipt.entries[1].sentence == "left out: the same words as snippet 0"
    assert [origin.source for origin in made.receipt.entries[0].also] == ["b.docx"]


@pytest.mark.parametrize(
    "one, other",
    [
        ("The supplier shall pay.", "The supplier shall not pay."),
        ("Notice of 30 days.", "Notice of 60 days."),
        ("The cap is $10.", "The cap is £10."),
        ("A fee of 5% a year.", "A fee of 5 a year."),
        ("A fee of 1.5 a year.", "A fee of 1,5 a year."),
        ("A fee of 1.5 a year.", "A fee of 15 a year."),
        ("No more than 10\u00b2 units.", "No more than 102 units."),
        ("if a == b: stop()", "if a != b: stop()"),
        ("total = a + b", "total = a - b"),
        ("if not (a or b) and c", "if not a or b and c"),
        ("heat above -5 degrees", "heat above 5 degrees"),
        ("print('name')", "print(name)"),
        ("3.1 Term", "3.2 Term"),
        ("well-known", "well known"),
    ],
)
def test_what_differs_in_a_word_a_number_or_a_sign_is_kept_twice(one: str, other: str):
    assert reasons(packed(said(one, "a"), said(other, "b"))) == ["", ""]


@given(st.text(max_size=120), st.text(max_size=120))
def test_only_texts_with_the_same_letters_and_digits_are_taken_for_the_same(one: str, other: str):
    """Whatever the looks, the letters have to be there, one by one and in order."""
    made = packed(said(one, "a"), said(other, "b"))
    if "near-duplicate" in reasons(made):
        first, second = (
            [char for char in text.casefold() if char.isascii() and char.isalnum()] for text in (one, other)
        )
        assert first == second or not (one.isascii() and other.isascii())


def test_a_strangers_copy_and_another_speakers_are_texts_of_their_own():
    made = packed(
        said(TERM, "a", trust=Trust.TRUSTED), said(TERM, "b"), said(TERM, "c", role="assistant"), said(TERM, "d")
    )
    assert reasons(made) == ["", "", "", "duplicate"]
    assert made.receipt.entries[3].duplicate_of == 1


def test_an_image_is_never_taken_for_another():
    image = Attachment(name="a.png", media_type="image/png", data=b"1")
    assert reasons(packed(said("Chart.", "a", attachment=image), said("Chart.", "b"))) == ["", ""]


def test_the_most_needed_stands_for_the_others_then_the_best_then_the_first():
    made = packed(said(TERM, "a", score=9.0), said(TERM, "b", need=Need.SHOULD), said(TERM, "c", need=Need.SHOULD))
    assert [entry.duplicate_of for entry in made.receipt.entries] == [1, None, 1]
    assert [origin.source for origin in made.receipt.entries[1].also] == ["a", "c"]


def test_what_may_die_with_its_group_stands_for_nothing_that_could_live_alone():
    offered = [said(TERM, "a", score=9.0, group="call"), said("x" * 5000, "b", group="call"), said(TERM, "c")]
    assert reasons(packed(*offered, tokens=1000)) == ["duplicate", "budget", ""]
    assert reasons(packed(*offered)) == ["duplicate", "", ""]


def test_a_group_whose_member_repeats_another_text_lives_with_that_text():
    offered = [said(TERM, "a", score=1.0), said(TERM, "b", group="call"), said("result", "c", group="call", score=2.0)]
    assert reasons(packed(*offered)) == ["", "duplicate", ""]
    short = packed(*offered, tokens=340)
    assert reasons(short) == ["budget", "duplicate", "budget"]


def test_a_repeat_of_what_a_stable_section_shows_is_left_to_it_and_its_origin_is_not_lost():
    law = Section("law", share=0.5, keep="stable")
    alone = packed(said(TERM, "a", section="law"), sections=(law,))
    made = packed(said(TERM, "a", section="law"), said(TERM, "b", need=Need.MUST), sections=(law,))
    assert reasons(made) == ["", "duplicate"]
    assert made.messages == alone.messages
    assert [origin.source for origin in made.receipt.entries[0].also] == ["b"]
    assert [origin.source for origin in made.source_map.spans[0].also] == ["b"]


def test_a_turn_of_a_conversation_is_never_taken_for_a_repeat():
    talk = Section("talk", share=0.5, keep="newest")
    turns = [said("Yes.", str(n), section="talk") for n in range(3)]
    assert reasons(packed(*turns, said("Yes.", "x"), sections=(talk,))) == ["", "", "", ""]


def test_of_several_states_the_last_is_shown_even_where_it_repeats_another_text():
    made = packed(
        said("old", "a.py", version_of="a.py"),
        said("new", "a.py", version_of="a.py"),
        said("new", "b.py", score=1.0),
        said("user of a.py", "c.py", needs=("a",)),
        said("call", "d", group="a"),
        said("older", "a.py", group="a", version_of="a.py").model_copy(update={"version_of": ""}),
    )
    assert reasons(made) == ["superseded", "duplicate", "", "", "", ""]
    assert [entry.duplicate_of for entry in made.receipt.entries[:3]] == [2, 2, None]


def test_an_emptied_file_is_not_shown_as_it_was():
    made = packed(said("old", "a.py", version_of="a.py"), Snippet(text="", version_of="a.py"))
    assert reasons(made) == ["superseded", "empty"]


def test_a_state_in_a_stable_section_supersedes_earlier_ones_elsewhere():
    law = Section("law", share=0.5, keep="stable")
    made = packed(said("old", "a", version_of="a"), said("new", "a", section="law", version_of="a"), sections=(law,))
    assert reasons(made) == ["superseded", ""]


@pytest.mark.parametrize("text", ["Clause {same}: The fee is due.", "A header on each chunk of the file. Clause {n}."])
def test_many_texts_that_begin_alike_take_no_more_than_linear_time(text: str):
    offered = [said(text.format(same=1, n=n), str(n)) for n in range(20_000)]
    started = time.process_time()
    made = packed(*offered, tokens=3_000)
    assert time.process_time() - started < 15
    assert made.tokens <= 3_000
    if "same" in text:
        assert len(made.source_map.spans) == 1
        assert len(made.receipt.entries[0].also) == 19_999


def test_a_stranger_supersedes_nothing_that_is_trusted_more():
    ours = Snippet(text="ours", version_of="policy.md", trust=Trust.TRUSTED)
    theirs = Snippet(text="theirs", version_of="policy.md")
    assert reasons(packed(ours, theirs)) == ["", ""]
    assert reasons(packed(ours, theirs.model_copy(update={"text": " "}))) == ["", "empty"]
    assert reasons(packed(theirs, ours)) == ["superseded", ""]
    assert reasons(packed(ours, theirs, theirs.model_copy(update={"text": "again"}))) == ["", "superseded", ""]
