"""The real gateway and the real litellm against a provider on loopback: retries, refusals, money."""

import asyncio
import json
import traceback
from typing import Any, TypeVar

import pytest

from rheostat.app_core.adapters.litellm_gateway import ATTEMPTS, LitellmGateway
from rheostat.app_core.errors import (
    BadRequest,
    GatewayError,
    ModelBusy,
    ModelNotAllowed,
    ModelTimeout,
    NoNetwork,
    NotPermitted,
)
from rheostat.app_core.ports import ChatReply, ChatRequest, Usage
from rheostat.context import Message

from .conftest import Hangup, Provider, Told

MODEL = "openai/gpt-4o-mini"
Error = TypeVar("Error", bound=GatewayError)
KEY = "sk-proj-0123456789abcdef"
SCHEMA = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}


@pytest.fixture(autouse=True)
def hosted(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", f"{provider.address}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("RHEOSTAT_ALLOW_MODELS", f"{MODEL}, openai/ours")


def request(model: str = MODEL, **terms: Any) -> ChatRequest:
    messages = (Message(role="system", content="Be brief."), Message(role="user", content="Say hello."))
    return ChatRequest(model=model, messages=messages, max_answer_tokens=50, **terms)


def call(asked: ChatRequest, pieces: list[str] | None = None) -> ChatReply:
    return asyncio.run(LitellmGateway().chat(asked, None if pieces is None else pieces.append))


def failing(kind: type[Error], asked: ChatRequest, pieces: list[str] | None = None) -> Error:
    with pytest.raises(kind) as caught:
        call(asked, pieces)
    assert KEY not in "".join(traceback.format_exception(caught.value))
    return caught.value


def worst_usd(asked: ChatRequest) -> float:
    gateway = LitellmGateway()
    prompt_tokens = gateway.counter(asked.model).count(asked.messages)
    price = gateway.facts(asked.model).price
    return price.cost_usd(Usage(prompt_tokens=prompt_tokens, answer_tokens=asked.max_answer_tokens))


def whole(text: str = "Hello.", *, finish: str = "stop", usage: dict[str, Any] | None = None) -> Told:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Told(body | ({"usage": usage} if usage else {}))


def chunk(text: str | None, finish: str | None = None) -> str:
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return event(choices=[choice])


def event(**fields: Any) -> str:
    common = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps(common | fields)}\n\n"


def refusal(status: int, message: str, **headers: str) -> Told:
    return Told({"error": {"message": message, "type": "x", "code": None}}, status, headers)


USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
DONE = chunk("Hel") + chunk("lo.") + chunk(None, "stop")


def test_cost_is_booked_from_usage_with_cached_tokens_at_their_own_price(provider: Provider) -> None:
    provider.answers = [whole(usage=USAGE | {"prompt_tokens_details": {"cached_tokens": 600}})]
    reply = call(request())
    assert (reply.text, reply.cut_short) == ("Hello.", False)
    assert reply.usage == Usage(prompt_tokens=1000, answer_tokens=100, cached_tokens=600)
    assert reply.cost_usd == pytest.approx(400 * 0.15e-6 + 600 * 0.075e-6 + 100 * 0.6e-6)
    assert provider.asked[0]["max_tokens"] == 50


def test_usage_not_reported_is_booked_at_the_most_it_could_be(provider: Provider) -> None:
    provider.answers = [whole()]
    reply = call(request())
    assert reply.cost_usd == pytest.approx(worst_usd(request()))
    assert reply.usage.answer_tokens == 50


def test_a_streamed_answer_comes_piece_by_piece_and_with_its_usage(provider: Provider) -> None:
    provider.answers = [Told(DONE + event(choices=[], usage=USAGE) + "data: [DONE]\n\n")]
    pieces = list[str]()
    reply = call(request(), pieces)
    assert (pieces, reply.text) == (["Hel", "lo."], "Hello.")
    assert reply.usage == Usage(prompt_tokens=1000, answer_tokens=100)
    assert reply.reported


def test_a_stream_without_usage_is_booked_at_the_most_not_at_a_guess(provider: Provider) -> None:
    provider.answers = [Told(DONE + "data: [DONE]\n\n")]
    reply = call(request(), [])
    assert reply.cost_usd == pytest.approx(worst_usd(request()))
    assert not reply.reported


@pytest.mark.parametrize("end", [Hangup(chunk("Hel")), Told(chunk("Hel"))])
def test_a_stream_that_breaks_off_is_no_answer_and_booked_at_the_most(provider: Provider, end: Told | Hangup) -> None:
    provider.answers = [end]
    error = failing(NoNetwork, request(), [])
    assert error.cost_usd == pytest.approx(worst_usd(request()))
    assert len(provider.asked) == 1


