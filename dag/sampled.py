"""How long a whole workflow may take, by drawing every task's time many times over.

The longest of several ways takes longer than the longest of their expected times: for 200 tasks with heavy tails the
90th percentile is near twice the sum of the medians. So a deadline is held against what is drawn here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import inf
from statistics import NormalDist
from typing import TYPE_CHECKING

from .spread import NOTHING, Spread, most, total

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Draws = NDArray[numpy.float64]

_DRAWS, _FEW_DRAWS, _MOST_NUMBERS = 400, 50, 4_000_000
_SEED = 1
_CROWDING = 3.0


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
    longest = _longest(seconds, before)
    return Spread(p50=_crowded(longest.p50, busy_s / slots), p90=_crowded(longest.p90, busy_s / slots))


def _longest(seconds: Sequence[Spread], before: Sequence[Sequence[int]]) -> Spread:
    if all(list(needed) == [index - 1] for index, needed in enumerate(before) if index):
        return total(seconds)  # there is but one way: nothing to draw, and no need of numpy
    try:
        return _drawn(seconds, before)
    except ImportError:
        return _added_up(seconds, before)


def _crowded(longest_s: float, work_s: float) -> float:
    """The longest way or all work spread evenly, whichever is more; somewhat above both where they come close."""
    larger, smaller = max(longest_s, work_s), min(longest_s, work_s)
    return larger * (1 + (smaller / larger) ** _CROWDING) ** (1 / _CROWDING) if larger else 0.0


def _drawn(seconds: Sequence[Spread], before: Sequence[Sequence[int]]) -> Spread:
    import numpy

    draws = max(_FEW_DRAWS, min(_DRAWS, _MOST_NUMBERS // len(seconds)))
    normal = _normals(1 << (len(seconds) - 1).bit_length(), draws)
    ends_s = numpy.empty((len(seconds), draws))
    for index, (spread, needed) in enumerate(zip(seconds, before, strict=True)):
        end_s = ends_s[index]
        numpy.exp(spread.sigma * normal[index], out=end_s)
        end_s *= spread.p50
        if len(needed) == 1:
            end_s += ends_s[needed[0]]
        elif needed:
            end_s += ends_s[list(needed)].max(axis=0)
    p50, p90 = (float(amount) for amount in numpy.quantile(ends_s.max(axis=0), (0.5, 0.9)))
    return Spread(p50=p50, p90=max(p50, p90))


@lru_cache(maxsize=8)
def _normals(rows: int, draws: int) -> Draws:
    """In each row the quantiles of the normal distribution, in an order of its own: the same ones whenever asked."""
    import numpy

    quantiles = [NormalDist().inv_cdf((index + 0.5) / draws) for index in range(draws)]
    return numpy.random.default_rng(_SEED).permuted(numpy.tile(quantiles, (rows, 1)), axis=1)


def _added_up(seconds: Sequence[Spread], before: Sequence[Sequence[int]]) -> Spread:
    """Without numpy: as if ways that part and meet again had nothing in common, which errs to the long side."""
    ends_s: list[Spread] = []
    for spread, needed in zip(seconds, before, strict=True):
        ends_s.append(total([most(ends_s[other] for other in needed), spread]))
    return most(ends_s)
