"""Packing real contracts with a real tokenizer, whose tokens do not add up."""

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from rheostat.context import (
    Ambiguous,
    Counter,
    Need,
    Origin,
    Pack,
    Section,
    Snippet,
    Trust,
    Window,
    pack,
)

CUAD = Path(__file__).parents[2] / "../shared/data/cuad-mini"


@pytest.fixture(scope="module")
def o200k() -> Callable[[str], int]:
    """litellm ships the tables that tiktoken would download."""
    tables = find_spec("litellm")
    assert tables and tables.submodule_search_locations
    with pytest.MonkeyPatch.context() as patch:
        folder = Path(tables.submodule_search_locations[0], "litellm_core_utils", "tokenizers")
        patch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
        import tiktoken

        encoding = tiktoken.get_encoding("o200k_base")
    return lambda text: len(encoding.encode_ordinary(text))


pytestmark = pytest.mark.skipif(not CUAD.exists(), reason="the sample contracts are not on this machine")


def asked(number: int) -> tuple[dict[str, Any], str]:
    """A question, and the contract that it is about."""
    query = json.loads((CUAD / "queries.jsonl").read_text().splitlines()[number])
    return query, (CUAD / "contracts" / query["contract"]).read_text()


def packed(number: int, tokens: int, counter: Counter, sections: Sequence[Section] = ()) -> Pack:
    query, contract = asked(number)
    offered = paragraphs(query["contract"], contract, set(query["query"].lower().split()))
    if sections:
        offered = [one.model_copy(update={"section": sections[n % 3].name}) for n, one in enumerate(offered)]
    return pack(
        offered,
        instruction="Answer from the contract alone.",
        task=query["query"],
        window=Window(tokens, 500),
        counter=counter,
        sections=sections,
    )


@pytest.mark.parametrize("sticky", [None, "/"])
@pytest.mark.parametrize("tokens", [1_500, 4_000, 8_000, 32_000])
def test_paragraphs_of_a_contract_fill_the_window_and_lead_back_to_it(
    o200k: Callable[[str], int], tokens: int, sticky: str | None
):
    contract = asked(0)[1]
    counter = Counter("o200k_base", o200k, per_message=3, per_request=3, sticky=sticky)
    made = packed(0, tokens, counter)
    assert made.tokens == counter.count(made.messages) <= tokens - 500
    left_out = [entry for entry in made.receipt.entries if entry.reason == "budget"]
    assert not left_out or made.window.room - made.tokens < 64  # less than one more paragraph and its fence
    shown = made.source_map
    for span in shown.spans[:: len(shown.spans) // 50 + 1]:
        for char in (span.start, span.end - 1):
            origin = shown.origin_at(span.message, char)
            assert origin and contract[origin.start] == made.messages[span.message].content[char]
            assert shown.shown_at(origin.source, origin.start) == (span.message, char)


@pytest.mark.parametrize("number", range(0, 190, 19))
def test_the_request_is_counted_to_the_token_with_all_kinds_of_sections(o200k: Callable[[str], int], number: int):
    sections = (Section("law", 0.3, keep="stable"), Section("talk", 0.3, keep="newest"), Section("found", 0.1))
    counter = Counter("o200k_base", o200k, per_message=3, per_request=3, sticky="/", error=0.02)
    made = packed(number, 6_000, counter, sections)
    assert made.tokens == counter.count(made.messages) <= 5_500
    for use in made.receipt.sections[:2]:
        assert use.tokens * 1.02 <= use.room_tokens


def test_every_answer_in_a_contract_is_cited_to_the_character(o200k: Callable[[str], int]):
    cited = 0
    for number in range(0, 190, 10):
        query, contract = asked(number)
        shown = packed(number, 100_000, Counter("o200k_base", o200k, sticky="/")).source_map
        for start, end in query["spans"]:
            words = contract[start:end].strip()
            if "\n" in words or not 30 < len(words) < 2000:
                continue
            try:
                origin = shown.cite(words).origin
            except Ambiguous as error:
                assert all(contract[o.start : o.end] == words for o in error.origins)
            else:
                assert origin and contract[origin.start : origin.end] == words
            cited += 1
    assert cited > 10


def paragraphs(source: str, text: str, asked: set[str]) -> list[Snippet]:
    """Each paragraph, scored by how many words of the question it has."""
    found: list[Snippet] = []
    start = 0
    for piece in text.split("\n"):
        if piece.strip():
            score = float(len(asked & set(piece.lower().split())))
            origin = Origin(source=source, start=start, end=start + len(piece))
            found.append(Snippet(text=piece, origin=origin, need=Need.SHOULD, score=score, trust=Trust.UNTRUSTED))
        start += len(piece) + 1
    return found
