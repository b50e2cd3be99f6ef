"""For the tests of an App: a Gateway that answers by script, so that no test calls a model; a Store without a file."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import ceil
from os.path import commonprefix
from typing import Any

from rheostat.context import Counter

from .errors import BadRequest
from .inbox import Waiting, app_of, moves
from .log import Record
from .ports import CacheFacts, ChatReply, ChatRequest, ModelFacts, Price, Usage
from .run_errors import RunHeld, RunTaken, UnknownRun
from .schemas import as_text

Answer = str | ChatReply | Exception
"""What a script gives for a request: a text, a whole reply with its own usage and cost, or an error to raise."""

Script = Callable[[ChatRequest], Answer] | Sequence[Answer]

CHARS_PER_TOKEN = 4
DEFAULT_PRICE = Price(prompt_usd=1e-6, answer_usd=4e-6, cached_read_usd=1e-7)


class ScriptedGateway:
    """Answers by script, and bills for it, as any model one names.

    A token is four characters. An answer longer than the request allows is cut short, and a request longer than the
    window refused, as a provider would. With a cache, what a prompt shares with an earlier one is billed as cached.

    Args:
        script: a function of the request, or answers to be given in order.
        price: billed for each call; or by model, where one that is not named costs what others do by default.
        window_tokens: of every model.
        delay_s: how long each answer takes.
        cache: how the provider's prompt cache works; None for no cache. It forgets nothing.
    """

    def __init__(
        self,
        script: Script,
        *,
        price: Price | Mapping[str, Price] = DEFAULT_PRICE,
        window_tokens: int = 32_768,
        delay_s: float = 0.0,
        cache: CacheFacts | None = None,
    ) -> None:
        self._script = script
        self._price, self._window_tokens, self._delay_s = price, window_tokens, delay_s
        self._cache, self._prompts = cache, list[_Prompt]()
        self.requests: list[ChatRequest] = []
        """Every request so far, in order."""

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return len(self.requests)

    def facts(self, model: str) -> ModelFacts:
        """The same for every model, but for the price."""
        price = self._price if isinstance(self._price, Price) else self._price.get(model, DEFAULT_PRICE)
        size = self._window_tokens
        return ModelFacts(name=model, window_tokens=size, max_answer_tokens=size, price=price, cache=self._cache)

    def counter(self, model: str) -> Counter:
        """Counts as this gateway bills."""
        return Counter(f"{CHARS_PER_TOKEN} characters", _tokens, per_message=4, per_request=3)

    def schema_text(self, model: str, answer_schema: dict[str, Any] | None) -> str:
        """The schema as JSON: it counts as prompt."""
        return "" if answer_schema is None else as_text(answer_schema)

    async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
        """Answers by script.

        Raises:
            BadRequest: the request exceeds the window.
            AssertionError: the script has no answer left.
        """
        at = len(self.requests)
        self.requests.append(request)
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        answer = self._answer(request, at)
        if isinstance(answer, Exception):
            raise answer
        reply = self._reply(request, answer) if isinstance(answer, str) else answer
        if on_text is not None:
            for piece in re.findall(r"\s*\S+|\s+", reply.text):
                on_text(piece)
        return reply

    def _through_cache(self, prompt: _Prompt, prompt_tokens: int) -> tuple[int, int]:
        """The tokens that come from the cache, and those that go into it."""
        if self._cache is None:
            return 0, 0
        least, step = self._cache.min_tokens, self._cache.step_tokens
        read = 0
        for earlier in self._prompts:
            shared = len(commonprefix((earlier.text, prompt.text)))
            ends = [end for end in earlier.ends if end <= shared] if self._cache.marked else [shared]
            read = max(read, *(min(end // CHARS_PER_TOKEN, prompt_tokens - 1) for end in ends), 0)
        self._prompts.append(prompt)
        read = read // step * step if read >= least else 0
        upto = max(prompt.ends, default=0) // CHARS_PER_TOKEN if self._cache.marked else prompt_tokens
        return read, max(0, upto - read)

    def _answer(self, request: ChatRequest, at: int) -> Answer:
        if callable(self._script):
            return self._script(request)
        if at >= len(self._script):
            raise AssertionError(f"The script holds {len(self._script)} answers, and this is call {at + 1}. Add one.")
        return self._script[at]

    def _reply(self, request: ChatRequest, text: str) -> ChatReply:
        schema = self.schema_text(request.model, request.answer_schema)
        prompt_tokens = self.counter(request.model).count(request.messages, schema)
        if prompt_tokens > self._window_tokens:
            raise BadRequest(
                f"{request.model} refused {prompt_tokens} tokens: its window holds {self._window_tokens}. Ask less."
            )
        shown = text[: request.max_answer_tokens * CHARS_PER_TOKEN]
        read, written = self._through_cache(_prompt(request, schema), prompt_tokens)
        usage = Usage(
            prompt_tokens=prompt_tokens,
            answer_tokens=_tokens(shown),
            cached_tokens=read,
            cache_write_tokens=written,
        )
        return ChatReply(
            text=shown,
            usage=usage,
            cost_usd=self.facts(request.model).price.cost_usd(usage),
            latency_s=self._delay_s,
            cut_short=len(shown) < len(text),
        )


@dataclass(frozen=True)
class _Prompt:
    """A prompt as one text, and where in it the breakpoints stand."""

    text: str
    ends: tuple[int, ...]


def _prompt(request: ChatRequest, schema: str) -> _Prompt:
    text, ends = schema, list[int]()
    for message in request.messages:
        text += f"\n{message.role}:\n"
        ends += [len(text) + at for at in message.breakpoints]
        text += message.content
    return _Prompt(text, tuple(ends))


def _tokens(text: str) -> int:
    return ceil(len(text) / CHARS_PER_TOKEN)


class MemoryStore:
    """A Store that lasts as long as its process. Several threads may use it."""

    def __init__(self) -> None:
        self._logs = dict[str, list[Record]]()
        self._held = dict[str, MemoryLease]()
        self._words = dict[str, list[tuple[int, str]]]()
        self._numbers = count(1)
        self._kept = dict[str, str]()
        self._asked = dict[str, dict[str, Waiting]]()
        self._lock = threading.Lock()

    def append(self, run: str, expected_seq: int, records: Sequence[Record]) -> None:
        """See Store."""
        with self._lock:
            self._append(run, expected_seq, records)

    def erase(self, run: str, expected_seq: int, told: Record, tombstones: Sequence[Record]) -> None:
        """See Store."""
        with self._lock:
            self._append(run, expected_seq, [told])
            for record in tombstones:
                self._logs[run][record.seq] = record
            self._words.pop(run, None)

    def read(self, run: str) -> list[Record]:
        """See Store."""
        with self._lock:
            if run not in self._logs:
                raise UnknownRun(run)
            return list(self._logs[run])

    def runs(self) -> list[str]:
        """See Store."""
        with self._lock:
            return [run for run in self._newest_first() if not self._logs[run][0].is_tombstone]

    def unreadable(self) -> list[str]:
        """See Store."""
        with self._lock:
            return [run for run in self._newest_first() if self._logs[run][0].is_tombstone]

    def waiting(self) -> list[Waiting]:
        """See Store."""
        with self._lock:
            waiting = [each for asked in self._asked.values() for each in asked.values()]
        return sorted(waiting, key=lambda each: (each.asked_at, each.run, each.node))

    def lease(self, run: str) -> MemoryLease:
        """See Store."""
        return MemoryLease(run, self._held, self._lock)

    def leave_word(self, run: str, word: str) -> int:
        """See Store."""
        with self._lock:
            number = next(self._numbers)
            self._words.setdefault(run, []).append((number, word))
            return number

    def words(self, run: str) -> list[tuple[int, str]]:
        """See Store."""
        with self._lock:
            return list(self._words.get(run, ()))

    def heard(self, run: str, upto: int) -> None:
        """See Store."""
        with self._lock:
            self._words[run] = [(number, word) for number, word in self._words.get(run, ()) if number > upto]

    def keep(self, key: str, body: str) -> None:
        """See Store."""
        self._kept[key] = body

    def kept(self, key: str) -> str | None:
        """See Store."""
        return self._kept.get(key)

    def _append(self, run: str, expected_seq: int, records: Sequence[Record]) -> None:
        log = self._logs.setdefault(run, [])
        if len(log) != expected_seq:
            raise RunTaken(run)
        log.extend(records)
        self._index(run, records)

    def _newest_first(self) -> list[str]:
        return sorted(self._logs, key=lambda run: self._logs[run][0].at, reverse=True)

    def _index(self, run: str, records: Sequence[Record]) -> None:
        asked = self._asked.setdefault(run, {})
        for move in moves(run, records):
            match move.what:
                case "asked" if move.question is not None:
                    asked[move.node] = move.question._replace(app=app_of(self._logs[run][0]))
                case "left":
                    asked.pop(move.node, None)
                case _:
                    asked.clear()


class MemoryLease:
    """The Lease of a MemoryStore. `held` are those that are taken, by run."""

    def __init__(self, run: str, held: dict[str, MemoryLease], lock: threading.Lock) -> None:
        self._run, self._held, self._lock = run, held, lock

    def take(self) -> None:
        """See Lease."""
        with self._lock:
            if self._held.setdefault(self._run, self) is not self:
                raise RunHeld(self._run, "another thread of this process")

    def drop(self) -> None:
        """See Lease."""
        with self._lock:
            if self._held.get(self._run) is self:
                del self._held[self._run]
