"""2,000 prioritised chunks of real contracts, about 170,000 tokens, into a window of 32,000 with 1,000 for the answer.

Everyone gets the same instruction, task and chunks, with random priorities from 1 to 1,000, and counts with OpenAI's
`o200k_base`. Each repetition takes other texts, so no count is cached when a cold time is taken. Our times are those of
`pack(...)` and of reading `.messages` and `.tokens`. The chunks are trusted Snippets, since no peer fences what it
shows; the Counter adds nothing for error and chat format, since not every peer does. A peer's time is that of its own
call, its inputs ready in its own types. Peers keep nothing from call to call: what is cold for us is always for them.

Tokens and worth are judged from what came out, for all alike: the messages' contents are counted from scratch, and a
chunk is kept if its text stands in one. Worth is the sum of priorities kept, compared with the proven optimum: the 0/1
knapsack of these sizes in the room that our own instruction and task leave, solved by dynamic programming. The peers
keep less of it in as many tokens because they go by priority alone, however long a chunk is.
"""

import argparse
import gc
import random
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

from chunks import Chunk, read_chunks
from optimum import most_worth
from peer import Peer
from table import DATA, Benchmark, Measured, Options, Row

from rheostat.app_core.compose import default_gateway
from rheostat.context import Counter, Pack, Snippet, Trust, Window, pack

INSTRUCTION = "You are a careful lawyer. Answer from the excerpts alone."
TASK = "Which of these agreements may be assigned without consent, and to whom?"
GAP = "\n\n"
PATIENCE_S, QUICK_PATIENCE_S = 15.0, 2.5
"""A peer that has taken so long altogether is not asked again."""


@dataclass
class Rival:
    """A peer, how it is asked, and what came of it."""

    name: str
    peer: Peer
    asked: dict[str, str | bool] = field(default_factory=dict[str, str | bool])
    version: str = ""
    ms: list[float] = field(default_factory=list[float])
    tokens: list[int] = field(default_factory=list[int])
    worth_ratios: list[float] = field(default_factory=list[float])


def rivals(peers: Path) -> list[Rival]:
    langchain, node = Peer("pack_langchain.py", peers / "common"), Peer("pack_node.mjs", peers / "node")
    return [
        Rival("priomptipy", Peer("pack_priomptipy.py", peers / "common")),
        Rival("langchain", langchain),
        Rival("langchain_approximate", langchain, {"approximate": True}),
        Rival("prompt_poet", Peer("pack_prompt_poet.py", peers / "prompt-poet")),
        Rival("priompt", node, {"library": "@impowering/priompt"}),
        Rival("prompt_tsx", node, {"library": "@vscode/prompt-tsx"}),
    ]


RIVALS = {
    "priomptipy": "priomptipy, `render`",
    "langchain": "LangChain, `trim_messages` of chunks sorted by priority, exact counter",
    "prompt_poet": "prompt-poet, render, tokenize and truncate",
    "langchain_approximate": "LangChain with its approximate counter",
    "priompt": "priompt's fork on npm, under node",
    "prompt_tsx": "vscode-prompt-tsx, under node",
}

ROWS = [
    Row("cold_ms", "ours, no count cached", "≤ 60"),
    Row("warm_ms", "ours, one snippet changed since the last pack", "≤ 10"),
    Row("overruns", "windows exceeded, of 50 (20 with `--quick`) of other sizes and hostile joints", "0"),
    Row("worth_ratio", "worth kept, to the proven optimum; the worst repetition", "≥ 0.99"),
    Row("used_tokens", "tokens of the messages, of 31,000"),
    *(Row(f"peer_{name}_ms", what) for name, what in RIVALS.items()),
    *(Row(f"peer_{name}_worth_ratio", f"worth kept: {what.split(',')[0]}") for name, what in RIVALS.items()),
    *(Row(f"peer_{name}_tokens", f"tokens used: {what.split(',')[0]}") for name, what in RIVALS.items()),
    Row("count_ms", "a bare loop that counts every chunk once, on the same texts"),
    Row("cold_to_count", "ours cold, to that bare loop"),
    Row("snippets_ms", "making the Snippets of 2,000 texts; in no other time"),
    Row("warm_fresh_ms", "one changed and all Snippets made anew, of new strings"),
    Row("receipt_ms", "reading the receipt"),
    Row("what_if_ms", "`what_if` with half the window"),
    Row("cold_untrusted_ms", "cold, all chunks untrusted and fenced"),
    Row("warm_untrusted_ms", "warm, all chunks untrusted and fenced"),
    Row("cold_20k_ms", "20,000 chunks, no count cached", "≤ 600"),
    Row("cold_20k_ratio", "20,000 chunks to 2,000", "≤ 10"),
    Row("cold_200k_ms", "200,000 chunks, no count cached (not with `--quick`)"),
    Row("peak_200k_mb", "peak memory of that process, its chunks included"),
    Row("growth_200k_mb", "of which packing added"),
]