def test_an_answer_at_its_limit_is_cut_short(provider: Provider) -> None:
    provider.answers = [whole("Hel", finish="length", usage=USAGE)]
    assert call(request()).cut_short


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_provider_is_asked_again_when_it_says(provider: Provider, status: int) -> None:
    provider.answers = [refusal(status, "busy", **{"retry-after": "0"}), whole(usage=USAGE)]
    assert call(request()).text == "Hello."
    assert len(provider.asked) == 2


def test_a_provider_that_stays_busy_is_asked_three_times_and_nothing_is_booked(provider: Provider) -> None:
    provider.answers = [refusal(503, "busy", **{"retry-after": "0"})]
    error = failing(ModelBusy, request())
    assert (len(provider.asked), error.cost_usd, error.mend) == (ATTEMPTS, 0.0, "operator")


def test_a_wait_longer_than_the_call_may_take_is_not_waited_for(provider: Provider) -> None:
    provider.answers = [refusal(429, "slow down", **{"retry-after": "3600"})]
    assert "3600" in str(failing(ModelBusy, request(timeout_s=30)))
    assert len(provider.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (refusal(401, f"Incorrect API key provided: {KEY}"), NotPermitted),
        (refusal(403, "no right to this model"), NotPermitted),
        (refusal(402, "pay first"), NotPermitted),
        (refusal(429, "You exceeded your current quota"), NotPermitted),
        (refusal(404, "no such model"), NotPermitted),
        (refusal(400, "bad"), BadRequest),
        (refusal(400, "maximum context length is 8192 tokens"), BadRequest),
        (refusal(422, "bad"), BadRequest),
    ],
)
def test_a_refusal_is_not_asked_again_and_costs_nothing(
    provider: Provider, answer: Told, kind: type[GatewayError]
) -> None:
    provider.answers = [answer]
    assert failing(kind, request()).cost_usd == 0.0
    assert len(provider.asked) == 1


def test_a_line_that_breaks_after_the_request_is_not_asked_again(provider: Provider) -> None:
    provider.answers = [Hangup()]
    assert failing(NoNetwork, request()).cost_usd == pytest.approx(worst_usd(request()))
    assert len(provider.asked) == 1


def test_an_unreachable_provider_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    assert failing(NoNetwork, request()).cost_usd == 0.0


def test_a_call_that_takes_too_long_is_ended_and_booked_at_the_most(provider: Provider) -> None:
    provider.answers = [Told({}, delay_s=20)]
    error = failing(ModelTimeout, request(timeout_s=0.5))
    assert error.cost_usd == pytest.approx(worst_usd(request()))
    assert len(provider.asked) == 1


def test_a_model_not_allowed_is_not_called(provider: Provider) -> None:
    assert "RHEOSTAT_ALLOW_MODELS" in str(failing(ModelNotAllowed, request("openai/gpt-4o")))
    assert provider.asked == []


def test_a_schema_goes_out_as_such_where_the_model_is_held_to_it(provider: Provider) -> None:
    provider.answers = [whole('{"yes": true}', usage=USAGE)]
    call(request(answer_schema=SCHEMA))
    assert provider.asked[0]["response_format"]["json_schema"]["schema"] == SCHEMA
    assert json.loads(LitellmGateway().schema_text(MODEL, SCHEMA)) == SCHEMA


def test_a_schema_goes_into_the_system_message_where_not(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    prices = tmp_path / "prices.yaml"
    line = "openai/ours: {prompt_usd_per_mtok: 1, answer_usd_per_mtok: 2, window_tokens: 8192, max_answer_tokens: 99}"
    prices.write_text(line, encoding="utf-8")
    monkeypatch.setenv("RHEOSTAT_PRICES", str(prices))
    provider.answers = [whole('{"yes": true}', usage=USAGE)]
    asked = request("openai/ours", answer_schema=SCHEMA)
    assert call(asked).cost_usd == pytest.approx(1000 * 1e-6 + 100 * 2e-6)
    sent = provider.asked[0]
    assert "response_format" not in sent
    system = sent["messages"][0]["content"]
    assert system == f"Be brief.\n\n{LitellmGateway().schema_text('openai/ours', SCHEMA)}"
    assert json.dumps(SCHEMA) in system


def test_effort_is_told_to_the_provider_who_then_chooses_the_temperature(
    provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RHEOSTAT_ALLOW_MODELS", "openai/o3-mini")
    provider.answers = [whole()]
    call(request("openai/o3-mini", effort="high"))
    assert provider.asked[-1]["reasoning_effort"] == "high" and "temperature" not in provider.asked[-1]
