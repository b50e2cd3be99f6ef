"""Packing real contracts with a real tokenizer, whose tokens do not add up."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from rheostat.context import Counter, Need, Origin, Snippet, Trust, Window, pack

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


@pytest.mark.skipif(not CUAD.exists(), reason="the sample contracts are not on this machine")
@pytest.mark.parametrize("tokens", [1_500, 4_000, 8_000, 32_000])
def test_paragraphs_of_a_contract_fill_the_window_and_lead_back_to_it(o200k: Callable[[str], int], tokens: int):
    query = json.loads((CUAD / "queries.jsonl").read_text().splitlines()[0])
    contract = (CUAD / "contracts" / query["contract"]).read_text()
    counter = Counter("o200k_base", o200k, per_message=3, per_request=3)
    made = pack(
        paragraphs(query["contract"], contract, set(query["query"].lower().split())),
        instruction="Answer from the contract alone.",
        task=query["query"],
        window=Window(tokens, 500),
        counter=counter,
    )
    assert made.tokens == counter.count(made.messages) <= tokens - 500
    left_out = [entry for entry in made.receipt.entries if entry.reason == "budget"]
    assert not left_out or made.window.room - made.tokens < 64  # less than one more paragraph and its fence
    for span in made.spans[:: len(made.spans) // 50 + 1]:
        for char in (span.start, span.end - 1):
            origin = made.origin_at(span.message, char)
            assert origin and contract[origin.start] == made.messages[span.message].content[char]
            assert made.shown_at(origin.source, origin.start) == (span.message, char)


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
