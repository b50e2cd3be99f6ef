"""The real gateway and the real litellm, against a provider on loopback: what is cached, attached and billed."""

import asyncio
import base64
import json
from typing import Any

import pytest

from rheostat.app_core.adapters.litellm_gateway import LitellmGateway
from rheostat.app_core.errors import BadRequest
from rheostat.app_core.ports import ChatReply, ChatRequest, Usage
from rheostat.context import Attachment, Message, Placed

from .conftest import Provider, Told

CLAUDE, GPT, DEEPSEEK = "anthropic/claude-sonnet-4-5", "openai/gpt-4o-mini", "deepseek/deepseek-chat"
MARK = {"type": "ephemeral"}
LONG = "A clause of the agreement. " * 200
PNG = Attachment(name="scan.png", media_type="image/png", data=b"\x89PNG...", width=8, height=8)
PDF = Attachment(name="deed.pdf", media_type="application/pdf", data=b"%PDF-1.7 ...", pages=1)


@pytest.fixture(autouse=True)
def hosted(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, path in (("OPENAI", "/v1"), ("ANTHROPIC", ""), ("DEEPSEEK", "")):
        monkeypatch.setenv(f"{name}_API_BASE", provider.address + path)
        monkeypatch.setenv(f"{name}_API_KEY", "sk-test-0123456789")
    monkeypatch.setenv("RHEOSTAT_ALLOW_MODELS", f"{CLAUDE}, {GPT}, {DEEPSEEK}, local")


def request(model: str, *messages: Message, **terms: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages, max_answer_tokens=50, **terms)


def system(text: str) -> Message:
    return Message(role="system", content=text, breakpoints=(len(text),))


def user(text: str, *breakpoints: int, attachments: tuple[Placed, ...] = ()) -> Message:
    return Message(role="user", content=text, breakpoints=breakpoints, attachments=attachments)


def call(asked: ChatRequest, pieces: list[str] | None = None) -> ChatReply:
    return asyncio.run(LitellmGateway().chat(asked, None if pieces is None else pieces.append))


def from_claude(**usage: int) -> Told:
    text = [{"type": "text", "text": "Fine."}]
    counted = {"input_tokens": 100, "output_tokens": 10, **usage}
    body = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": text, "usage": counted}
    return Told({**body, "stop_reason": "end_turn", "stop_sequence": None})


def from_gpt(**usage: Any) -> Told:
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Fine."}}
    counted = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110, **usage}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return Told({**body, "usage": counted})


TALK = (system(LONG), user(f"{LONG}\n\n{LONG}\n\nWhat is it about?", 2 * len(LONG) + 4))


def test_claude_is_told_where_to_cache_and_gets_the_whole_text(provider: Provider) -> None:
    provider.answers = [from_claude()]
    call(request(CLAUDE, *TALK))
    sent = provider.asked[0]
    assert sent["system"] == [{"type": "text", "text": LONG, "cache_control": MARK}]
    blocks = sent["messages"][0]["content"]
    assert "".join(block["text"] for block in blocks) == TALK[1].content
    assert [block.get("cache_control") for block in blocks] == [MARK, MARK, None]
    assert [block["text"] for block in blocks] == [f"{LONG}\n\n", f"{LONG}\n\n", "What is it about?"]


def test_claude_gets_four_marks_at_most_and_none_for_what_is_too_short(provider: Provider) -> None:
    provider.answers = [from_claude()]
    talk = [user(f"{turn}: {LONG}", len(LONG)) for turn in range(8)]
    call(request(CLAUDE, system("Be brief."), *talk))
    assert json.dumps(provider.asked[0]).count("cache_control") == 4
    assert "cache_control" not in json.dumps(provider.asked[0]["system"])


