"""What a provider allows in a minute, kept in any minute, wherever it begins."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from .limits import Rate

_MINUTE_S = 60.0


@dataclass(slots=True)
class Bucket:
    """Calls and tokens that may still be taken. What is taken comes back a minute later.

    Args:
        rate: how much it holds when full.
        taken: when what comes back, and how many tokens, the earliest first; one entry a call.
        tokens: the sum of those tokens.
    """

    rate: Rate
    taken: deque[tuple[float, int]] = field(default_factory=deque[tuple[float, int]])
    tokens: int = 0

    def free_s(self, now_s: float, tokens: int) -> float:
        """When a call of so many tokens may go: now, or later. One that asks for more than all waits for a full one."""
        self._give_back(now_s)
        calls, lacking = len(self.taken), self._lacking(tokens)
        at_s = now_s
        if calls >= self._most_calls():
            at_s = self.taken[calls - self._most_calls()][0]
        for back_s, amount in self.taken:
            if lacking <= 0:
                break
            lacking -= amount
            at_s = max(at_s, back_s)
        return at_s

    def take(self, now_s: float, tokens: int) -> None:
        """A call of so many tokens goes now."""
        self._give_back(now_s)
        back_s = now_s + max(_MINUTE_S, _MINUTE_S / (self.rate.requests_per_min or 1.0))
        self.taken.append((back_s, tokens))
        self.tokens += tokens

    def _give_back(self, now_s: float) -> None:
        while self.taken and self.taken[0][0] <= now_s:
            self.tokens -= self.taken.popleft()[1]

    def _most_calls(self) -> int:
        """Less than one call a minute is one in as many minutes as that takes."""
        limit = self.rate.requests_per_min
        return max(1, int(limit)) if limit is not None else len(self.taken) + 1

    def _lacking(self, tokens: int) -> float:
        limit = self.rate.tokens_per_min
        return self.tokens + min(tokens, limit) - limit if limit is not None else 0.0
