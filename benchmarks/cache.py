"""How much of each prompt has an unchanged prefix, which a provider's prompt cache can serve, and whether we know it.

A conversation with tool results, four times as long as the window; the model is asked after every question and after
every tool result. `stable_prefix` is the share of all prompt tokens that stand in a prefix which the prompt before had
too, with `pack`: a stable section for the reference, a conversation that keeps the newest, the question as the task.
Each other way gets the same messages, window and counter (OpenAI's `o200k_base`), the reference in its system message.
`naive` drops the oldest message until the rest fits, and is otherwise as stable as can be: nothing that changes stands
at the front. `naive_dated` is the same with the time of day in the first line, as prompts often have it.

`prediction_error` is about a real model, the embedded one: before each prompt of a shorter conversation, assembled in
the same way, we foretell how many tokens its server will read from its cache, and compare with what it reports, as
the sum of the differences in percent of the sum reported. In a few prompts the first ones weigh more.
"""

import argparse
import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import cast

from conversation import INSTRUCTION, Said, Talk, talk
from peer import Peer
from table import DATA, Benchmark, Measured, Options, Row

from rheostat.app_core.compose import default_gateway
from rheostat.app_core.errors import GatewayError
from rheostat.app_core.ports import ChatRequest
from rheostat.app_core.prompt_cache import Answered, asking, forecast
from rheostat.context import (
    Counter,
    Message,
    Need,
    Section,
    Snippet,
    Trust,
    Window,
    likely_tokens,
    pack,
    shared_prefix,
)

SECTIONS = (Section("reference", share=0.15, keep="stable"), Section("talk", share=0.7, keep="newest"))
PER_MESSAGE, PER_REQUEST = 4, 3
LOCAL_S, QUICK_LOCAL_S = 300.0, 24.0
"""For so long at most the local model is asked."""

ROWS = [
    Row("stable_prefix", "percent of prompt tokens with an unchanged prefix: ours", "≥ 85"),
    Row("naive", "naive: a stable front, the oldest message dropped until it fits"),
    Row("peer_langchain", 'LangChain, `trim_messages(strategy="last", include_system=True)`'),
    Row("naive_dated", "naive, with the time of day in the system message"),
    Row("prediction_error", "percent between cached tokens foretold and reported by the local server", "≤ 3"),
    Row("read_tokens", "tokens of a prompt that no cache can serve, mean: ours"),
    Row("naive_read_tokens", "the same, naive"),
    Row("peer_langchain_read_tokens", "the same, LangChain"),
    Row("prompt_tokens", "tokens of a prompt, mean: ours"),
    Row("naive_prompt_tokens", "the same, naive"),
    Row("peer_langchain_prompt_tokens", "the same, LangChain"),
    Row("local_cached", "percent of its prompt tokens that the local server read from its cache"),
    Row("local_prompts", "prompts sent to it"),
]

Prompt = Sequence[Message]


def ours(held: Talk, number: int, counter: Counter, window: Window) -> Prompt:
    """The prompt after so many messages. A question is the task; what a tool found belongs to the conversation."""
    *_, last = said = held.said[:number]
    told = said if last.found else said[:-1]
    packed = pack(
        [*map(referred, held.reference), *map(snippet, told)],
        instruction=INSTRUCTION,
        task="" if last.found else last.text,
        window=window,
        counter=counter,
        sections=SECTIONS,
    )
    return packed.messages


@cache
def referred(text: str) -> Snippet:
    """A part of the reference: trusted, and in every prompt."""
    return Snippet(text=text, section="reference", need=Need.MUST, trust=Trust.TRUSTED)


@cache
def snippet(one: Said) -> Snippet:
    """A message as part of the conversation; a call and what it found live and die together."""
    grouped = one.found or one.text.startswith("find(")
    trust = Trust.UNTRUSTED if one.found else Trust.USER
    return Snippet(
        text=one.text, section="talk", role=one.role, trust=trust, group=f"call {one.turn}" if grouped else ""
    )


def plain(held: Talk, kept: Sequence[Said], date: str = "") -> Prompt:
    """A system message with all that stays the same, and the messages kept."""
    system = "\n\n".join((*([date] if date else ()), INSTRUCTION, *held.reference))
    return [Message(role="system", content=system), *map(message, kept)]


@cache
def message(one: Said) -> Message:
    return Message(role=one.role, content=one.text)


def naive(held: Talk, number: int, counter: Counter, window: Window, *, dated: bool = False) -> Prompt:
    """Without the oldest messages that don't fit."""
    date = held.said[number - 1 if not held.said[number - 1].found else number - 3].text[:7] if dated else ""
    start, over = 0, counter.count(plain(held, held.said[:number], date)) - window.room
    while over > 0:
        over -= counter.count_text(held.said[start].text) + counter.per_message
        start += 1
    return plain(held, held.said[start:number], date)


