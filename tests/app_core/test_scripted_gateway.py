"""The scripted gateway behaves as a provider would: it counts, bills, cuts, refuses and fails."""

import asyncio

import pytest

from rheostat.app_core.errors import BadRequest, ModelBusy
from rheostat.app_core.ports import CacheFacts, ChatReply, ChatRequest, Gateway, Price, Usage
from rheostat.app_core.testing import ScriptedGateway
from rheostat.context import Message


def request(text: str = "Hello", max_answer_tokens: int = 100) -> ChatRequest:
    return ChatRequest(model="any", messages=(Message(role="user", content=text),), max_answer_tokens=max_answer_tokens)


def call(gateway: Gateway, asked: ChatRequest) -> ChatReply:
    return asyncio.run(gateway.chat(asked))


def test_answers_come_in_order_and_each_request_is_kept() -> None:
    gateway = ScriptedGateway(["one", "two"])
    assert [call(gateway, request()).text, call(gateway, request("B")).text] == ["one", "two"]
    assert (gateway.calls, gateway.requests[1].messages[0].content) == (2, "B")
    with pytest.raises(AssertionError, match="this is call 3"):
        call(gateway, request())


def test_a_function_answers_by_the_request() -> None:
    gateway = ScriptedGateway(lambda asked: asked.messages[-1].content.upper())
    assert call(gateway, request("hello")).text == "HELLO"


def test_it_bills_what_it_counts() -> None:
    gateway = ScriptedGateway(["x" * 40], price=Price(prompt_usd=1e-3, answer_usd=1e-2))
    reply = call(gateway, request())
    assert reply.usage == Usage(prompt_tokens=gateway.counter("any").count(request().messages), answer_tokens=10)
    assert reply.cost_usd == pytest.approx(reply.usage.prompt_tokens * 1e-3 + 10 * 1e-2)


def test_with_a_cache_what_an_earlier_prompt_began_with_is_read_for_less() -> None:
    price = Price(prompt_usd=1e-6, answer_usd=0, cached_read_usd=1e-7, cached_write_usd=2e-6)
    gateway = ScriptedGateway(lambda _: "Yes.", price=price, cache=CacheFacts(min_tokens=10, step_tokens=10))
    first, again, other = (call(gateway, request(text)) for text in ("a" * 400, "a" * 390 + "b" * 10, "c" * 400))
    assert (first.usage.cached_tokens, again.usage.cached_tokens, other.usage.cached_tokens) == (0, 90, 0)
    written = again.usage.prompt_tokens - 90
    assert again.usage.cache_write_tokens == written
    assert again.cost_usd == pytest.approx(90 * 1e-7 + written * 2e-6)


def test_a_cache_that_must_be_told_serves_up_to_a_breakpoint() -> None:
    gateway = ScriptedGateway(lambda _: "Yes.", cache=CacheFacts(marked=True))
    told = Message(role="user", content="a" * 400 + "?", breakpoints=(400,))
    replies = [call(gateway, request().model_copy(update={"messages": (told,)})) for _ in range(2)]
    assert [reply.usage.cached_tokens for reply in replies] == [0, 101]
    assert [reply.usage.cache_write_tokens for reply in replies] == [101, 0]
    assert call(gateway, request("a" * 400)).usage.cached_tokens == 101


def test_an_answer_beyond_its_limit_is_cut_short() -> None:
    reply = call(ScriptedGateway(["x" * 40]), request(max_answer_tokens=4))
    assert (reply.cut_short, reply.text, reply.usage.answer_tokens) == (True, "x" * 16, 4)


def test_a_request_beyond_the_window_is_refused() -> None:
    with pytest.raises(BadRequest, match="window"):
        call(ScriptedGateway(["x"], window_tokens=100), request("x" * 1000))


def test_an_error_is_raised_and_a_whole_reply_is_given_as_it_is() -> None:
    reply = ChatReply(text="x", usage=Usage(cached_tokens=3), cost_usd=7.0, latency_s=1.0)
    gateway = ScriptedGateway([ModelBusy("later", cost_usd=0.5), reply])
    with pytest.raises(ModelBusy) as caught:
        call(gateway, request())
    assert (caught.value.cost_usd, call(gateway, request())) == (0.5, reply)


def test_pieces_add_up_to_the_answer_and_delays_overlap() -> None:
    gateway = ScriptedGateway(lambda _: " a  b\nc ", delay_s=0.05)
    pieces = list[str]()

    async def both() -> float:
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(gateway.chat(request(), pieces.append) for _ in range(5)))
        return asyncio.get_running_loop().time() - started

    assert asyncio.run(both()) < 0.2
    assert "".join(pieces) == " a  b\nc " * 5