def test_a_schema_in_words_keeps_the_mark_at_the_end_of_the_system_message(
    provider: Provider, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    model = "openrouter/anthropic/claude-ours"
    line = f"{model}: {{prompt_usd_per_mtok: 1, answer_usd_per_mtok: 2, window_tokens: 50000, max_answer_tokens: 99}}"
    (tmp_path / "prices.yaml").write_text(line, encoding="utf-8")
    for name, value in (("OPENROUTER_API_BASE", f"{provider.address}/v1"), ("OPENROUTER_API_KEY", "sk-or-0123456789")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RHEOSTAT_PRICES", str(tmp_path / "prices.yaml"))
    monkeypatch.setenv("RHEOSTAT_ALLOW_MODELS", model)
    provider.answers = [from_gpt()]
    call(request(model, *TALK, answer_schema={"type": "object"}))
    first, second = provider.asked[0]["messages"]
    assert [block.get("cache_control") for block in first["content"]] == [None, MARK]
    assert first["content"][1]["text"].endswith('{"type": "object"}')
    assert [block.get("cache_control") for block in second["content"]] == [MARK, MARK, None]


@pytest.mark.parametrize("model", [GPT, DEEPSEEK])
def test_others_get_plain_text(provider: Provider, model: str) -> None:
    provider.answers = [from_gpt()]
    call(request(model, *TALK))
    assert [message["content"] for message in provider.asked[0]["messages"]] == [TALK[0].content, TALK[1].content]


def test_a_prompt_without_breakpoints_is_plain_for_claude_too(provider: Provider) -> None:
    provider.answers = [from_claude()]
    call(request(CLAUDE, user(LONG)))
    assert "cache_control" not in json.dumps(provider.asked[0])


def test_an_image_and_a_pdf_go_where_they_were_placed(provider: Provider) -> None:
    placed = (Placed(7, PNG), Placed(7, PDF))
    message = user("Before.After.", attachments=placed)
    provider.answers = [from_gpt()]
    call(request(GPT, message))
    before, image, file, after = provider.asked[0]["messages"][0]["content"]
    assert (before["text"], after["text"]) == ("Before.", "After.")
    assert image == {"type": "image_url", "image_url": {"url": address(PNG)}}
    assert file == {"type": "file", "file": {"filename": "deed.pdf", "file_data": address(PDF)}}

    provider.answers = [from_claude()]
    call(request(CLAUDE, message))
    before, image, file, after = provider.asked[1]["messages"][0]["content"]
    assert (before["text"], after["text"]) == ("Before.", "After.")
    assert (image["type"], image["source"]["data"]) == ("image", base64.b64encode(PNG.data).decode())
    assert (file["type"], file["source"]["data"]) == ("document", base64.b64encode(PDF.data).decode())


def address(attachment: Attachment) -> str:
    return f"data:{attachment.media_type};base64,{base64.b64encode(attachment.data).decode()}"


@pytest.mark.parametrize(("model", "attachment"), [(DEEPSEEK, PNG), (DEEPSEEK, PDF), ("local", PNG)])
def test_a_model_that_can_not_see_is_not_called(provider: Provider, model: str, attachment: Attachment) -> None:
    asked = request(model, user("See.", attachments=(Placed(0, attachment),)))
    with pytest.raises(BadRequest, match=attachment.name) as caught:
        call(asked)
    assert provider.asked == [] and caught.value.cost_usd == 0.0


READ, WRITE = 0.3e-6, 3.75e-6


def test_what_claude_reads_from_the_cache_and_writes_to_it_is_billed_once_and_at_its_own_price(
    provider: Provider,
) -> None:
    provider.answers = [from_claude(cache_read_input_tokens=5000, cache_creation_input_tokens=700)]
    reply = call(request(CLAUDE, *TALK))
    assert reply.usage == Usage(prompt_tokens=5800, answer_tokens=10, cached_tokens=5000, cache_write_tokens=700)
    assert reply.cost_usd == pytest.approx(100 * 3e-6 + 5000 * READ + 700 * WRITE + 10 * 15e-6)


def test_a_streamed_answer_reports_the_cache_too(provider: Provider) -> None:
    usage = {"input_tokens": 100, "output_tokens": 1, "cache_read_input_tokens": 5000, "cache_creation_input_tokens": 7}
    start: dict[str, Any] = {"id": "1", "type": "message", "role": "assistant", "model": "m", "content": []}
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**start, "usage": usage, "stop_reason": None, "stop_sequence": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Fine."}},
        {"type": "content_block_stop", "index": 0},
        end,
        {"type": "message_stop"},
    ]
    provider.answers = [Told("".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events))]
    pieces = list[str]()
    reply = call(request(CLAUDE, *TALK), pieces)
    assert "".join(pieces) == reply.text == "Fine."
    assert reply.usage == Usage(prompt_tokens=5107, answer_tokens=10, cached_tokens=5000, cache_write_tokens=7)


def test_what_openai_writes_to_its_cache_is_read_from_its_report(provider: Provider) -> None:
    provider.answers = [from_gpt(prompt_tokens_details={"cached_tokens": 60, "cache_write_tokens": 30})]
    assert call(request(GPT, *TALK)).usage == Usage(
        prompt_tokens=100, answer_tokens=10, cached_tokens=60, cache_write_tokens=30
    )


def test_usage_not_reported_is_booked_as_if_all_of_it_went_into_the_cache(provider: Provider) -> None:
    provider.answers = [from_claude(input_tokens=0)]
    asked = request(CLAUDE, *TALK)
    gateway = LitellmGateway()
    prompt_tokens = gateway.counter(CLAUDE).count(asked.messages)
    assert call(asked).cost_usd == pytest.approx(prompt_tokens * WRITE + 50 * 15e-6)
    bare = request(CLAUDE, user("Hello."))
    prompt_tokens = gateway.counter(CLAUDE).count(bare.messages)
    assert call(bare).cost_usd == pytest.approx(prompt_tokens * 3e-6 + 50 * 15e-6)
