"""What a provider's prompt cache will serve of the next request, foretold from those it has answered."""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from rheostat.context import Break, Counter, Message, likely_tokens, shared_prefix

from .ports import CacheFacts, Usage

MOST_MARKS = 4
"""Breakpoints that one request may have. Anthropic refuses a fifth."""

_BLOCK_CHARS = 2_000
_PARAGRAPH = re.compile(r"\n\n(?=\S)")

Place = tuple[int, int]
"""Index of a message, and characters into its content."""


@dataclass(frozen=True)
class Asked:
    """A request, as far as the cache is concerned.

    Args:
        step: what it is asked for; requests of one step are expected to begin alike.
        messages: of the request.
        schema: of the answer, as text, where that is a part of the prompt.
        likely_tokens: what all of it most likely takes.
    """

    step: str
    messages: tuple[Message, ...]
    schema: str
    likely_tokens: int


@dataclass(frozen=True)
class Answered:
    """A request that was answered, so that the provider has it in its cache.

    Args:
        asked: the request.
        answer: the text of the answer.
        prompt_tokens: of the request, as reported; 0 if that is not known.
        at_s: when the answer came, in seconds on any clock.
    """

    asked: Asked
    answer: str
    prompt_tokens: int
    at_s: float

    @property
    def scale(self) -> float:
        """How many tokens the provider counts for one of ours; 0 if that is not known."""
        return self.prompt_tokens / self.asked.likely_tokens if self.asked.likely_tokens else 0.0


class Forecast(NamedTuple):
    """The prompt's likely usage; and where it broke before a breakpoint of the last one of its step, if it did."""

    usage: Usage
    broke: Break | None


def asking(step: str, messages: tuple[Message, ...], schema: str, counter: Counter) -> Asked:
    """A request, counted.

    Args:
        step, messages, schema: as in Asked.
        counter: the model's.
    """
    tokens = likely_tokens(messages, counter) + counter.count_text(schema)
    return Asked(step, messages, schema, tokens)


def forecast(
    asked: Asked, answered: Sequence[Answered], *, counter: Counter, cache: CacheFacts | None, now_s: float
) -> Forecast:
    """What the provider will most likely report of a request's prompt.

    Args:
        asked: the request.
        answered: what the same model answered before, oldest first.
        counter: the model's. Where a request was answered, its reported tokens put the counter's right.
        cache: how the provider's cache works; None if it has none, or none that is known.
        now_s: on the clock of the answers.
    """
    scale = next((one.scale for one in reversed(answered) if one.scale), 1.0)
    prompt_tokens = round(asked.likely_tokens * scale)
    if cache is None:
        return Forecast(Usage(prompt_tokens=prompt_tokens), None)
    there = [one for one in answered if one.asked.schema == asked.schema and now_s - one.at_s <= cache.keeps_s]
    reach = max((_reach(one, asked, cache) for one in there), default=(0, 0))

    def tokens(place: Place) -> int:
        inside = likely_tokens(asked.messages, counter, end=place)
        return round((inside + counter.count_text(asked.schema)) * scale) if inside else 0

    # Something is always read anew: without it there would be nothing to go on from.
    cached = min(tokens(reach), prompt_tokens - 1)
    cached = cached - cached % cache.step_tokens if cached >= cache.min_tokens else 0
    written = tokens(max(marks(asked.messages, cache), default=(0, 0))) if cache.marked else prompt_tokens
    usage = Usage(prompt_tokens=prompt_tokens, cached_tokens=cached, cache_write_tokens=max(0, written - cached))
    return Forecast(usage, _broke(asked, answered))


class Start(NamedTuple):
    """What a prompt begins with, as others of its kind do; `name` is "" if none of it can be cached."""

    name: str
    tokens: int


def shared_start(asked: Asked, *, counter: Counter, cache: CacheFacts | None) -> Start:
    """The first stretch of a prompt that is to stay the same from call to call and is long enough to be cached.

    Args:
        asked: the request.
        counter: the model's.
        cache: how the provider's cache works; None if it has none, or none that is known.
    """
    if cache is not None:
        for index, message in enumerate(asked.messages):
            for end in message.breakpoints:
                tokens = likely_tokens(asked.messages, counter, end=(index, end)) + counter.count_text(asked.schema)
                if tokens >= cache.min_tokens:
                    return Start(_named(asked, index, end), tokens)
    return Start("", 0)


