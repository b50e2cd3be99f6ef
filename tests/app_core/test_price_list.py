"""Facts of hosted models: the bundled list, what the user states, and what is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.adapters.litellm_gateway import LitellmGateway
from rheostat.app_core.adapters.price_list import MOST_USD_PER_MTOK, bundled_list, entry_facts, listed_facts, takes
from rheostat.app_core.errors import BadPrice, GatewayError, UnknownModel, UnknownPrice
from rheostat.app_core.models import PROVIDERS
from rheostat.app_core.ports import CacheFacts, ChatRequest, Price, Usage
from rheostat.context import Message

LISTED = {
    "mode": "chat",
    "input_cost_per_token": 1e-6,
    "output_cost_per_token": 4e-6,
    "max_input_tokens": 1_000_000,
    "max_output_tokens": 64_000,
}
STATED = {"prompt_usd_per_mtok": 1.0, "answer_usd_per_mtok": 2.0, "window_tokens": 8192, "max_answer_tokens": 2048}


@pytest.fixture
def prices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RHEOSTAT_PRICES", str(tmp_path / "prices.yaml"))
    return tmp_path / "prices.yaml"


def state(prices: Path, **models: object) -> None:
    prices.write_text(yaml.safe_dump({name.replace("__", "/"): stated for name, stated in models.items()}), "utf-8")


def test_a_listed_model_has_its_price_and_size() -> None:
    facts = listed_facts("gpt-4o-mini")
    assert facts.price == Price(prompt_usd=0.15e-6, answer_usd=0.6e-6, cached_read_usd=0.075e-6)
    assert (facts.window_tokens, facts.max_answer_tokens) == (128_000, 16_384)
    assert listed_facts("openai/gpt-4o-mini").price == facts.price


@pytest.mark.parametrize("model", [provider.model for provider in PROVIDERS])
def test_the_default_of_each_provider_is_listed_and_takes_a_schema(model: str) -> None:
    facts = listed_facts(model)
    assert facts.window_tokens >= 32_768
    assert 0 < facts.price.answer_usd < 10e-6
    assert LitellmGateway().schema_text(model, {"type": "object"}) == '{"type": "object"}'


def test_a_window_ends_where_a_dearer_tier_begins() -> None:
    tiered = LISTED | {"input_cost_per_token_above_200k_tokens": 2e-6, "output_cost_per_token_above_128k_tokens": 5e-6}
    facts = entry_facts("tiered", tiered)
    assert facts.window_tokens == 128_000
    assert facts.price == entry_facts("flat", LISTED).price


def test_thinking_that_costs_more_than_writing_is_booked_as_writing() -> None:
    assert entry_facts("thinks", LISTED | {"output_cost_per_reasoning_token": 9e-6}).price.answer_usd == 9e-6


def test_what_goes_into_a_cache_has_its_own_price() -> None:
    price = listed_facts("anthropic/claude-sonnet-4-5").price
    assert (price.prompt_usd, price.cached_read_usd, price.cached_write_usd) == (3e-6, 0.3e-6, 3.75e-6)
    assert listed_facts("gpt-4o-mini").price.cached_write_usd is None
    slip = entry_facts("slip", LISTED | {"cache_creation_input_token_cost": 0.0}).price
    assert slip.cached_write_usd == slip.prompt_usd


def test_a_model_of_openai_that_bills_what_it_caches_by_itself_is_reserved_for_at_that_price() -> None:
    billed = LISTED | {"cache_creation_input_token_cost": 1.25e-6, "litellm_provider": "openai"}
    facts = entry_facts("gpt", billed | {"supports_prompt_caching": True})
    request = ChatRequest(model="gpt", messages=(Message(role="user", content="Hi"),), max_answer_tokens=1)
    assert facts.price.prompt_usd == 1e-6
    assert facts.worst_usd(request, 1000) == pytest.approx(1000 * 1.25e-6 + 4e-6)


TOLD_1024 = CacheFacts(min_tokens=1024, marked=True)


@pytest.mark.parametrize(
    ("model", "cache"),
    [
        ("anthropic/claude-sonnet-4-5", TOLD_1024),
        ("claude-haiku-4-5", CacheFacts(min_tokens=4096, marked=True)),
        ("anthropic.claude-sonnet-4-20250514-v1:0", TOLD_1024),
        ("vertex_ai/claude-sonnet-4-5", TOLD_1024),
        ("gpt-4o-mini", CacheFacts(min_tokens=1024, step_tokens=128)),
        ("deepseek/deepseek-chat", CacheFacts(min_tokens=64, step_tokens=64, keeps_s=3600)),
        ("gemini/gemini-2.5-flash", None),
        ("mistral/mistral-small-latest", None),
    ],
)
def test_how_a_provider_caches_is_known_or_nothing_is_expected(model: str, cache: CacheFacts | None) -> None:
    assert listed_facts(model).cache == cache


def test_a_model_of_ones_own_at_a_provider_name_is_not_taken_for_the_providers(prices: Path) -> None:
    claude = "openrouter__anthropic__claude-ours"
    state(prices, openai__ours=STATED, **{claude: STATED | {"cache_write_usd_per_mtok": 1.5}})
    assert listed_facts("openai/ours").cache is None
    facts = listed_facts(claude.replace("__", "/"))
    assert (facts.cache, facts.price.cached_write_usd) == (TOLD_1024, 1.5e-6)


def test_what_a_model_can_see_is_listed() -> None:
    assert takes("gpt-4o-mini", "image/png") and takes("anthropic/claude-sonnet-4-5", "application/pdf")
    assert not takes("deepseek/deepseek-chat", "image/png") and not takes("nobody/knows", "image/png")


def test_an_unknown_model_is_told_the_nearest_names() -> None:
    with pytest.raises(UnknownModel, match="mistral/mistral-small-latest") as caught:
        listed_facts("mistral-smal-latest")
    assert caught.value.mend == "builder"


def test_a_model_for_something_else_is_refused() -> None:
    with pytest.raises(UnknownModel, match="embedding"):
        listed_facts("text-embedding-3-small")


@pytest.mark.parametrize("gone", ["input_cost_per_token", "output_cost_per_token", "max_input_tokens"])
def test_what_the_list_does_not_say_is_not_made_up(gone: str) -> None:
    with pytest.raises(UnknownPrice, match="prompt_usd_per_mtok"):
        entry_facts("bare", {key: value for key, value in LISTED.items() if key != gone})


@pytest.mark.parametrize("model", ["perplexity/sonar", "gpt-4o-search-preview"])
def test_a_model_that_bills_more_than_tokens_has_no_known_price(model: str) -> None:
    with pytest.raises(UnknownPrice, match="searches"):
        entry_facts(model, LISTED)


def test_a_hosted_model_listed_at_nothing_counts_as_unpriced() -> None:
    with pytest.raises(UnknownPrice):
        entry_facts("gift", LISTED | {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0})


def test_a_stated_price_goes_before_the_list(prices: Path) -> None:
    state(prices, **{"gpt-4o-mini": {"prompt_usd_per_mtok": 3, "answer_usd_per_mtok": 0}, "my__own": STATED})
    assert listed_facts("gpt-4o-mini").price == Price(prompt_usd=3e-6, answer_usd=0)
    assert listed_facts("gpt-4o-mini").window_tokens == 128_000
    own = listed_facts("my/own")
    assert (own.window_tokens, own.max_answer_tokens, own.price.answer_usd) == (8192, 2048, 2e-6)


def test_a_price_changed_is_read_again(prices: Path) -> None:
    state(prices, my__own=STATED)
    assert listed_facts("my/own").window_tokens == 8192
    state(prices, my__own=STATED | {"window_tokens": 16384})
    assert listed_facts("my/own").window_tokens == 16384


def test_a_stated_price_without_a_size_is_not_enough_for_a_model_that_is_not_listed(prices: Path) -> None:
    state(prices, my__own={"prompt_usd_per_mtok": 1, "answer_usd_per_mtok": 1})
    with pytest.raises(UnknownPrice, match="window_tokens"):
        listed_facts("my/own")


@given(bad=st.one_of(st.floats(max_value=-1e-9), st.floats(min_value=MOST_USD_PER_MTOK * 1.01), st.just(float("nan"))))
def test_a_price_that_cannot_be_true_is_refused_wherever_it_stands(bad: float) -> None:
    for key in ("input_cost_per_token", "output_cost_per_token", "output_cost_per_reasoning_token"):
        with pytest.raises(BadPrice):
            entry_facts("odd", LISTED | {key: bad / 1e6})


@pytest.mark.parametrize(
    "stated",
    [
        STATED | {"prompt_usd_per_mtok": -1},
        STATED | {"answer_usd_per_mtok": float("nan")},
        STATED | {"answer_usd_per_mtok": float("inf")},
        STATED | {"prompt_usd_per_mtok": 3_000_000},
        STATED | {"window_tokens": 0},
        STATED | {"promt_usd_per_mtok": 1},
        "cheap",
    ],
)
def test_a_bad_statement_is_refused_with_its_model_and_field(prices: Path, stated: object) -> None:
    state(prices, my__own=stated)
    with pytest.raises(BadPrice, match="my/own"):
        listed_facts("my/own")


@pytest.mark.parametrize("text", ["- a list", "a: b: c", "\x00"])
def test_a_file_that_is_no_list_of_prices_is_refused(prices: Path, text: str) -> None:
    prices.write_text(text, "utf-8")
    with pytest.raises(BadPrice, match=str(prices)):
        listed_facts("gpt-4o-mini")


def test_a_file_named_but_missing_is_not_passed_over(prices: Path) -> None:
    with pytest.raises(UnknownPrice, match="no such file"):
        listed_facts("gpt-4o-mini")


def test_every_listed_model_is_either_known_or_refused_with_a_sentence() -> None:
    known = 0
    for model, entry in bundled_list().items():
        try:
            facts = entry_facts(model, entry)
        except GatewayError as error:
            assert str(error).endswith((".", "}"))
        else:
            known += 1
            assert facts.max_answer_tokens <= facts.window_tokens
    assert known > 1_000


@given(prompt=st.integers(0, 10**6), answer=st.integers(0, 10**5), cached=st.integers(0, 10**6))
def test_cached_tokens_never_make_a_call_dearer_or_cost_less_than_nothing(
    prompt: int, answer: int, cached: int
) -> None:
    price = Price(prompt_usd=1e-6, answer_usd=4e-6, cached_read_usd=1e-7)
    cost_usd = price.cost_usd(Usage(prompt_tokens=prompt, answer_tokens=answer, cached_tokens=cached))
    plain_usd = price.cost_usd(Usage(prompt_tokens=prompt, answer_tokens=answer))
    assert answer * 4e-6 <= cost_usd <= plain_usd + 1e-12


def test_facts_and_counts_of_hosted_models_never_import_litellm() -> None:
    code = (
        "import sys, os; from rheostat.app_core.adapters.litellm_gateway import LitellmGateway as G; g = G();"
        "g.facts('gpt-4o-mini'); assert g.counter('gpt-4o-mini').count_text('hello world') == 2;"
        "assert 'litellm' not in sys.modules and 'TIKTOKEN_CACHE_DIR' not in os.environ"
    )
    clean = {name: value for name, value in os.environ.items() if name != "TIKTOKEN_CACHE_DIR"}  # litellm sets it
    subprocess.run([sys.executable, "-c", code], check=True, cwd=Path(__file__).parents[2], env=clean)
