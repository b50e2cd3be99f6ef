"""What a person sees of a change before deciding."""

from rheostat.app_core.redline import Change, Hunk, preview
from rheostat.context import Block, Document

TEXT = "Term\nThis Agreement ends after ten (10) years, and not before.\nNotices are in writing."
DOCUMENT = Document(
    source="nda.docx",
    text=TEXT,
    blocks=(
        Block(kind="heading", start=0, end=4, number="7"),
        Block(kind="list_item", start=5, end=62, number="7.1", path=("7",), level=1),
        Block(kind="list_item", start=63, end=len(TEXT), number="(a)", path=("7", "7.1"), level=2),
    ),
)


def test_it_shows_the_words_that_change_and_what_is_around_them_in_the_clause() -> None:
    clause = TEXT[5:62]
    shown = preview(DOCUMENT, Change(start=5, end=62, new=clause.replace("ten (10)", "three (3)"), comment="why"))
    assert (shown.place, shown.path, shown.comment) == ("7.1", ("7",), "why")
    assert shown.before == "This Agreement ends after "
    assert shown.hunks == (Hunk(old="ten", new="three"), Hunk(old=" (", new=" ("), Hunk(old="10", new="3"))
    assert shown.after == ") years, and not before."
    assert not shown.cut_before
    assert not shown.cut_after


def test_what_is_around_is_cut_between_words() -> None:
    shown = preview(DOCUMENT, Change(start=31, end=34, new="two"), around=12)
    assert (shown.before, shown.cut_before) == ("ends after ", True)
    assert (shown.after, shown.cut_after) == (" (10) years,", True)
    assert shown.hunks == (Hunk(old="ten", new="two"),)


def test_an_insertion_at_the_end_of_a_clause_belongs_to_that_clause() -> None:
    shown = preview(DOCUMENT, Change(start=62, end=62, new=" It may be renewed."))
    assert (shown.place, shown.after) == ("7.1", "")
    assert shown.before == TEXT[5:62]


def test_a_comment_alone_and_a_change_of_two_clauses() -> None:
    alone = preview(DOCUMENT, Change(start=63, end=len(TEXT), new=TEXT[63:], comment="hm"))
    assert (alone.place, alone.hunks) == ("7.1(a)", (Hunk(old=TEXT[63:], new=TEXT[63:]),))
    both = preview(DOCUMENT, Change(start=5, end=len(TEXT), new=TEXT[5:].replace("ten", "two").replace("are", "go")))
    assert (both.place, both.before, both.after) == ("7.1", "This Agreement ends after ", " in writing.")
