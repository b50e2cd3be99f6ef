"""A quote is found where it stands, exactly, or refused with the reason."""

from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from rheostat.context import Ambiguous, Block, ContextError, Document, NotThere, Origin, Quote, locate, read, sentences
from rheostat.context.folding import fold
from rheostat.context.io.markdown import markdown_blocks
from rheostat.context.io.plain import plain_blocks

DATA = Path(__file__).parents[3] / "shared" / "data"
NDA = (
    "PREAMBLE\n\nThe parties agree.\n\n4. Term and Termination\n\n4.1 Term. This NDA lasts “two years” – no more.\n\n"
    "4.2 Recipient will:\n\n(a) use the information only for\nthe Purpose; and\n\n(b) destroy it on request.\n\n"
    "5. Exceptions. It does not apply to what: (a) is public, (b) was known before or (c) was received since.\n\n"
    "6. Notices. Each party agrees. The parties agree."
)


def plain(text: str) -> Document:
    return Document(source="nda.txt", text=text, blocks=plain_blocks(text))


def markdown(text: str) -> Document:
    return Document(source="nda.md", text=text, blocks=markdown_blocks(text), markdown=True)


def found(document: Document, text: str, place: str = "") -> str:
    origin = locate(document, Quote(place=place, text=text))
    return document.text[origin.start : origin.end]


def quoted(document: Document, start: int, end: int) -> str:
    return fold(document.text[start:end], markdown=document.markdown).text


@pytest.mark.parametrize(
    ("words", "in_the_file"),
    [
        ("This NDA lasts “two years” – no more.", "This NDA lasts “two years” – no more."),
        ('lasts "two years" - no more', "lasts “two years” – no more"),
        ("  only   for the\u00a0Purpose ", "only for\nthe Purpose"),
        ("in\u00adfor\u200bmation", "information"),
        ("(a) use the information", "(a) use the information"),
        ("Recipient will: (a) use", "Recipient will:\n\n(a) use"),
        ("Recipient will: use the information", "Recipient will:\n\n(a) use the information"),
        ("4.2 Recipient will:", "4.2 Recipient will:"),
        ("4. Term and Termination 4.1 Term.", "4. Term and Termination\n\n4.1 Term."),
    ],
)
def test_spacing_quotes_dashes_and_numbers_may_differ(words: str, in_the_file: str):
    assert found(plain(NDA), words) == in_the_file


@pytest.mark.parametrize(
    "words",
    [
        "This NDA lasts “three years”",
        "this NDA lasts",
        "This NDA ... no more",
        "This NDA … no more",
        "This NDA last",
        "his NDA lasts",
        "destroy it on request, if asked",
        "use the information solely for the Purpose",
        "\u00ad",
    ],
)
def test_any_other_change_is_not_there(words: str):
    with pytest.raises(NotThere, match="word for word") as refused:
        found(plain(NDA), words)
    assert refused.value.elsewhere == ()
    assert refused.value.mend == "model"


@pytest.mark.parametrize(
    "place",
    [
        "4.2(a)",
        "Section 4.2(a)",
        "4.2 (a)",
        "clause 4.2",
        "4.2.",
        "§ 4.2",
        "4",
        "4.2 Recipient",
        "(a)",
        "(A)",
        " 4.2 (a) use ",
    ]
    + ["Term and Termination", "term and termination", "Term", "Section 4", "4. Term and Termination"],
)
def test_a_place_may_be_cited_in_many_ways(place: str):
    assert found(plain(NDA), "for the Purpose", place) == "for\nthe Purpose"


@pytest.mark.parametrize("place", ["4.1", "5", "4.2(b)", "(b)", "2", "42", "Section 9", "Notices", "nowhere"])
def test_a_quote_from_elsewhere_is_refused_with_where_it_stands(place: str):
    with pytest.raises(NotThere) as refused:
        found(plain(NDA), "for the Purpose", place)
    assert [origin.place for origin in refused.value.elsewhere] == ["4.2(a)"]
    assert f"does not stand at “{place}” of nda.txt but at 4.2(a)" in str(refused.value)


@pytest.mark.parametrize(
    "place",
    ["4.2 as agreed by counsel", "4.2(a) use it freely", "Term and Termination: accept this", "Section 4 4.2 destroy"],
)
def test_a_place_with_words_that_do_not_stand_there_is_none(place: str):
    """A place that a quote's check vouches for is shown to people: it may say nothing that the document doesn't."""
    with pytest.raises(NotThere):
        found(plain(NDA), "for the Purpose", place)


@pytest.mark.parametrize(
    ("place", "there"), [("5(b)", True), ("5(a)", False), ("5(c)", False), ("5", True), ("5(d)", False)]
)
def test_an_item_inside_a_sentence_is_a_place(place: str, there: bool):
    if there:
        assert found(plain(NDA), "was known before", place) == "was known before"
    else:
        with pytest.raises(NotThere):
            found(plain(NDA), "was known before", place)


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("ARTICLE IV", "Article 4"),
        ("Article 4", "article IV"),
        ("Article IV", "IV"),
        ("1.0", "1"),
        ("Section 2.01", "2.01"),
    ],
)
def test_numbers_are_compared_by_what_they_say(number: str, place: str):
    block = Block(kind="paragraph", start=0, end=12, number=number)
    assert found(Document(source="x", text="Fees are due", blocks=(block,)), "Fees are", place) == "Fees are"


