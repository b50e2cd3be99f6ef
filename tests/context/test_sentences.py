"""Sentences are cut where a lawyer would stop reading, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import sentences


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    "whole",
    [
        "This Agreement is made by Acme Inc. and Bolt Corp. under U.S. law.",
        "See Sec. 4.2, No. 5 and Art. 6, e.g. Fig. 2.",
        "It starts on Dec. 5, 2020 at 5 p.m. Eastern time.",
        "J. P. Smith signs for the U.S. Department.",
        "The fee is $4.50 per unit.",
        "The party of Acme Inc.\nand no other.",
        "4.2. Term",
    ],
)
def test_abbreviations_and_numbers_do_not_end_a_sentence(whole: str):
    assert cut(whole) == [whole]


def test_sentences_end_where_they_end():
    text = '1. Term. It lasts "two years." Does it? (a) Yes! Made by Acme Inc. The rest follows.'
    assert cut(text) == [
        "1. Term.",
        'It lasts "two years."',
        "Does it?",
        "(a) Yes!",
        "Made by Acme Inc.",
        "The rest follows.",
    ]


def test_lists_and_paragraphs_are_cut_at_line_ends():
    assert cut("It holds that:\n(a) one;\n(b) two\n\nNext one") == ["It holds that:", "(a) one;", "(b) two", "Next one"]


@given(st.text(alphabet=st.sampled_from('aB.!? \n\t"()1;:_*’§')) | st.text())
def test_all_text_is_covered_once_and_in_order(text: str):
    spans = sentences(text)
    assert "".join("".join(text[start:end].split()) for start, end in spans) == "".join(text.split())
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in zip(spans, spans[1:], strict=False))
    assert all(text[start:end] == text[start:end].strip() for start, end in spans)
