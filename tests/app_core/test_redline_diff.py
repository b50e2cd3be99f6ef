"""The word-level difference: what a lawyer would strike out and write in."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.redline import Hunk, hunks

WORDS = st.lists(
    st.sampled_from(["pay", "ten", "(10)", "days,", "party.", "The", "a\nb", "本合同", " ", "é"]), max_size=25
)
TEXTS = st.one_of(WORDS.map(" ".join), st.text(alphabet="ab .,\n(1)本\u0301", max_size=40), st.text(max_size=20))


def marked(old: str, new: str) -> str:
    """The difference in one line: [deleted|inserted]."""
    return "".join(hunk.old if hunk.kept else f"[{hunk.old}|{hunk.new}]" for hunk in hunks(old, new))


@given(TEXTS, TEXTS)
def test_rejecting_gives_the_old_text_and_accepting_the_new(old: str, new: str) -> None:
    found = hunks(old, new)
    assert "".join(hunk.old for hunk in found) == old
    assert "".join(hunk.new for hunk in found) == new


@given(TEXTS, TEXTS)
def test_kept_and_changed_take_turns_and_none_is_empty(old: str, new: str) -> None:
    found = hunks(old, new)
    assert all(hunk.old or hunk.new for hunk in found)
    assert all(before.kept != after.kept for before, after in zip(found, found[1:], strict=False))


@given(TEXTS)
def test_a_text_does_not_differ_from_itself(text: str) -> None:
    assert hunks(text, text) == ((Hunk(old=text, new=text),) if text else ())


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("on ten (10) days notice", "on three (3) days notice", "on [ten|three] ([10|3]) days notice"),
        ("a fee of $1,000.00 a month", "a fee of $1,500.00 a month", "a fee of $[1,000.00|1,500.00] a month"),
        ("the Customer’s data", "the Provider’s data", "the [Customer’s|Provider’s] data"),
        ("by two years.", "by two years, at most.", "by two years[|, at most]."),
        ("It ends.", "It ends. Notice is in writing.", "It ends.[| Notice is in writing.]"),
        ("A pays. B pays.", "A pays. C pays. B pays.", "A pays. [|C pays. ]B pays."),
        ("A pays. C pays. B pays.", "A pays. B pays.", "A pays. [C pays. |]B pays."),
        ("The quick brown fox", "A slow red dog", "[The quick brown fox|A slow red dog]"),
        (
            "laws of the State of California, and",
            "laws of Delaware, and",
            "laws of [the State of California|Delaware], and",
        ),
        ("Fees. Bill all usage at once.", "Fees. Pay in arrears.", "Fees. [Bill all usage at once|Pay in arrears]."),
        (
            "Fees. Provider shall bill all usage at once and in advance.",
            "Fees. Customer pays monthly, within thirty days of receipt.",
            "Fees. [Provider shall bill all usage at once and in advance."
            "|Customer pays monthly, within thirty days of receipt.]",
        ),
        ("本合同有效期为三年", "本合同有效期为五年", "本合同有效期为[三|五]年"),
        ("first a\nsecond b", "first c\nsecond b", "first [a|c]\nsecond b"),
        ("", "new", "[|new]"),
        ("old", "", "[old|]"),
    ],
)
def test_it_reads_like_a_redline(old: str, new: str, expected: str) -> None:
    assert marked(old, new) == expected


def test_as_many_paragraphs_are_compared_one_by_one() -> None:
    old = "Alpha beta gamma.\nDelta epsilon.\nZeta."
    assert marked(old, "Completely other words.\nDelta epsilon.\nZeta eta.").count("\n") == 2
    assert "\n" not in "".join(hunk.old for hunk in hunks(old, "x y.\nz w.\nZeta.") if not hunk.kept)


def test_a_long_text_takes_no_more_than_a_second() -> None:
    old = " ".join(f"word{i % 97} and" for i in range(6_000))
    started = time.process_time()
    found = hunks(old, old.replace("word13", "WORD13").replace("and", "or", 4))
    assert time.process_time() - started < 1
    assert "".join(hunk.old for hunk in found) == old
