"""Hosted models' tokens: exact where the table is the model's own, bounded where not, and never by the network."""

import random
import socket
import time
from pathlib import Path
from typing import NoReturn

import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.adapters import counters
from rheostat.app_core.adapters.counters import hosted_counter
from rheostat.context import (
    Attachment,
    Calibration,
    Counter,
    Measure,
    Message,
    Uncountable,
    calibrated,
    observed,
)

DATA = Path(__file__).parents[2] / "../shared/data"

WEIRD = st.text(
    st.one_of(st.characters(), st.sampled_from(" \n\t\r/.,!'sSaZ\u0301\u200d\u200f\u05d0\u0627\u3000\x1c\x85\0漢😀7"))
)
OWN = pytest.mark.parametrize("model", ["gpt-4o", "gpt-4"])


def whole(model: str, text: str) -> int:
    table = "o200k_base" if model == "gpt-4o" else "cl100k_base"
    return len(tiktoken.get_encoding(table).encode_ordinary(text))


@pytest.fixture(autouse=True)
def loaded() -> None:
    hosted_counter("gpt-4o").count_text("a")
    hosted_counter("gpt-4").count_text("a")


@OWN
@given(parts=st.lists(st.tuples(WEIRD, st.sampled_from(["\n\n", "\n", ""])), max_size=6))
def test_parts_of_any_writing_count_as_the_whole(model: str, parts: list[tuple[str, str]]) -> None:
    texts = [text + end for text, end in parts]
    assert hosted_counter(model).count_parts(texts) == whole(model, "".join(texts))


@OWN
def test_no_character_but_the_sticky_ones_joins_a_token_with_a_blank_line(model: str) -> None:
    """Every mark and blank of the plane that nearly all texts are written in, after the ends that could go on."""
    counter = hosted_counter(model)
    ends = {end: whole(model, end) for end in ("a!\n\n", "7 \n\n", "/\n\n", "漢\r\n\n\n")}
    others = (chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000 and not chr(code).isalpha())
    for character in others:
        if character.isspace() or character in (counter.sticky or ""):
            continue
        alone = whole(model, character + "b")
        for end, tokens in ends.items():
            assert whole(model, end + character + "b") == tokens + alone, (end, character)


@OWN
def test_real_contracts_count_as_their_paragraphs(model: str) -> None:
    if not DATA.is_dir():
        pytest.skip("The folder with real contracts is not there.")
    counter = hosted_counter(model)
    for path in sorted(DATA.glob("contracts/*.md")):
        parts = [f"{paragraph}\n\n" for paragraph in path.read_text().split("\n\n")]
        random.Random(1).shuffle(parts)
        assert counter.count_parts(parts) == whole(model, "".join(parts)), path.name


@OWN
@given(text=WEIRD)
def test_long_texts_are_cut_where_it_changes_nothing(model: str, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counters, "_LONG", 5)
        table = "o200k_base" if model == "gpt-4o" else "cl100k_base"
        assert counters._count(table, text) == whole(model, text)  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("word " * 1_000_000, 1_000_001),
        ("x" * 5_000_000, 5_000_000),
        ("x" + " " * 5_000_000 + "x", 5_000_002),
        ("\u05e9\u05dc\u05d5\u05dd " * 300_000, 300_001),
        ("\0" * 300_000, 150_000),
    ],
)
def test_one_line_of_megabytes_is_counted_in_seconds_and_never_too_low(text: str, tokens: int) -> None:
    started = time.monotonic()
    assert hosted_counter("gpt-4o").count_text(text) == tokens
    assert time.monotonic() - started < 20


def test_half_a_surrogate_pair_is_counted_as_what_can_be_sent_for_it() -> None:
    assert hosted_counter("gpt-4o").count_text("a\ud800b") == whole("gpt-4o", "a\ufffdb")


