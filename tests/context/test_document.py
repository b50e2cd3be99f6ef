"""A span of a document knows the place a person would cite for it."""

import pytest

from rheostat.context import Block, Document
from rheostat.context.io.plain import plain_blocks
from rheostat.context.numbering import address, read_number

TEXT = "4. Term\n(a) two years\n\nor longer"
BLOCKS = (
    Block(kind="heading", start=3, end=7, number="4", line=1),
    Block(kind="list_item", start=12, end=21, number="(a)", path=("4",), level=1, line=2, page=1),
    Block(kind="paragraph", start=23, end=32, path=("4", "(a)"), level=2, line=4),
)
DOCUMENT = Document(source="nda.txt", text=TEXT, blocks=BLOCKS)


@pytest.mark.parametrize(
    ("start", "place", "line"),
    [(0, "4", 1), (3, "4", 1), (7, "4(a)", 2), (8, "4(a)", 2), (20, "4(a)", 2), (23, "4(a)", 4), (32, "", None)],
)
def test_an_origin_names_the_block_it_starts_in_or_the_one_after_it(start: int, place: str, line: int | None):
    origin = DOCUMENT.origin(start, 32)
    assert (origin.source, origin.start, origin.end) == ("nda.txt", start, 32)
    assert (origin.place, origin.line) == (place, line)


def test_a_number_is_shown_as_it_stands_in_the_text():
    assert DOCUMENT.number_shown(0) == (0, "4.")
    assert DOCUMENT.number_shown(1) == (8, "(a)")
    assert DOCUMENT.number_shown(2) == (23, "")


def test_an_automatic_number_takes_no_room():
    blocks = (
        Block(kind="paragraph", start=0, end=4, number="7.1"),
        Block(kind="paragraph", start=5, end=9, number="a"),
    )
    document = Document(source="a.docx", text="Term\nhave", blocks=blocks)
    assert [document.number_shown(index) for index in (0, 1)] == [(0, "7.1"), (5, "a")]


def test_a_number_is_not_found_inside_a_mark():
    text = '1. <span class="a">Fees</span>\n    a. <span class="a">Taxes</span>'
    block = Block(kind="paragraph", start=text.index("Taxes"), end=len(text), number="a", path=("1",))
    first = Block(kind="heading", start=3, end=30, number="1")
    document = Document(source="a.md", text=text, blocks=(first, block), markdown=True)
    assert document.number_shown(1) == (text.index("a. <span"), "a.")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (("4", "4.2", "(a)", "(i)"), "4.2(a)(i)"),
        (("8", "8.1", "a"), "8.1(a)"),
        (("ARTICLE IV", "4.2"), "4.2"),
        (("Article IV", "(a)"), "Article IV(a)"),
        (("Exhibit B", "3", "(a)"), "Exhibit B, 3(a)"),
        (("Service Agreement", "5", "A", "1"), "5(A)(1)"),
        (("Term and Termination",), "Term and Termination"),
        (("Recitals", "(A)"), "(A)"),
        (("4", "", ""), "4"),
        (("x" * 200,), "x" * 80),
        ((), ""),
    ],
)
def test_a_place_is_said_as_a_lawyer_would(labels: tuple[str, ...], said: str):
    assert address(labels) == said


@pytest.mark.parametrize(
    ("text", "label", "rest"),
    [
        ("4.2 Term", "4.2", "Term"),
        ("4.2. Term", "4.2", "Term"),
        ("1.0  DEFINITIONS", "1.0", "DEFINITIONS"),
        ("5.1.1 it will keep", "5.1.1", "it will keep"),
        ("(a) to remain", "(a)", "to remain"),
        ("(E)The parties", "(E)", "The parties"),
        ("ii) A strike", "ii)", "A strike"),
        ("Article IV. Fees", "Article IV", "Fees"),
        ("ARTICLE II\n\nDUTIES", "ARTICLE II", "DUTIES"),
        ("Section 2.01 Orders.", "Section 2.01", "Orders."),
        ("§ 3 Dauer", "§ 3", "Dauer"),
        ("§3 Dauer", "§3", "Dauer"),
        ('Schedule "C" - Plan', 'Schedule "C"', "- Plan"),
        ("10 GARDEN LEAVE", "10", "GARDEN LEAVE"),
    ],
)
def test_clause_numbers_are_read(text: str, label: str, rest: str):
    number = read_number(text)
    assert number is not None
    assert (number.label, text[number.end :]) == (label, rest)


@pytest.mark.parametrize(
    "text",
    [
        "3.5 million dollars",
        "2.5% of the fee",
        "30 days after",
        "Section 5 of the Lease shall be deleted",
        "Exhibit 10.22 SERVICES AGREEMENT",
        "Exhibit A is attached",
        "2019. A good year",
        "(see below)",
        "e.g. this",
        "PARTS",
        "",
    ],
)
def test_quantities_and_mentions_are_no_numbers(text: str):
    assert read_number(text) is None


def test_an_i_is_a_letter_after_h_and_roman_elsewhere():
    letters = "\n\n".join(f"({letter}) Word one." for letter in "abcdefghij")
    text = f"1. List.\n\n{letters}\n\n2. Other.\n\n(i) Word two.\n\n(ii) Word three."
    places = [block.place for block in plain_blocks(text)]
    assert places[1:11] == [f"1({letter})" for letter in "abcdefghij"]
    assert places[12:] == ["2(i)", "2(ii)"]
