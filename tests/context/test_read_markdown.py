"""Markdown becomes clauses that point into the file as it is, numbered as they are cited."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Document, read
from rheostat.context.ancestry import visible
from rheostat.context.io.markdown import markdown_blocks
from rheostat.context.marks import balanced, without_marks

DATA = Path(__file__).parents[3] / "shared" / "data"
real = pytest.mark.skipif(not DATA.is_dir(), reason="the shared sample contracts are not on this machine")


def parse(text: str) -> Document:
    return Document(source="x.md", text=text, blocks=markdown_blocks(text), markdown=True)


def rows(text: str) -> list[tuple[str, str, str]]:
    document = parse(text)
    return [(b.kind, b.place, visible(document, b.start, b.end)) for b in document.blocks]


def test_numbers_are_read_through_marks():
    text = "# NDA\n\n**1. Term**. Two years.\n\n**7.1**. _Fees_. None.\n\n- (a) _Staff_. Yes.\n\n9. **No. Warranty**"
    assert rows(text) == [
        ("heading", "", "NDA"),
        ("paragraph", "1", "Term. Two years."),
        ("paragraph", "7.1", "Fees. None."),
        ("list_item", "7.1(a)", "Staff. Yes."),
        ("heading", "9", "No. Warranty"),
    ]


def test_nested_items_have_the_numbers_they_are_cited_by():
    text = (
        '1. <span class="h">Service</span>\n    1. Use. Do.\n    1. Help. Do.\n'
        "        a. one\n        b. two\n1. Fees\n"
    )
    assert [(b.number, b.place) for b in parse(text).blocks] == [
        ("1", "1"),
        ("1.1", "1.1"),
        ("1.2", "1.2"),
        ("a", "1.2(a)"),
        ("b", "1.2(b)"),
        ("2", "2"),
    ]


def test_headings_and_their_numbers_make_the_path():
    text = "# Deal\n\n## 4. Term\n\n4.1 Start.\n\n(a) Now.\n\nExhibit A\n=========\n\n1. Price.\n"
    assert [(b.path, b.number) for b in parse(text).blocks] == [
        ((), ""),
        (("Deal",), "4"),
        (("Deal", "4"), "4.1"),
        (("Deal", "4", "4.1"), "(a)"),
        ((), ""),
        (("Exhibit A",), "1"),
    ]


def test_tables_fences_quotes_and_rules():
    text = "---\ntitle: x\n---\n\n| a | b |\n|---|---|\n| c | d |\n\n***\n\n```\ncode 1\n```\n\n> said\n> so\n"
    assert rows(text) == [
        ("table_row", "", "a | b"),
        ("table_row", "", "c | d"),
        ("paragraph", "", "code 1"),
        ("paragraph", "", "said so"),
    ]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a **bold** and _slanted_ word", "a bold and slanted word"),
        ("a [link](https://x.y) and ![picture](z.png)", "a link and picture"),
        ("snake_case and 3 * 4 stay", "snake_case and 3 * 4 stay"),
        ("escaped \\*star\\*", "escaped *star*"),
        ("R&amp;D &lt;x&gt;", "R&D <x>"),
        ('<span class="a">Fee</span><br /><!-- no -->', "Fee"),
        ("less < more > than", "less < more > than"),
        ("blank ____ line", "blank ____ line"),
        ("[***] redacted", "[***] redacted"),
    ],
)
def test_a_reader_sees_no_marks(text: str, seen: str):
    assert without_marks(text) == seen


@pytest.mark.parametrize(
    ("text", "inside", "widened"),
    [
        ("the **Term** ends", "the **Term", "the **Term**"),
        ("the **Term** ends", "Term** ends", "**Term** ends"),
        ("the **Term** ends", "Term", "Term"),
        ('by <span class="x">it</span> all', "it</span> all", '<span class="x">it</span> all'),
        ("by <u>it</u> all", "by <u>it", "by <u>it</u>"),
        ("a<br>b", "a<br>b", "a<br>b"),
    ],
)
def test_a_span_is_widened_so_that_no_pair_of_marks_is_cut(text: str, inside: str, widened: str):
    start = text.index(inside)
    start, end = balanced(text, start, start + len(inside))
    assert text[start:end] == widened


@given(st.text(alphabet=st.sampled_from("aB1.()#*_=| \n>~&"), max_size=200))
def test_spans_are_exact_and_no_word_is_lost_whatever_the_text(text: str):
    document = parse(text)
    assert all(before.end <= after.start for before, after in pairwise(document.blocks))
    assert all(text[b.start : b.end].strip() == text[b.start : b.end] != "" for b in document.blocks)
    kept = "".join(text[b.start : b.end] for b in document.blocks)
    numbers = "".join(document.number_shown(index)[1] for index in range(len(document.blocks)))
    assert sorted(c for c in kept + numbers if c.isalpha()) == sorted(c for c in text if c.isalpha())


@real
@pytest.mark.parametrize("path", sorted(DATA.glob("**/*.md")), ids=lambda path: path.stem)
def test_real_agreements_lose_no_word(path: Path):
    document = read(path)
    if path.name == "README.md":
        return
    assert all(before.end <= after.start for before, after in pairwise(document.blocks))
    numbers = [document.number_shown(index)[1] for index in range(len(document.blocks))]
    kept = [visible(document, block.start, block.end) for block in document.blocks]
    words = without_marks(document.text).replace("#", " ").split()
    assert len("".join(kept)) + len("".join(numbers)) >= len("".join(words)) - 2 * len(kept)


@real
def test_a_real_agreement_is_numbered_as_its_own_references_say():
    document = read(DATA / "contracts" / "commonpaper-csa.md")
    places = {block.place: visible(document, block.start, block.end) for block in document.blocks}
    assert places["8.4"].startswith("Exceptions.")
    assert places["8.1(a)"].startswith("Except as provided in Section 8.4 (Exceptions)")
    assert places["12.3"].startswith("Governing Law and Chosen Courts.")