def test_each_text_is_encoded_once_for_all_models(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> NoReturn:
        raise AssertionError(f"{name} was asked again")

    text = f"Encoded {random.random()} times."
    first = hosted_counter("gpt-4o").count_text(text)
    monkeypatch.setattr(counters, "_table", refuse)
    assert hosted_counter("claude-opus-4-7").count_text(text) == first


def test_counting_makes_no_connection_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("counting reached for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(counters, "_table", counters._table.__wrapped__)  # pyright: ignore[reportPrivateUsage]
    tiktoken.registry.ENCODINGS.clear()
    for model in ("gpt-4o", "gpt-4", "meta-llama/Llama-3-8b", "claude-opus-4-7", "nobody/knows-this-1"):
        assert hosted_counter(model).count([Message(role="user", content=f"Say {random.random()}.")]) > 5


def test_a_model_nobody_knows_is_counted_with_half_as_much_again() -> None:
    counter = hosted_counter("nobody/knows-this-1")
    text = "The Receiving Party shall return it. " * 300
    assert counter.error == 0.5
    assert counter.count([Message(role="user", content=text)]) >= 1.5 * whole("gpt-4o", text)


def image(width: int, height: int) -> Attachment:
    return Attachment(name="scan.png", media_type="image/png", data=b"", width=width, height=height)


@pytest.mark.parametrize(
    ("model", "size", "tokens"),
    [  # The examples of the providers' own pages, and counts that users published.
        ("gpt-4o", (1024, 1024), 765),
        ("gpt-4o", (2048, 4096), 1105),
        ("gpt-4o", (128, 64), 255),
        ("gpt-4.1", (1800, 2400), 765),
        ("gpt-4o-mini", (128, 64), 2833 + 5667),
        ("gpt-5", (1024, 1024), 630),
        ("gpt-4.1-mini", (1024, 1024), 1659),
        ("openai/gpt-5-nano", (1024, 1024), 2520),
        ("o4-mini", (32, 32), 2),
        ("claude-sonnet-4-5", (1000, 1000), 1296),
        ("claude-sonnet-4-5", (1092, 1092), 1521),
        ("bedrock/anthropic.claude-3-5-sonnet-20241022-v2:0", (8000, 8000), 1600),
        ("anthropic/claude-opus-4-7", (2576, 1449), 4784),
        ("gemini/gemini-2.5-pro", (384, 300), 258),
        ("gemini/gemini-2.5-pro", (960, 540), 6 * 258),
        ("gemini/gemini-3.5-flash-lite", (4000, 3000), 1120),
    ],
)
def test_pictures_count_as_the_providers_say(model: str, size: tuple[int, int], tokens: int) -> None:
    counted = hosted_counter(model).count_attachment(image(*size))
    assert counted == tokens


@pytest.mark.parametrize(
    "model", ["gpt-4o", "gpt-5.4-mini", "gpt-5.6", "claude-opus-4-7", "gemini-2.5-pro", "gemini-3-pro"]
)
@given(width=st.integers(1, 8000), height=st.integers(1, 8000))
def test_pictures_of_any_size_count_something(model: str, width: int, height: int) -> None:
    assert (
        1
        <= hosted_counter(model).count_attachment(image(width, height))
        == hosted_counter(model).count_attachment(image(height, width))
    )


def test_a_pdf_counts_a_picture_for_each_page_and_its_text() -> None:
    text = "This Agreement binds both Parties. " * 100
    pdf = Attachment(name="nda.pdf", media_type="application/pdf", data=b"", pages=3, text=text)
    counter = hosted_counter("claude-sonnet-4-5")
    # Published by users: 2,100 to 2,280 tokens a page of 500 tokens.
    assert counter.count_attachment(pdf) > 3 * 1500 + counter.count_text(text)
    assert hosted_counter("gemini-3-pro").count_attachment(pdf) > 3 * 560
    assert counter.count_attachment(pdf.model_copy(update={"text": ""})) == 3 * 1600


def test_what_nobody_can_count_is_refused() -> None:
    with pytest.raises(Uncountable, match="not known how ollama/llava counts image/png"):
        hosted_counter("ollama/llava").count_attachment(image(10, 10))
    with pytest.raises(Uncountable, match="size of scan.png is not stated"):
        hosted_counter("gpt-4o").count_attachment(image(0, 0))


def test_a_table_that_is_not_the_models_own_is_calibrated_on_real_contracts() -> None:
    """A model whose tokenizer is cl100k_base in truth, counted with o200k_base and 30 % to spare."""
    if not DATA.is_dir():
        pytest.skip("The folder with real contracts is not there.")
    texts = [path.read_text(errors="replace") for path in sorted(DATA.glob("contracts/*.[mt][dx]*"))]
    pieces = [text[at : at + 1500] for text in texts for at in range(0, len(text), 1500)]
    sizes = [(whole("gpt-4o", piece), whole("gpt-4", piece)) for piece in pieces]
    dice, prior = random.Random(5), Counter("near", len, per_message=8, per_request=16, error=0.3)
    for _ in range(20):
        known = Calibration(counter="near")
        for _ in range(100):
            chosen = dice.sample(sizes, dice.randint(1, 60))
            measure = Measure(sum(near for near, _ in chosen), 32, 0)
            truth = sum(own for _, own in chosen) + dice.randint(8, 32)
            assert truth <= (measure.text + measure.overhead) * (1 + calibrated(prior, known).error)
            known = observed(known, measure, truth)
        assert calibrated(prior, known).error < 0.15


def test_a_builder_gets_a_models_counter_from_the_face() -> None:
    import rheostat

    counter = rheostat.counter_for("gpt-4o")
    assert (counter.name, counter.error) == ("o200k_base", 0.02)
    assert counter.count_text("Hello world") == 2