def _named(asked: Asked, index: int, end: int) -> str:
    digest = sha256(asked.schema.encode(errors="replace"))
    for message in asked.messages[:index]:
        digest.update(f"\0{message.role}\0{message.content}".encode(errors="replace"))
    digest.update(f"\0{asked.messages[index].role}\0{asked.messages[index].content[:end]}".encode(errors="replace"))
    return digest.hexdigest()


def _reach(one: Answered, asked: Asked, cache: CacheFacts) -> Place:
    """How far into the request the cache reaches, thanks to one that was answered."""
    before = one.asked.messages
    answer = (Message(role="assistant", content=one.answer),) if cache.answers else ()
    end = shared_prefix((*before, *answer), asked.messages).end
    if not cache.marked:
        return min(end, (len(before), len(one.answer))) if answer else end  # what ends the answer is not cached
    written = (place for place in marks(before, cache) if place <= end)
    return max((place for place in written if place[1] in blocks(asked.messages[place[0]])), default=(0, 0))


def _broke(asked: Asked, answered: Sequence[Answered]) -> Break | None:
    """Where the request parts from the last one of its step, if that is before a breakpoint of that one."""
    last = next((one.asked.messages for one in reversed(answered) if one.asked.step == asked.step), ())
    breakpoints = [(index, char) for index, message in enumerate(last) for char in message.breakpoints]
    shared = shared_prefix(last, asked.messages)
    return shared.broke if shared.broke and breakpoints and shared.end < breakpoints[-1] else None


def marks(messages: Sequence[Message], cache: CacheFacts) -> tuple[Place, ...]:
    """Up to where a provider is told to cache: at most `MOST_MARKS` ends of blocks, in order.

    They are the blocks' ends at breakpoints, and one more: what ends at the last breakpoint grows from call to call, so
    that the next request has no block that ends there; but it has the one that ends before it.
    Of too many the first stays, since it is shared by the most requests, and the last ones, since the next request of
    the conversation reads as far as it can. What is surely too short to be cached gets none.
    """
    places = [(index, end) for index, message in enumerate(messages) for end in _breakpoint_ends(message)]
    if places:
        index, last = places[-1]
        places += [(index, end) for end in blocks(messages[index]) if end < last][-1:]
    worth = [place for place in sorted(set(places)) if _bytes(messages, place) >= cache.min_tokens]
    return tuple(worth if len(worth) <= MOST_MARKS else (worth[0], *worth[1 - MOST_MARKS :]))


def blocks(message: Message) -> tuple[int, ...]:
    """Where the blocks end in which a message goes to a provider that caches whole blocks.

    They end at breakpoints, and now and then with a paragraph: a text that grows keeps the ends it had. No block is
    blank, since providers refuse those: white space after the last end goes with the last block.
    """
    text, ends, start = message.content, list[int](), 0
    for edge in sorted({*message.breakpoints, len(text)}):
        while found := _PARAGRAPH.search(text, start + _BLOCK_CHARS, edge):
            ends.append(start := found.end())
        ends.append(start := edge)
    starts = (0, *ends)
    return tuple(end for start, end in zip(starts, ends, strict=False) if text[start:end].strip())


def _breakpoint_ends(message: Message) -> list[int]:
    """The blocks' ends at a message's breakpoints, in order; a breakpoint after nothing but white space has none."""
    ends = (0, *blocks(message))
    found = (ends[bisect_right(ends, at) - 1] for at in message.breakpoints)
    return [end for end in found if end]


def _bytes(messages: Sequence[Message], place: Place) -> int:
    """UTF-8 bytes up to a place; no token is made of less than one."""
    index, char = place
    texts = [*(message.content for message in messages[:index]), messages[index].content[:char]]
    return sum(len(text.encode(errors="replace")) for text in texts)