def measured_prefixes(prompts: Sequence[Prompt], counter: Counter) -> tuple[float, float, float]:
    """Percent of tokens with an unchanged prefix, tokens outside of it and tokens in all, a prompt."""
    sizes = [likely_tokens(prompt, counter) for prompt in prompts]
    pairs = zip(prompts, prompts[1:], strict=False)
    shared = sum(shared_prefix(before, after).tokens(counter) for before, after in pairs)
    return 100 * shared / sum(sizes), (sum(sizes) - shared) / len(prompts), sum(sizes) / len(prompts)


def assemble(options: Options) -> tuple[dict[str, float | None], list[str]]:
    plain_counter = default_gateway().counter("gpt-4o")
    counter = replace(plain_counter, error=0.0, per_message=PER_MESSAGE, per_request=PER_REQUEST)
    size = options.window * 3 // 8 if options.quick else options.window
    window = Window(size, size // 32)
    held = until(
        4 * size, counter, lambda turns: talk(options.data, turns, reference=max(2, size // 2000), chunks_found=6)
    )
    asked = list(held.prompts())
    ways: dict[str, Sequence[Prompt]] = {
        "": [ours(held, number, counter, window) for number in asked],
        "naive": [naive(held, number, counter, window) for number in asked],
        "naive_dated": [naive(held, number, counter, window, dated=True) for number in asked],
    }
    peer = Peer("trim_langchain.py", options.peers / "common")
    said = [(one.role, one.text) for one in held.said]
    question = {"system": plain(held, [])[0].content, "said": said, "prompts": asked, "room": window.room}
    answer = peer.ask(question | {"table": "o200k_base", "per_message": PER_MESSAGE, "per_request": PER_REQUEST})
    peer.close()
    if answer:
        kept = cast("list[list[int]]", answer["kept"])
        ways["peer_langchain"] = [plain(held, [held.said[at] for at in numbers]) for numbers in kept]
    numbers = dict[str, float | None]()
    for name, prompts in ways.items():
        percent, read, whole = measured_prefixes(prompts, counter)
        prefix = f"{name}_" if name else ""
        numbers |= {name or "stable_prefix": percent, f"{prefix}read_tokens": read, f"{prefix}prompt_tokens": whole}
    notes = [f"{held.said[-1].turn + 1} turns, {len(asked)} prompts, a window of {size:,} tokens."]
    return numbers, [*notes, *([f"Peer: {answer['version']}."] if answer else [peer.trouble])]


def until(tokens: int, counter: Counter, made: Callable[[int], Talk]) -> Talk:
    """A talk with at least so many tokens."""
    turns = 8
    while True:
        held = made(turns)
        if sum(counter.count_text(one.text) for one in held.said) >= tokens:
            return held
        turns = turns * 5 // 4


async def foretold(options: Options) -> tuple[dict[str, float | None], list[str]]:
    """Sends a conversation to the embedded model, and compares what its cache served with what was foretold."""
    gateway = default_gateway()
    counter, facts = gateway.counter("local"), gateway.facts("local")
    size = options.local_window
    held = until(4 * size, counter, lambda turns: talk(options.data, turns, reference=2, chunks_found=1))
    seen, missed, cached, read = list[Answered](), 0, 0, 0
    started = time.monotonic()
    for number in held.prompts():
        messages = tuple(ours(held, number, counter, Window(size, size // 32)))
        asked = asking("talk", messages, "", counter)
        expected = forecast(asked, seen, counter=counter, cache=facts.cache, now_s=0.0).usage
        reply = await gateway.chat(ChatRequest(model="local", messages=messages, max_answer_tokens=1))
        seen.append(Answered(asked, reply.text, reply.usage.prompt_tokens, at_s=0.0))
        missed += abs(expected.cached_tokens - reply.usage.cached_tokens)
        cached += reply.usage.cached_tokens
        read += reply.usage.prompt_tokens
        if time.monotonic() - started > (QUICK_LOCAL_S if options.quick else LOCAL_S):
            break
    numbers = {"prediction_error": 100 * missed / cached if cached else None, "local_cached": 100 * cached / read}
    whole = "all" if len(seen) == len(list(held.prompts())) else "as many as the time allowed, not all"
    return numbers | {"local_prompts": len(seen)}, [
        f"The local model: a window of {size:,} tokens, {len(seen)} prompts ({whole}), one token written for each."
    ]


def measure(options: Options) -> Measured:
    numbers, notes = assemble(options)
    if not options.local_window:
        return Measured(numbers, [*notes, "The local model was not asked."])
    try:
        local, more = asyncio.run(foretold(options))
    except GatewayError as error:
        local, more = {}, [f"The local model could not be asked: {error}"]
    return Measured(numbers | local, [*notes, *more])


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=DATA / "cuad-mini", help="a folder of text files to talk about")
    parser.add_argument(
        "--window", type=int, default=32_000, help="tokens of the window; the talk is four times as long"
    )
    parser.add_argument(
        "--local-window", type=int, default=1_500, help="the same for the local model; 0 to leave it out"
    )


def is_full(options: Options) -> bool:
    return not options.quick and (options.window, options.local_window) == (32_000, 1_500)


if __name__ == "__main__":
    Benchmark("cache", __doc__ or "", ROWS, measure, arguments, is_full).run()
