"""The embedded model, really run: exact counts, schemas, streaming, and a slot that comes free when nobody listens."""

import asyncio
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat.app_core.adapters.get_local_model import CONTEXT_TOKENS, get_local_model
from rheostat.app_core.adapters.gguf import read_header
from rheostat.app_core.adapters.litellm_gateway import LitellmGateway
from rheostat.app_core.adapters.llama_server import LlamaServer, serve, stop_all
from rheostat.app_core.errors import BadRequest, ModelTimeout, NoLocalModel
from rheostat.app_core.ports import ChatReply, ChatRequest
from rheostat.app_core.prompt_cache import Answered, asking, forecast
from rheostat.app_core.schemas import tighten
from rheostat.context import Message

pytestmark = pytest.mark.local_model

CONTRACT = (
    "4.1 Term. This Agreement lasts two years from the Effective Date.",
    "4.2 Survival. The duty of confidentiality survives for ten (10) years after termination of this Agreement.",
    "5. Governing law. This Agreement is governed by the laws of the State of New York.",
)


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[LlamaServer]:
    yield serve(get_local_model())
    stop_all()


def request(*texts: str, max_answer_tokens: int = 60, **terms: Any) -> ChatRequest:
    messages = (Message(role="system", content="You review contracts."), *(user(text) for text in texts))
    return ChatRequest(model="local", messages=messages, max_answer_tokens=max_answer_tokens, **terms)


def user(text: str) -> Message:
    return Message(role="user", content=text)


def call(asked: ChatRequest, pieces: list[str] | None = None) -> ChatReply:
    return asyncio.run(LitellmGateway().chat(asked, None if pieces is None else pieces.append))


def test_the_facts_are_those_of_the_file(server: LlamaServer) -> None:
    facts = LitellmGateway().facts("local")
    assert (
        facts.window_tokens == CONTEXT_TOKENS == server.window_tokens == read_header(get_local_model()).context_tokens
    )
    assert facts.price.prompt_usd == facts.price.answer_usd == 0.0
    assert LitellmGateway().facts(f"gguf:{get_local_model()}").window_tokens == CONTEXT_TOKENS


texts = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=60),
    st.sampled_from(["", "  lead", "trail \n", "\n\n§ 4.2 — “quoted”", "<|im_end|>", '{"a": [1, 2]}', *CONTRACT]),
)
messages = st.lists(
    st.builds(Message, role=st.sampled_from(["system", "user", "assistant"]), content=texts), max_size=4
).map(lambda before: [*before, user("Go on.")])


@settings(max_examples=20, deadline=None)
@given(messages=messages)
def test_a_request_is_counted_to_the_token_and_its_parts_are_a_bound(
    server: LlamaServer, messages: list[Message]
) -> None:
    counter = LitellmGateway().counter("local")
    sent = [message.model_dump() for message in messages]
    real = server.post("/v1/chat/completions", {"messages": sent, "max_tokens": 1})["usage"]["prompt_tokens"]
    assert counter.error == 0
    schema = LitellmGateway().schema_text("local", {"type": "object"})
    assert counter.count(messages) == counter.count(messages, schema) == real
    parts = sum(counter.count_text(message.content) + counter.per_message for message in messages)
    assert real <= parts + counter.per_request


def test_an_answer_comes_whole_and_in_pieces_alike_and_a_prompt_seen_before_is_cached(server: LlamaServer) -> None:
    pieces = list[str]()
    asked = request(f"{CONTRACT[2]} Name the State.")
    streamed, whole = call(asked, pieces), call(asked)
    assert len(pieces) > 1 and "".join(pieces) == streamed.text == whole.text != ""
    assert (
        streamed.usage.prompt_tokens
        == whole.usage.prompt_tokens
        == LitellmGateway().counter("local").count(asked.messages)
    )
    assert whole.usage.cached_tokens >= whole.usage.prompt_tokens - 1
    assert (whole.cost_usd, whole.usage.answer_tokens > 0) == (0.0, True)


def test_what_the_cache_serves_is_foretold_across_prompts_that_take_turns_in_the_slots(server: LlamaServer) -> None:
    counter, seen, missed, served = LitellmGateway().counter("local"), list[Answered](), 0, 0
    rules = [f"You review contracts of kind {kind}. {' '.join(CONTRACT)} " * 6 for kind in ("A", "B", "C")]
    for question in range(4):
        for kind in rules:
            told = (Message(role="system", content=kind), user(f"Question {question}?"))
            asked = asking("review", told, "", counter)
            cache = LitellmGateway().facts("local").cache
            expected = forecast(asked, seen, counter=counter, cache=cache, now_s=0).usage.cached_tokens
            reply = call(ChatRequest(model="local", messages=told, max_answer_tokens=4))
            seen.append(Answered(asked, reply.text, reply.usage.prompt_tokens, at_s=0))
            missed += abs(expected - reply.usage.cached_tokens)
            served += reply.usage.cached_tokens
    assert served > 9 * counter.count_text(rules[0])
    assert missed <= 0.03 * served


