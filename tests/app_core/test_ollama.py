"""Ollama on this machine, played by a provider on loopback."""

import asyncio
from typing import Any

import pytest

from rheostat.app_core.adapters.litellm_gateway import LitellmGateway
from rheostat.app_core.adapters.ollama import is_own_machine, probe_ollama
from rheostat.app_core.errors import NoNetwork, UnknownModel
from rheostat.app_core.ports import ChatRequest
from rheostat.context import Message

from .conftest import Provider, Told

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def ollama(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_BASE", provider.address)
    monkeypatch.setenv("RHEOSTAT_ALLOW_MODELS", "ollama/qwen")


def test_its_models_are_found(provider: Provider) -> None:
    provider.answers = [Told({"models": [{"name": "qwen:7b"}, {"name": "llama"}]})]
    assert probe_ollama() == ("qwen:7b", "llama")


@pytest.mark.parametrize("answer", [Told({}, 500), Told("no json"), Told([1]), Told({"models": None})])
def test_whatever_else_listens_there_is_not_taken_for_it(provider: Provider, answer: Told) -> None:
    provider.answers = [answer]
    assert probe_ollama() == ()


def test_no_server_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_BASE", NOBODY)
    assert probe_ollama() == ()
    with pytest.raises(NoNetwork, match="ollama serve"):
        LitellmGateway().facts("ollama/qwen")


def test_a_server_elsewhere_is_not_probed_and_not_free(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OLLAMA_API_BASE", "http://192.0.2.1:11434")
    assert probe_ollama() == ()
    with pytest.raises(UnknownModel):
        LitellmGateway().facts("ollama/some-model-of-ours")


@pytest.mark.parametrize(("stated", "window"), [(2048, 2048), (131_072, 8192), (None, 8192)])
def test_it_is_free_and_its_window_is_what_it_will_be_told(provider: Provider, stated: int | None, window: int) -> None:
    provider.answers = [Told({"model_info": {"qwen2.context_length": stated}})]
    facts = LitellmGateway().facts("ollama/qwen")
    assert (facts.window_tokens, facts.price.prompt_usd, facts.price.answer_usd) == (window, 0.0, 0.0)


def test_a_model_it_lacks_is_named_with_those_it_has(provider: Provider) -> None:
    provider.answers = [Told({"error": "not found"}, 404), Told({"models": [{"name": "llama"}]})]
    with pytest.raises(UnknownModel, match=r"has: llama.*ollama pull qwen"):
        LitellmGateway().facts("ollama/qwen")


def test_a_call_names_the_window_so_that_no_prompt_is_cut_silently(provider: Provider) -> None:
    shown = {"model_info": {"qwen2.context_length": 4096}}
    said = {"message": {"role": "assistant", "content": "Hello."}, "done": True, "done_reason": "stop"}
    provider.answers = [Told(shown | said | {"model": "qwen", "prompt_eval_count": 20, "eval_count": 3})]
    schema: dict[str, Any] = {"type": "object", "properties": {}}
    message = Message(role="user", content="Say hello.")
    asked = ChatRequest(model="ollama/qwen", messages=(message,), max_answer_tokens=9, answer_schema=schema)
    reply = asyncio.run(LitellmGateway().chat(asked))
    assert (reply.text, reply.usage.prompt_tokens, reply.usage.answer_tokens, reply.cost_usd) == ("Hello.", 20, 3, 0.0)
    (sent,) = (asked for asked in provider.asked if asked["path"] == "/api/chat")
    assert (sent["options"]["num_ctx"], sent["options"]["num_predict"]) == (4096, 9)
    assert sent["format"] == schema
    assert LitellmGateway().schema_text("ollama/qwen", schema) == ""


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("http://127.0.0.1:11434", True),
        ("http://localhost", True),
        ("http://[::1]:11434", True),
        ("http://127.0.0.1.example.org", False),
        ("http://10.0.0.1:11434", False),
        ("http://localhost@example.org", False),
    ],
)
def test_only_loopback_is_this_machine(address: str, own: bool) -> None:
    assert is_own_machine(address) is own
