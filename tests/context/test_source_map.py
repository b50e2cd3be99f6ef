"""From each character of a prompt to its source and back, and from a quote to where it stands, or nowhere."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rheostat.context import (
    Ambiguous,
    Counter,
    Form,
    NotThere,
    Origin,
    Pack,
    Quote,
    Section,
    Snippet,
    SourceMap,
    Trust,
    Window,
    derived,
    pack,
    sentences,
)

CHARACTERS = Counter("characters", len)
CLAUSE = "The “Term” is one year – renewed by both parties. Fees are due\u00a0monthly. Don’t assign."


def clause(text: str, place: str = "", start: int = 100, source: str = "contract.docx", **more: Any) -> Snippet:
    origin = Origin(source=source, start=start, end=start + len(text), place=place, page=3)
    return Snippet.model_validate({"text": text, "origin": origin, **more})


def packed(
    *offered: Snippet, tokens: int = 50_000, sections: tuple[Section, ...] = (), task: str = "Review it."
) -> Pack:
    window = Window(tokens, 0)
    return pack(offered, instruction="Judge fairly.", task=task, window=window, counter=CHARACTERS, sections=sections)


pieces = st.lists(st.text(st.characters(exclude_categories=()), min_size=1, max_size=40), min_size=1, max_size=5)


@given(pieces, st.lists(st.sampled_from(Trust), min_size=5, max_size=5), st.integers(0, 50))
def test_each_character_shown_leads_to_its_own_and_back(texts: list[str], trusts: list[Trust], gap: int):
    """Of one source, cut into snippets with gaps between them."""
    offered, start = list[Snippet](), gap
    for text, trust in zip(texts, trusts, strict=False):
        offered.append(clause(text, start=start, trust=trust))
        start += len(text) + gap
    made = packed(*offered)
    for span in made.source_map.spans:
        begin = span.origin.start if span.origin else 0
        for char in range(span.start, span.end):
            origin = made.source_map.origin_at(span.message, char)
            assert origin and origin.source == "contract.docx"
            assert (origin.start, origin.end) == (begin + char - span.start, begin + char - span.start + 1)
            back = made.source_map.shown_at("contract.docx", origin.start)
            assert back == (span.message, char)
    for message in range(len(made.messages)):
        for char, _ in enumerate(made.messages[message].content):
            inside = any(s.message == message and s.start <= char < s.end for s in made.source_map.spans)
            assert inside == (made.source_map.origin_at(message, char) is not None)


def test_what_was_not_shown_or_is_no_place_leads_nowhere():
    shown = packed(clause("Term."), clause("y" * 900, start=500), tokens=700).source_map
    assert shown.shown_at("contract.docx", 500) is None
    assert shown.shown_at("contract.docx", 105) is None
    assert shown.shown_at("annex.docx", 100) is None
    assert shown.origin_at(7, 0) is None
    assert shown.origin_at(1, 10_000) is None


def test_a_shorter_form_leads_to_its_whole_origin_and_nothing_leads_to_it():
    offered = clause("The term is one year. " * 50, "4.2 Term", shorter=(Form("One year."),))
    made = packed(offered, tokens=700)
    assert made.source_map.spans[0].form == 1
    assert made.source_map.origin_at(1, made.messages[1].content.index("One")) == offered.origin
    assert made.source_map.shown_at("contract.docx", 100) is None
    assert made.source_map.cite("One year.").origin == offered.origin


def test_a_summary_is_no_copy_even_where_it_is_as_long_as_its_source():
    source = clause("The term is one year.")
    summary = derived("It runs for 12 months", [source])
    assert len(summary.text) == len(source.text)
    shown = packed(summary).source_map
    assert shown.shown_at("contract.docx", 100) is None
    cited = shown.cite("runs for 12 months")
    assert (cited.origin, cited.also) == (None, (source.origin,))


def test_only_equal_texts_are_copies_character_by_character():
    near = clause("THE TERM IS ONE YEAR.", source="b.docx")
    equal = clause("The term is one year.", source="c.docx")
    made = packed(clause("The term is one year.", score=1.0), near, equal)
    assert len(made.source_map.spans) == 1
    assert made.source_map.shown_at("b.docx", 104) is None
    at = made.source_map.shown_at("contract.docx", 104)
    assert at is not None and made.source_map.shown_at("c.docx", 104) == at


@given(st.lists(st.sampled_from(["The fee", "is due", "in May", "“now”", "– or", "don’t"]), min_size=2, max_size=9))
def test_any_words_shown_are_cited_with_their_characters(words: list[str]):
    text = " ".join(words)
    quoted = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("–", "-").replace(" ", "\n ")
    made = packed(clause(text))
    cited = made.source_map.cite(quoted)
    assert cited.origin and (cited.origin.start, cited.origin.end) == (100, 100 + len(text))
    assert made.messages[cited.message].content[cited.start : cited.end] == text


def test_every_sentence_shown_is_cited_however_it_is_typed():
    made = packed(clause(CLAUSE, "4.2 Term"), clause("Liability is capped.", "9", start=900))
    for start, end in sentences(CLAUSE):
        text = CLAUSE[start:end]
        typed = text.replace("“", '"').replace("”", '"').replace("’", "'").replace("–", "-").replace("\u00a0", "  ")
        for quote in (text, typed, Quote(text=typed, place="12.7")):
            cited = made.source_map.cite(quote)
            assert cited.origin and cited.origin.place == "4.2 Term" and cited.origin.page == 3
            assert made.messages[cited.message].content[cited.start : cited.end].strip() == text.strip()
            assert cited.snippet == 0


@pytest.mark.parametrize(
    "made_up",
    [
        "The Term is two years.",
        "Fees are due",
        "Liability is not capped.",
        "the “term” is one year",
        "erm",
        "is one year … Fees",
        "monthly. Don’t assign. Liability",
        "Judge unfairly.",
        "contract.docx",
        "from=",
        "\u200b",
        "…",
    ],
)
def test_what_was_not_shown_is_not_there(made_up: str):
    made = packed(
        clause("The “Term” is one year. Fees were due monthly. Don’t assign."), clause("Liability is capped.")
    )
    assert made.source_map.cite("The “Term” is one year").snippet == 0
    with pytest.raises(NotThere, match="what the model saw"):
        made.source_map.cite(made_up)


def test_words_of_the_program_are_cited_without_an_origin_and_snippets_come_first():
    made = packed(clause("Liability is capped."), task="Is liability capped? Liability is capped.")
    cited = made.source_map.cite("Is liability capped?")
    assert (cited.origin, cited.snippet, cited.trust, cited.also) == (None, None, Trust.USER, ())
    assert made.messages[cited.message].content[cited.start : cited.end] == "Is liability capped?"
    assert made.source_map.cite("Judge fairly.").message == 0
    assert made.source_map.cite("Liability is capped.").snippet == 0


def test_what_stands_at_two_places_is_ambiguous_and_both_are_named():
    made = packed(clause("Fees are due.", "4", trust=Trust.TRUSTED), clause("Fees are due. Now.", "9", start=900))
    with pytest.raises(Ambiguous) as refused:
        made.source_map.cite("Fees are due.")
    assert [origin.place for origin in refused.value.origins] == ["4", "9"]
    assert made.source_map.cite("Fees are due. Now.").snippet == 1
    with pytest.raises(Ambiguous):
        packed(clause("Pay now. Pay now.")).source_map.cite("Pay now.")


def test_what_has_an_origin_is_cited_by_it_and_what_has_none_by_the_least_trusted():
    plain = Snippet(text="Fees are due.", trust=Trust.USER)
    made = packed(plain, clause("So: Fees are due.", "9"))
    cited = made.source_map.cite("Fees are due.")
    assert cited.snippet == 1 and cited.origin and cited.origin.start == 104
    strange = Snippet(text="Hear: Fees are due.", trust=Trust.UNTRUSTED)
    cited = packed(plain, strange).source_map.cite("Fees are due.")
    assert (cited.snippet, cited.origin, cited.trust) == (1, None, Trust.UNTRUSTED)


@given(st.text(max_size=60), st.text(max_size=12))
def test_citing_anything_either_finds_it_or_says_it_is_not_there(text: str, quote: str):
    assume(quote)
    made = packed(clause(text), task="")
    try:
        cited = made.source_map.cite(quote)
    except (NotThere, Ambiguous):
        return
    assert made.messages[cited.message].content[cited.start : cited.end]


def test_it_can_be_stored_and_asked_again():
    made = packed(clause(CLAUSE, "4.2 Term"))
    again = SourceMap.model_validate_json(made.source_map.model_dump_json())
    assert again == made.source_map
    assert again.cite("Don't assign.") == made.source_map.cite("Don't assign.")
