"""The passages a question is about come first, whole, exact and the same every time."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.context import Document, Quote, Trust, find, locate, read, snippets
from rheostat.context.io.markdown import markdown_blocks
from rheostat.context.io.plain import plain_blocks

DATA = Path(__file__).parents[3] / "shared" / "data"
FILLER = (
    "The parties shall perform what they have promised in this clause, in full and on time, as set out in the order. "
    * 5
)
NDA = (
    f"1. Use. {FILLER}\n\n2. Permitted Disclosures. Recipient may share the information with:\n\n"
    f"(a) its employees. {FILLER}\n\n"
    f"(b) its lenders and acquirers. {FILLER}{FILLER}\n\n3. Governing Law. The laws of Delaware govern. {FILLER}\n\n"
    f"4. Fees. The renewalTerm costs $1,200 as in Annex 7.3. {FILLER}\n\n5. Survival. {FILLER}"
)


def plain(text: str, trust: Trust = Trust.UNTRUSTED) -> Document:
    return Document(source="nda.txt", text=text, blocks=plain_blocks(text), trust=trust)


def places(query: str, limit: int = 8) -> list[str]:
    return [snippet.origin.place for snippet in find(plain(NDA), query, limit=limit) if snippet.origin]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("Which law governs?", "3"),
        ("governed by the laws of a state", "3"),
        ("renewal term", "4"),
        ("renewalTerm", "4"),
        ("a fee of 1200", "4"),
        ("7.3", "4"),
        ("surviving clauses", "5"),
        ("lender", "2(b)"),
    ],
)
def test_words_names_numbers_and_endings_are_understood(query: str, place: str):
    assert places(query)[0] == place


def test_an_item_comes_with_the_sentence_that_leads_in_to_it():
    assert places("lenders", limit=2) == ["2(b)", "2"]


def test_a_title_helps_to_find_what_stands_under_it():
    text = (
        f"1. Insurance\n\n{FILLER}{FILLER}{FILLER}\n\n{FILLER}{FILLER}{FILLER}\n\n2. Other\n\n{FILLER}{FILLER}{FILLER}"
    )
    assert [snippet.origin.place for snippet in find(plain(text), "insurance", limit=2) if snippet.origin] == ["1", "1"]


def test_scores_fall_and_the_trust_is_the_documents():
    found = find(plain(NDA, Trust.TRUSTED), "Delaware law")
    assert found[0].score > 0
    assert all(before.score >= after.score for before, after in pairwise(found))
    assert {snippet.trust for snippet in found} == {Trust.TRUSTED}


def test_a_question_with_no_known_word_gets_the_beginning():
    assert places("xyzzy", limit=2) == places("", limit=2) == ["1", "2"]
    assert {snippet.score for snippet in find(plain(NDA), "xyzzy")} == {0.0}


def test_a_short_document_is_returned_whole():
    text = "1. Term. Two years.\n\n2. Law. Delaware."
    assert [snippet.text for snippet in find(plain(text), "law")] == ["1. Term. Two years.\n2. Law. Delaware."]
    assert find(plain(text), "law", limit=0) == []


def test_a_snippet_shows_the_numbers_a_reader_sees_and_no_marks():
    text = '1. **Fees**\n    1. <span class="x">Customer</span> pays _monthly_.\n'
    document = Document(source="x.md", text=text, blocks=markdown_blocks(text), markdown=True)
    assert [snippet.text for snippet in snippets(document)] == ["1. Fees\n1.1 Customer pays monthly."]


def test_a_long_paragraph_is_cut_at_sentences():
    sentence = "The parties shall perform what they promised in this clause. "
    text = "1. Long. " + sentence * 150
    made = snippets(plain(text))
    assert len(made) > 4
    for snippet in made:
        assert snippet.origin is not None
        assert len(snippet.text) <= 1500
        assert text[snippet.origin.start : snippet.origin.end] == snippet.text
        assert snippet.text.endswith("clause.")


@given(st.text(alphabet=st.sampled_from("aB1.(): \n;,") | st.characters(), max_size=400), st.integers(1, 60))
def test_snippets_hold_every_word_once(text: str, repeat: int):
    document = plain(text * repeat)
    made = snippets(document)
    spans = [(snippet.origin.start, snippet.origin.end) for snippet in made if snippet.origin]
    assert len(spans) == len(made)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    held = sum(len("".join(document.text[start:end].split())) for start, end in spans)
    outside = sum(len("".join(document.block_text(block).split())) for block in document.blocks)
    assert held >= outside
    assert all(len(snippet.text) <= 1600 for snippet in made)


@given(st.text(max_size=40), st.integers(0, 12))
def test_any_question_is_answered_within_the_limit_without_repeats(query: str, limit: int):
    found = find(plain(NDA), query, limit=limit)
    assert len(found) == min(limit, len(snippets(plain(NDA))))
    assert len({snippet.text for snippet in found}) == len(found)


def test_the_order_does_not_depend_on_the_hash_seed():
    script = (
        "import sys; from rheostat.context import Document, find; from rheostat.context.io.plain import plain_blocks\n"
        "text = sys.stdin.read(); document = Document(source='x', text=text, blocks=plain_blocks(text))\n"
        "print([(s.origin.start, s.score) for s in find(document, 'law fees lenders order clause employees')])"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", script],
            input=NDA,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared sample contracts are not on this machine")
def test_what_is_found_in_a_real_contract_can_be_quoted_at_its_place():
    document = read(DATA / "contracts" / "commonpaper-csa.md")
    best = find(document, "What is the cap on liability?", limit=3)
    assert any("total cumulative liability" in snippet.text for snippet in best)
    for snippet in best:
        assert snippet.origin is not None
        first_line = snippet.text.split("\n")[0][:600]
        assert locate(document, Quote(place=snippet.origin.place, text=first_line)).start >= snippet.origin.start