def test_words_that_stand_twice_are_ambiguous_until_the_place_decides():
    with pytest.raises(Ambiguous) as refused:
        found(plain(NDA), "The parties agree.")
    assert [origin.place for origin in refused.value.origins] == ["PREAMBLE", "6"]
    assert "stands 2 times in nda.txt: PREAMBLE, 6" in str(refused.value)
    assert NDA.index(found(plain(NDA), "The parties agree.", "6")) == NDA.index("The parties agree.")
    assert locate(plain(NDA), Quote(place="6", text="The parties agree.")).start == NDA.rindex("The parties")
    assert isinstance(refused.value, ContextError)


def test_an_automatic_number_may_be_quoted_though_the_text_does_not_hold_it():
    blocks = (
        Block(kind="paragraph", start=0, end=16, number="2.1"),
        Block(kind="list_item", start=17, end=26, number="(a)", path=("2.1",)),
    )
    document = Document(source="a.docx", text="Recipient shall:\nkeep it so", blocks=blocks)
    for words in ("2.1 Recipient shall: (a) keep it", "Recipient shall: keep it"):
        assert found(document, words, "2.1") == "Recipient shall:\nkeep it"
    assert found(document, "(a) keep it", "2.1(a)") == "keep it"


def test_markdown_marks_need_not_be_quoted_and_are_never_cut():
    text = '1. **Use**. For the <span class="x">Purpose</span> and (“**NDA**”) it\\* is [here](https://x.y).'
    document = markdown(text)
    assert found(document, "Use. For the Purpose", "1") == '**Use**. For the <span class="x">Purpose</span>'
    assert found(document, "**Use**. For the Purpose and", "1") == '**Use**. For the <span class="x">Purpose</span> and'
    assert found(document, "(“NDA”) it* is here.") == "(“**NDA**”) it\\* is [here](https://x.y)."
    with pytest.raises(NotThere):
        found(document, "For span Purpose")


def test_what_looks_like_a_mark_in_plain_text_is_text():
    document = plain("The price is [***] per unit, or 2 _x_ if late.")
    assert found(document, "is [***] per") == "is [***] per"
    with pytest.raises(NotThere):
        found(document, "2 x if late")


def test_quotes_are_bounded():
    for wrong in ({"text": ""}, {"text": "x" * 2001}, {"text": "x", "place": "x" * 81}):
        with pytest.raises(ValidationError):
            Quote.model_validate(wrong)


words = st.lists(
    st.sampled_from("fee Term “due” shall – the § party's 4.2 (a) [***] co-op naïve ﬁne".split()),
    min_size=1,
    max_size=30,
)
spaces = st.sampled_from([" ", "  ", "\n", "\u00a0", " \n "])


@given(words, st.data())
def test_what_is_found_says_exactly_what_was_quoted(said: list[str], data: st.DataObject):
    text = "".join(word + data.draw(spaces) for word in said).strip()
    document = Document(source="x", text=text, blocks=(Block(kind="paragraph", start=0, end=len(text)),))
    first = data.draw(st.integers(0, len(said) - 1))
    quoted = said[first : data.draw(st.integers(first + 1, len(said)))]
    quote = Quote(text=data.draw(spaces).join(quoted).replace("“", '"').replace("–", "-").replace("fee", "f\u00adee"))
    try:
        origins: tuple[Origin, ...] = (locate(document, quote),)
    except Ambiguous as ambiguous:
        origins = ambiguous.origins
    assert all(fold(text[origin.start : origin.end]).text == fold(quote.text).text for origin in origins)
    assert any(text[origin.start : origin.end].split() == quoted for origin in origins)


@given(words, st.data())
def test_a_quote_with_one_word_changed_is_not_there(said: list[str], data: st.DataObject):
    text = " ".join(said)
    document = Document(source="x", text=text, blocks=(Block(kind="paragraph", start=0, end=len(text)),))
    at = data.draw(st.integers(0, len(said) - 1))
    changed = [*said[:at], data.draw(st.sampled_from(["not", "fees", "4.3", ""])), *said[at + 1 :]]
    assume(" ".join(changed).strip() and "".join(changed) not in text.replace(" ", ""))
    with pytest.raises(NotThere):
        locate(document, Quote(text=" ".join(changed)))


@pytest.mark.skipif(not DATA.is_dir(), reason="the shared sample contracts are not on this machine")
@pytest.mark.parametrize("path", sorted(DATA.glob("contracts/*.[mt][dx]*")), ids=lambda path: path.stem[:20])
def test_every_sentence_of_a_real_contract_can_be_quoted_at_its_place(path: Path):
    document = read(path)
    for block in document.blocks[::7]:
        spans = [(block.start + start, block.start + end) for start, end in sentences(document.block_text(block))]
        for start, end in (span for span in spans[:2] if span[1] - span[0] <= 600):
            try:
                origin = locate(document, Quote(place=block.place, text=document.text[start:end]))
                assert quoted(document, origin.start, origin.end) == quoted(document, start, end)
            except Ambiguous as ambiguous:
                assert any(start <= origin.start < end for origin in ambiguous.origins)
