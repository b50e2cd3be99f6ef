"""Which model serves, and how hosted tokens are counted."""

import pytest
import tiktoken

from rheostat.app_core.adapters.counters import hosted_counter
from rheostat.app_core.models import LOCAL, PROVIDERS, available, choose
from rheostat.context import Message


def test_a_named_model_goes_before_everything() -> None:
    assert choose("gguf:x", {"OPENAI_API_KEY": "k"}, ["qwen"]).model == "gguf:x"


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_key_goes_before_ollama_and_is_named_but_not_shown(provider: object) -> None:
    assert provider in PROVIDERS
    for one in PROVIDERS:
        for key in one.keys:
            chosen = choose(None, {key: "secret-value"}, ["qwen"])
            assert chosen.model == one.model
            assert key in chosen.why and "secret-value" not in chosen.why


def test_an_empty_key_is_none() -> None:
    assert choose(None, {"OPENAI_API_KEY": " "}, []).model == LOCAL


def test_ollama_goes_before_the_embedded_model() -> None:
    assert choose(None, {}, ["qwen:7b", "llama"]).model == "ollama/qwen:7b"
    assert choose(None, {}, []).model == LOCAL


def test_what_is_available_says_why_or_what_to_do() -> None:
    lines = {line.model: line for line in available({"MISTRAL_API_KEY": "k"}, [], embedded=False)}
    assert lines["mistral/mistral-small-latest"].state == "ready"
    assert lines[LOCAL].state == "fetch" and "rheostat models get local" in lines[LOCAL].why
    missing = [line for line in lines.values() if line.state == "missing"]
    assert any("set OPENAI_API_KEY" in line.why for line in missing)
    assert {line.model: line for line in available({}, ["qwen"], embedded=True)}[LOCAL].state == "ready"


@pytest.mark.parametrize(
    ("model", "table"),
    [
        ("gpt-4o", "o200k_base"),
        ("openai/gpt-5.4-mini", "o200k_base"),
        ("o3-mini", "o200k_base"),
        ("gpt-4", "cl100k_base"),
    ],
)
def test_openai_is_counted_by_its_own_table(model: str, table: str) -> None:
    text = "The Receiving Party shall keep it secret — für immer. " * 20
    assert hosted_counter(model).count_text(text) == len(tiktoken.get_encoding(table).encode(text))


@pytest.mark.parametrize(
    ("model", "least"),
    [
        ("claude-opus-4-7", 0.53),
        ("anthropic/claude-haiku-5-5", 0.53),
        ("claude-sonnet-4-5", 0.18),
        ("some/unknown", 0.4),
    ],
)
def test_what_is_only_near_states_its_error(model: str, least: float) -> None:
    counter = hosted_counter(model)
    assert counter.error > least
    message = Message(role="user", content="word " * 1000)
    assert counter.count([message]) >= 1000 * (1 + least)


def test_a_text_that_looks_like_a_mark_of_the_chat_format_is_counted_as_text() -> None:
    assert hosted_counter("gpt-4o").count_text("<|endoftext|>") > 1
