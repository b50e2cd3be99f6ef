"""What a whole workflow may take, by drawing every task's cost and time many times over.

The longest of several ways takes longer than the longest of their expected times: for 200 tasks with heavy tails the
90th percentile is near twice the sum of the medians. So a deadline is held against what is drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import fsum, inf
from statistics import NormalDist
from typing import TYPE_CHECKING

from .spread import AMOUNTS, NOTHING, Spread, matched, most, total

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Numbers = NDArray[numpy.float64]
    Ranks = NDArray[numpy.int64]

_DRAWS, _FEW_DRAWS, _MOST_NUMBERS = 400, 50, 4_000_000
_SEED = 1
_CROWDING = 3.0


def whole_usd(costs: Sequence[Spread]) -> Spread:
    """The cost of all tasks together, from that of each."""
    certain, uncertain = fsum(cost.p50 for cost in costs if cost.p50 == cost.p90), _uncertain(costs)
    if len(uncertain) < 2:
        return total([Spread.certain(certain), *uncertain])
    try:
        draws = _Draws(uncertain)
        summed = draws.of(0) + certain
        for index in range(1, len(uncertain)):
            summed += draws.of(index)
        return _quantiles(summed)
    except ImportError:
        return matched(fsum(cost.mean for cost in costs), fsum(cost.variance for cost in costs))


def whole_seconds(
    seconds: Sequence[Spread], before: Sequence[Sequence[int]], *, busy_s: float = 0.0, slots: float = inf
) -> Spread:
    """The time from a workflow's start to its end.

    Args:
        seconds: of each task, in topological order.
        before: of each task, the places of those that it waits for.
        busy_s: expected work of all calls, of which `slots` run side by side.
    """
    if not seconds:
        return NOTHING
    is_one_way = all(list(needed) == [index - 1] for index, needed in enumerate(before) if index)
    try:
        longest = total(seconds) if is_one_way else _drawn(seconds, before)
    except ImportError:
        longest = _added_up(seconds, before)
    return Spread(p50=_crowded(longest.p50, busy_s / slots), p90=_crowded(longest.p90, busy_s / slots))


def _crowded(longest_s: float, work_s: float) -> float:
    """The longest way or all work spread evenly, whichever is more; somewhat above both where they come close."""
    larger, smaller = max(longest_s, work_s), min(longest_s, work_s)
    return larger * (1 + (smaller / larger) ** _CROWDING) ** (1 / _CROWDING) if larger else 0.0


def _uncertain(amounts: Sequence[Spread]) -> list[Spread]:
    return [amount for amount in amounts if amount.p50 != amount.p90]


def _drawn(seconds: Sequence[Spread], before: Sequence[Sequence[int]]) -> Spread:
    import numpy

    draws = _Draws(seconds)
    ends_s = numpy.empty((len(seconds), draws.count))
    for index, needed in enumerate(before):
        ends_s[index] = draws.of(index)
        if len(needed) == 1:
            ends_s[index] += ends_s[needed[0]]
        elif needed:
            ends_s[index] += ends_s[list(needed)].max(axis=0)
    return _quantiles(ends_s.max(axis=0))


class _Draws:
    """Amounts of each of several spreads: with each as many of every size as it should have, in an order of its own."""

    def __init__(self, spreads: Sequence[Spread]) -> None:
        self._spreads = spreads
        self.count = max(_FEW_DRAWS, min(_DRAWS, _MOST_NUMBERS // len(spreads)))
        self._ranks = _ranks(1 << (len(spreads) - 1).bit_length(), self.count)
        self._normal = _normal(self.count)

    def of(self, index: int) -> Numbers:
        import numpy

        spread, ranks = self._spreads[index], self._ranks[index]
        if spread.points:
            return numpy.array(spread.points)[ranks * AMOUNTS // self.count]
        return spread.p50 * numpy.exp(spread.sigma * self._normal[ranks])


@lru_cache(maxsize=8)
def _ranks(rows: int, count: int) -> Ranks:
    """In each row the numbers below `count` in an order of its own: the same ones whenever asked."""
    import numpy

    return numpy.random.default_rng(_SEED).permuted(numpy.tile(numpy.arange(count), (rows, 1)), axis=1)


@lru_cache(maxsize=8)
def _normal(count: int) -> Numbers:
    """As many quantiles of the normal distribution, ascending."""
    import numpy

    return numpy.array([NormalDist().inv_cdf((index + 0.5) / count) for index in range(count)])


def _quantiles(drawn: Numbers) -> Spread:
    import numpy

    p50, p90 = (float(amount) for amount in numpy.quantile(drawn, (0.5, 0.9)))
    return Spread(p50=p50, p90=max(p50, p90))


def _added_up(seconds: Sequence[Spread], before: Sequence[Sequence[int]]) -> Spread:
    """Without numpy: as if ways that part and meet again had nothing in common, which errs to the long side."""
    ends_s: list[Spread] = []
    for spread, needed in zip(seconds, before, strict=True):
        ends_s.append(total([most(ends_s[other] for other in needed), spread]))
    return most(ends_s)
