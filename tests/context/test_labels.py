"""Labels: a citation by label is the sentence itself, and no label stands for what was not shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from rheostat.context import Origin, Quote, Snippet, labelled

ONE = "The term is ten (10) years. It renews, e.g. by notice."
TWO = "13 Governing law\n13.1 New York law governs this."
TEXT = "The term is ten (10) years. It renews, e.g. by notice.\nEither party may end it."


def test_every_sentence_but_a_heading_gets_a_label_that_gives_it_back() -> None:
    origin = Origin(source="nda.docx", start=0, end=len(ONE), place="4.2")
    snippets, quotes = labelled([Snippet(text=ONE, origin=origin), Snippet(text=TWO)])
    assert snippets[0].text.splitlines()[0] == "[s1] The term is ten (10) years."
    assert snippets[1].text == f"13 Governing law\n[s{len(quotes)}] 13.1 New York law governs this."
    cited = TypeAdapter(list[Quote]).validate_json('["s1"]', context={"labels": quotes})
    assert cited == [Quote(place="4.2", text="The term is ten (10) years.")]
    assert quotes[f"s{len(quotes)}"].place == "13.1", "a line of a longer passage names its own clause"


def test_what_is_offered_twice_gets_the_same_labels_twice() -> None:
    snippets, quotes = labelled([Snippet(text=TEXT), Snippet(text=ONE), Snippet(text=TEXT, score=2.0)])
    assert snippets[0].text == snippets[2].text != snippets[1].text
    assert len(quotes) == 5 and snippets[2].score == 2.0


def test_a_label_that_was_not_shown_is_refused_by_name() -> None:
    _, quotes = labelled([Snippet(text=TEXT)])
    with pytest.raises(ValidationError, match="there is no sentence 's9'; cite one of s1, s2"):
        TypeAdapter(Quote).validate_json('"s9"', context={"labels": quotes})
    with pytest.raises(ValidationError, match="there is no sentence"):
        TypeAdapter(Quote).validate_json('"s1"')


@given(st.lists(st.text(max_size=80), max_size=5))
def test_what_a_label_stands_for_stands_in_its_snippet(texts: list[str]) -> None:
    snippets = [Snippet(text=text) for text in texts]
    marked, quotes = labelled(snippets)
    assert len(marked) == len(snippets)
    assert all(any(quote.text in text for text in texts) for quote in quotes.values())