def test_an_answer_is_held_to_its_schema_and_wastes_no_tokens_on_white_space(server: LlamaServer) -> None:
    fields = {
        "verdict": {"$ref": "#/$defs/Verdict"},
        "quote": {"type": "string", "enum": list(CONTRACT)},
        "years": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 99}, {"type": "null"}]},
        "notes": {"type": "array", "items": {"type": "string", "maxLength": 12}, "maxItems": 2},
    }
    verdict = {"type": "string", "enum": ["acceptable", "needs review", "not acceptable"]}
    schema = tighten({"type": "object", "$defs": {"Verdict": verdict}, "properties": fields, "required": list(fields)})
    rule = "Rule: confidentiality must not survive longer than three years. Quote the sentence on it."
    reply = call(request("\n".join(CONTRACT), rule, answer_schema=schema, max_answer_tokens=200))
    answer = json.loads(reply.text)
    assert not reply.cut_short
    assert answer["verdict"] in verdict["enum"] and answer["quote"] in CONTRACT
    assert answer["years"] is None or 0 <= answer["years"] <= 99
    assert len(answer["notes"]) <= 2 and all(len(note) <= 12 for note in answer["notes"])
    assert "\n" not in reply.text and "  " not in reply.text


def test_an_answer_at_its_limit_is_cut_short(server: LlamaServer) -> None:
    reply = call(request("Write a long story.", max_answer_tokens=3))
    assert (reply.cut_short, reply.usage.answer_tokens) == (True, 3)


@pytest.mark.parametrize("heard", [True, False])
def test_a_call_cancelled_while_it_writes_frees_its_slot(server: LlamaServer, heard: bool) -> None:
    cancel(server, request("Write a very long story.", max_answer_tokens=4000, temperature=1.0), heard)
    assert_idle_soon(server)


def test_a_call_cancelled_while_it_reads_frees_its_slot_before_it_has_read_all(server: LlamaServer) -> None:
    long = request("The quick brown fox. " * 1400, max_answer_tokens=1)
    cancel(server, long, heard=False)
    assert_idle_soon(server)
    read = max(int(slot.get("n_prompt_tokens", 0)) for slot in slots(server))
    assert read < LitellmGateway().counter("local").count(long.messages) / 2


def cancel(server: LlamaServer, asked: ChatRequest, heard: bool) -> None:
    async def midway() -> None:
        task = asyncio.create_task(LitellmGateway().chat(asked, list[str]().append if heard else None))
        while not server.busy_slots():
            await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(midway())


def slots(server: LlamaServer) -> list[dict[str, Any]]:
    ask = urllib.request.Request(f"{server.address}/slots", headers={"Authorization": f"Bearer {server.key}"})
    with urllib.request.urlopen(ask, timeout=5) as response:
        return json.load(response)


def test_a_call_that_takes_too_long_frees_its_slot(server: LlamaServer) -> None:
    with pytest.raises(ModelTimeout) as caught:
        call(request("Write a very long story.", max_answer_tokens=4000, temperature=1.0, timeout_s=1.0))
    assert caught.value.cost_usd == 0.0
    assert_idle_soon(server)


def assert_idle_soon(server: LlamaServer) -> None:
    deadline = time.monotonic() + 30  # on a busy machine; the story would take minutes
    while server.busy_slots() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.busy_slots() == 0


def test_a_prompt_beyond_the_window_is_refused(server: LlamaServer) -> None:
    with pytest.raises(BadRequest, match="8192"):
        call(request("word " * 9000))


def test_nobody_else_on_the_machine_can_use_the_server(server: LlamaServer) -> None:
    ask = urllib.request.Request(f"{server.address}/v1/chat/completions", b'{"messages": []}')
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(ask, timeout=5)
    assert caught.value.code == 401
    caught.value.close()
    assert server.address.startswith("http://127.0.0.1:")


def test_the_terminal_stays_clean() -> None:
    code = (
        "import asyncio; from rheostat.app_core.adapters.litellm_gateway import LitellmGateway as G;"
        "from rheostat.app_core.ports import ChatRequest as R; from rheostat.context import Message as M;"
        "r = R(model='local', messages=(M(role='user', content='Hi'),), max_answer_tokens=5);"
        "[asyncio.run(G().chat(r)) for _ in range(2)]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("keep", [0, 3, 4, 40, 5_000_000])
def test_a_file_that_is_no_whole_model_is_refused(tmp_path: Path, keep: int) -> None:
    with get_local_model().open("rb") as file:
        (tmp_path / "part.gguf").write_bytes(file.read(keep))
    with pytest.raises(NoLocalModel, match=r"part\.gguf"):
        serve(tmp_path / "part.gguf")
