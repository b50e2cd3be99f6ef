"""Plain text becomes clauses with exact spans, whatever a filing looks like."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Block, Document, read
from rheostat.context.io.plain import plain_blocks
from rheostat.context.io.running import running_lines

DATA = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the shared sample contracts are not on this machine")


def rows(text: str) -> list[tuple[str, str]]:
    return [(block.place, " ".join(text[block.start : block.end].split())) for block in plain_blocks(text)]


def test_clauses_nest_by_their_numbers():
    text = (
        "ARTICLE IV\n\nTERM\n\n4.1 Start. It starts now.\n\n4.2 End. It ends:\n\n(a) in two years; or\n\n(i) sooner\n\n"
        "(b) later.\n\nAnd so on.\n\nARTICLE V FEES\n\n5.1 None."
    )
    assert rows(text) == [
        ("ARTICLE IV", "TERM"),
        ("4.1", "Start. It starts now."),
        ("4.2", "End. It ends:"),
        ("4.2(a)", "in two years; or"),
        ("4.2(a)(i)", "sooner"),
        ("4.2(b)", "later."),
        ("4.2(b)", "And so on."),
        ("ARTICLE V", "FEES"),
        ("5.1", "None."),
    ]
    assert plain_blocks(text)[3].path == ("ARTICLE IV", "4.2")


def test_clauses_on_one_line_are_told_apart():
    text = (
        "The parties agree as follows: 1. Services. He serves under Section 2. The end. 2. Duties 2.1 The first, "
        "see 2.2. 2.2 The second is 3. Not a clause. 3. Term. Done."
    )
    assert rows(text) == [
        ("", "The parties agree as follows:"),
        ("1", "Services. He serves under Section 2. The end."),
        ("2", "Duties"),
        ("2.1", "The first, see 2.2."),
        ("2.2", "The second is 3. Not a clause."),
        ("3", "Term. Done."),
    ]


def test_a_thousand_clauses_on_one_line_are_read():
    text = "We agree. " + " ".join(f"{n}. Clause number {n}." for n in range(1, 1000))
    assert [block.number for block in plain_blocks(text)[1:]] == [str(n) for n in range(1, 1000)]


def test_hard_wrapped_lines_make_one_paragraph_and_lists_without_blank_lines_do_not():
    text = (
        "1. Use. The recipient will use the information\nonly as set out in Section\n2. of the order form and will:\n"
        "(a) keep it\nsecret;\n(b) return it.\n2. Term. Two years."
    )
    assert rows(text) == [
        ("1", "Use. The recipient will use the information only as set out in Section 2. of the order form and will:"),
        ("1(a)", "keep it secret;"),
        ("1(b)", "return it."),
        ("2", "Term. Two years."),
    ]


def test_page_numbers_and_running_heads_are_no_blocks():
    page = "{}. A clause that runs on for a while. " + "It says what it says, at length. " * 20
    head = "Source: ACME INC, 8-K, 1/2/2020"
    text = "\n\n".join(f"{page.format(n)}\n\n- {n} -\n\n{head}" for n in range(1, 5))
    assert [block.number for block in plain_blocks(text)] == ["1", "2", "3", "4"]
    assert {text[start:end] for start, end in running_lines(text)} == {head, "- 1 -", "- 2 -", "- 3 -", "- 4 -"}


def test_a_lone_number_and_a_repeated_signature_line_stay():
    text = "Price\n\n42\n\nBy: ____\n\nName:\n\nBy: ____\n\nName:\n\nBy: ____\n\nName:"
    assert [words for _, words in rows(text)] == ["Price", "42", *["By: ____", "Name:"] * 3]


def test_an_exhibit_holds_its_clauses_but_a_mere_list_of_exhibits_does_not():
    body = "This agreement is long enough to be the body of a contract and to say so in more than a hundred characters."
    text = f"{body}\n\nExhibit A\n\nExhibit B\n\n1. Term.\n\nEXHIBIT A\n\nFees\n\n1. Price."
    assert [(block.place, block.path) for block in plain_blocks(text)][3:] == [
        ("1", ()),
        ("EXHIBIT A", ()),
        ("EXHIBIT A, 1", ("EXHIBIT A",)),
    ]


def test_recitals_do_not_swallow_the_clauses_after_them():
    text = "(A) The first.\n\n(B) The second.\n\n1. Term.\n\n1.1 Two years."
    assert [place for place, _ in rows(text)] == ["(A)", "(B)", "1", "1.1"]


def test_numbers_torn_off_their_clauses_are_kept_as_text():
    text = "1. Real clause here.\n\n4. 4.1. 4.2.\n\n" + "5.1." * 5_000 + "x"
    blocks = plain_blocks(text)
    assert [block.number for block in blocks] == ["1", "", ""]
    assert text[blocks[1].start : blocks[1].end] == "4. 4.1. 4.2."


def test_pages_are_counted_from_form_feeds():
    assert [block.page for block in plain_blocks("One.\n\n\f\nTwo.\n\n\f\nThree.")] == [1, 2, 3]
    assert plain_blocks("One.")[0].page is None


def assert_exact(document: Document) -> None:
    """Blocks are in order, apart and trimmed; what stands between them is space, numbers and lines of the page."""
    text, blocks = document.text, document.blocks
    assert all(before.end <= after.start for before, after in pairwise(blocks))
    assert all(block.start < block.end and text[block.start : block.end].strip() for block in blocks)
    assert all(text[block.start : block.end] == text[block.start : block.end].strip() for block in blocks)
    assert all(block.line == text.count("\n", 0, block.start) + 1 for block in blocks)
    numbers = [(at, at + len(shown)) for at, shown in map(document.number_shown, range(len(blocks))) if shown]
    covered = [(block.start, block.end) for block in blocks] + numbers + list(running_lines(text))
    lost = list(text)
    for start, end in covered:
        lost[start:end] = " " * (end - start)
    assert set("".join(lost)) <= set(" \t\n\f\v.:)\u200b\u3000")


@given(st.text(alphabet=st.sampled_from("aB1.() \n\f_S§i4"), max_size=200))
def test_no_text_is_lost_whatever_it_is(text: str):
    document = Document(source="x.txt", text=text, blocks=plain_blocks(text))
    kept = "".join(text[block.start : block.end] for block in document.blocks)
    page = "".join(text[start:end] for start, end in running_lines(text))
    shown = "".join(document.number_shown(index)[1] for index in range(len(document.blocks)))
    letters = sorted(c for c in text if c.isalnum())
    assert sorted(c for c in kept + page + shown if c.isalnum()) == letters


@real
@pytest.mark.parametrize("path", sorted(DATA.glob("**/*.txt")), ids=lambda path: path.stem[:20])
def test_real_filings_are_read_exactly(path: Path):
    assert_exact(read(path))


@real
def test_a_real_filing_has_the_clauses_its_reader_sees():
    blocks = read(next(DATA.glob("contracts/cuad-SCOUTCAM*.txt"))).blocks
    assert [block.number for block in blocks if block.number] == [str(number) for number in range(1, 16)]
    assert all(isinstance(block, Block) and not block.path for block in blocks)