@cache
def counter() -> Counter:
    """The tokenizer of the comparison: no margin for error, nothing for the chat format."""
    return replace(default_gateway().counter("gpt-4o"), error=0.0, per_message=0, per_request=0)


def snippets(chunks: Sequence[Chunk], trust: Trust = Trust.TRUSTED) -> list[Snippet]:
    return [Snippet(text=chunk.text, score=chunk.priority, trust=trust) for chunk in chunks]


def timed_ms(call: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    started = time.perf_counter()
    made = call()
    return (time.perf_counter() - started) * 1e3, made


def timed_pack(offered: Sequence[Snippet], window: Window, ours: Counter | None = None) -> tuple[float, Pack]:
    def whole() -> Pack:
        packed = pack(offered, instruction=INSTRUCTION, task=TASK, window=window, counter=ours or counter())
        assert packed.messages and packed.tokens
        return packed

    return timed_ms(whole)


class Found(dict[str, list[float]]):
    """What was measured, by key, one entry a repetition."""

    def note(self, key: str, number: float) -> None:
        self.setdefault(key, []).append(number)


@dataclass(frozen=True)
class Judge:
    """Tells from the messages alone how many tokens and how much worth a packer kept, and how much could be."""

    chunks: Sequence[Chunk]
    room: int

    def tokens(self, contents: Sequence[str]) -> int:
        return sum(counter().count_text(content) for content in contents)

    def kept(self, contents: Sequence[str]) -> list[int]:
        whole = GAP.join(contents)
        return [index for index, chunk in enumerate(self.chunks) if chunk.text in whole]

    def worth(self, contents: Sequence[str]) -> int:
        return sum(self.chunks[index].priority for index in self.kept(contents))

    def optimum(self, ours: Sequence[str]) -> int:
        """The most worth that fits beside what our messages hold besides chunks."""
        start = counter().count_text(GAP)
        sizes = [counter().count_text(f"{GAP}{chunk.text}{GAP}") - start for chunk in self.chunks]
        around = self.tokens(ours) - sum(sizes[index] for index in self.kept(ours))
        return most_worth([chunk.priority for chunk in self.chunks], sizes, self.room - around)


def repeat(options: Options, window: Window, seed: int, found: Found, peers: Sequence[Rival]) -> None:
    """One repetition: ours and every peer on the same texts, which nobody has seen before."""
    chunks = read_chunks(options.data, options.chunks, seed)
    took_ms, offered = timed_ms(lambda: snippets(chunks))
    found.note("snippets_ms", took_ms)
    took_ms, packed = timed_pack(offered, window)
    found.note("cold_ms", took_ms)
    patience_ms = 1e3 * (QUICK_PATIENCE_S if options.quick else PATIENCE_S)
    answers = [(rival, ask(rival, chunks, window)) for rival in peers if sum(rival.ms) < patience_ms]
    found.note("receipt_ms", timed_ms(lambda: packed.receipt)[0])
    smaller = Window(window.tokens // 2, window.kept_for_answer)
    found.note("what_if_ms", timed_ms(lambda: packed.what_if(window=smaller).messages)[0])
    warm(offered, window, found, "warm_ms")
    anew = [snippet.model_copy(update={"text": "".join(list(snippet.text))}) for snippet in offered]
    anew[0] = changed(anew[0], "anew")
    found.note("warm_fresh_ms", timed_pack(anew, window)[0])
    untrusted = snippets(read_chunks(options.data, options.chunks, 1000 + seed), Trust.UNTRUSTED)
    found.note("cold_untrusted_ms", timed_pack(untrusted, window)[0])
    warm(untrusted, window, found, "warm_untrusted_ms")
    found.note("count_ms", timed_ms(lambda: [counter().count_text(f"{chunk.text} ") for chunk in chunks])[0])

    judge = Judge(chunks, window.room)
    contents = [message.content for message in packed.messages]
    optimum = judge.optimum(contents)
    found.note("used_tokens", judge.tokens(contents))
    found.note("worth_ratio", judge.worth(contents) / optimum)
    for rival, answer in answers:
        if answer:
            rival.version = answer["version"]
            rival.ms.append(answer["ms"])
            rival.tokens.append(judge.tokens(answer["contents"]))
            rival.worth_ratios.append(judge.worth(answer["contents"]) / optimum)


def ask(rival: Rival, chunks: Sequence[Chunk], window: Window) -> dict[str, Any] | None:
    pairs = [(chunk.text, chunk.priority) for chunk in chunks]
    question = {"instruction": INSTRUCTION, "task": TASK, "chunks": pairs, "room": window.room, "table": "o200k_base"}
    return rival.peer.ask(question | rival.asked)


def changed(snippet: Snippet, how: str) -> Snippet:
    return snippet.model_copy(update={"text": f"{snippet.text} ({how})"})


def warm(offered: Sequence[Snippet], window: Window, found: Found, key: str) -> None:
    now = list(offered)
    for change in range(3):
        at = change * 7919 % len(now)
        now[at] = changed(now[at], str(change))
        found.note(key, timed_pack(now, window)[0])


def overruns(options: Options, windows: int) -> int:
    """Windows exceeded, where texts begin and end with what joins tokens across the seam."""
    dice = random.Random(2)
    plain = default_gateway().counter("gpt-4o")
    exact = replace(plain, error=0.0)
    chunks = read_chunks(options.data, min(options.chunks, 1000), seed=2)
    seams = ["", "", "", "/", " ", "\n", "\t", "'s ", ")", "\u00a0", "…", "0"]
    found = 0
    for _ in range(windows):
        some = dice.sample(chunks, min(len(chunks), 300))
        texts = [dice.choice(seams) + chunk.text + dice.choice(seams) for chunk in some]
        trust = dice.choice(list(Trust))
        offered = [Snippet(text=text, score=dice.randint(1, 1000), trust=trust) for text in texts]
        window = Window(dice.randint(700, 20_000), dice.randint(0, 300))
        packed = timed_pack(offered, window, exact)[1]
        counted = sum(plain.count_text(message.content) + plain.per_message for message in packed.messages)
        found += counted + plain.per_request > window.room
    return found


def pack_once(options: Options, chunks: int) -> tuple[float, float, float]:
    """Packs so many chunks in this process: milliseconds, its peak memory in MB, and what packing added to it."""
    offered = snippets(read_chunks(options.data, chunks))
    counter().count_text(TASK)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    took_ms, _ = timed_pack(offered, window_of(options))
    peak_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return took_ms, peak_kb / 1024, (peak_kb - before_kb) / 1024


def window_of(options: Options) -> Window:
    return Window(options.window, options.window // 32)


def measure(options: Options) -> Measured:
    window, found, peers = window_of(options), Found(), rivals(options.peers)
    few = read_chunks(options.data, 20, seed=999)
    timed_pack(snippets(few), window)
    for rival in peers:
        ask(rival, few, window)
    for seed in range(3 if options.quick else 15):
        repeat(options, window, seed, found, peers)
    for seed in range(2 if options.quick else 5):  # both sizes in turn, so that other load falls on both
        few_ms, many_ms = (
            timed_pack(snippets(read_chunks(options.data, times * options.chunks, 500 + 10 * seed + times)), window)[0]
            for times in (1, 10)
        )
        found.note("cold_20k_ms", many_ms)
        found.note("cold_20k_ratio", many_ms / few_ms)
    numbers: dict[str, float | None] = {key: median(measured) for key, measured in found.items()}
    numbers["worth_ratio"] = min(found["worth_ratio"])
    numbers["used_tokens"] = round(median(found["used_tokens"]))
    numbers["cold_to_count"] = median(found["cold_ms"]) / median(found["count_ms"])
    numbers["overruns"] = overruns(options, 20 if options.quick else 50)
    if not options.quick:
        with ProcessPoolExecutor(1, get_context("spawn")) as process:
            took_ms, peak_mb, growth_mb = process.submit(pack_once, options, 100 * options.chunks).result()
        numbers |= {"cold_200k_ms": took_ms, "peak_200k_mb": peak_mb, "growth_200k_mb": growth_mb}
    for rival in peers:
        rival.peer.close()
        if rival.ms:
            numbers[f"peer_{rival.name}_ms"] = median(rival.ms)
            numbers[f"peer_{rival.name}_tokens"] = round(median(rival.tokens))
            numbers[f"peer_{rival.name}_worth_ratio"] = median(rival.worth_ratios)
    return Measured(numbers, notes(options, peers, len(found["cold_ms"])))


def notes(options: Options, peers: Sequence[Rival], repetitions: int) -> list[str]:
    versions = sorted({rival.version for rival in peers if rival.version})
    missing = sorted({rival.peer.trouble for rival in peers if rival.peer.trouble})
    slow = f"Fewer of a peer that took {QUICK_PATIENCE_S if options.quick else PATIENCE_S:g} s altogether."
    return [
        f"{options.chunks:,} chunks, {repetitions} repetitions. {slow}",
        *([f"Peers: {', '.join(versions)}."] if versions else []),
        *missing,
    ]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=DATA / "cuad-mini", help="a folder of text files to cut into chunks"
    )
    parser.add_argument("--chunks", type=int, default=2000, help=argparse.SUPPRESS)
    parser.add_argument("--window", type=int, default=32_000, help=argparse.SUPPRESS)


def is_full(options: Options) -> bool:
    return not options.quick and options.chunks == 2000 and options.window == 32_000


if __name__ == "__main__":
    Benchmark("packing", __doc__ or "", ROWS, measure, arguments, is_full).run()
