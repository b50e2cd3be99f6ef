"""What a cost or a time may come to. Quantiles, not means, since latencies of model calls have heavy tails.

A spread is log-normal, told by its median and its 90th percentile, unless that would be far off: a cascade costs little
most times and much at others. Such a one is told by its amounts: as many, equally likely ones, each the mean of its
share.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache, reduce
from itertools import pairwise
from math import erf, exp, fsum, inf, log, prod, sqrt
from statistics import NormalDist

from pydantic import BaseModel, ConfigDict, Field, model_validator

_NORMAL = NormalDist()
_Z90 = _NORMAL.inv_cdf(0.9)

AMOUNTS = 32
"""Equally likely amounts that stand for a spread."""

_NEAR, _WIDEST, _LEAST = 0.1, 6.0, 1e-100
_BOUNDS = (-inf, *(_NORMAL.inv_cdf(step / AMOUNTS) for step in range(1, AMOUNTS)), inf)


class Spread(BaseModel):
    """An amount that is not known yet, in USD or in seconds.

    Args:
        p50: it comes to at most this half of the time.
        p90: and to at most this nine times in ten. Not below `p50`; equal if the amount is certain.
        points: where it is not log-normal: AMOUNTS equally likely amounts, ascending.
    """

    model_config = ConfigDict(frozen=True)

    p50: float = Field(ge=0, allow_inf_nan=False)
    p90: float = Field(ge=0, allow_inf_nan=False)
    points: tuple[float, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Spread:
        if self.p90 < self.p50:
            raise ValueError(f"the 90th percentile {self.p90} can't be below the median {self.p50}")
        return self

    @classmethod
    def certain(cls, amount: float) -> Spread:
        """An amount that is known."""
        return cls(p50=amount, p90=amount)

    @property
    def sigma(self) -> float:
        """The standard deviation of the amount's logarithm, if it is log-normal; no more than can be reckoned with."""
        return min(_WIDEST, (log(self.p90) - log(self.p50)) / _Z90) if self.p50 > 0 else 0.0

    @property
    def amounts(self) -> tuple[float, ...]:
        """AMOUNTS equally likely amounts, ascending, each the mean of its share. To sample is to pick one of them."""
        return self.points or tuple(self.p50 * share for share in _shares(self.sigma))

    @property
    def mean(self) -> float:
        """The expected amount."""
        return fsum(self.points) / len(self.points) if self.points else self.p50 * exp(self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        """The amount's variance."""
        if self.points:
            return fsum((point - self.mean) ** 2 for point in self.points) / len(self.points)
        return self.mean**2 * (exp(self.sigma**2) - 1)

    def at(self, share: float) -> float:
        """The amount that is not exceeded with this probability, between 0 and 1 exclusive."""
        if self.points:
            return _quantile(self.points, share)
        return self.p50 * exp(self.sigma * _NORMAL.inv_cdf(share))

    def times(self, factor: float) -> Spread:
        """The same amount `factor` times over, all as large or as small as one another."""
        points = tuple(point * factor for point in self.points)
        return Spread(p50=self.p50 * factor, p90=self.p90 * factor, points=points)


NOTHING = Spread.certain(0.0)
"""No cost, or no time."""


def matched(mean: float, variance: float) -> Spread:
    """The log-normal spread with this mean and this variance."""
    if mean <= _LEAST:
        return NOTHING
    sigma = sqrt(log(1 + variance / mean**2))
    p50 = mean * exp(-(sigma**2) / 2)
    return Spread(p50=p50, p90=p50 * exp(sigma * _Z90))


def of_amounts(amounts: Sequence[float]) -> Spread:
    """The spread of AMOUNTS equally likely amounts, ascending: log-normal if its mean is near enough to theirs."""
    p50, p90 = _quantile(amounts, 0.5), _quantile(amounts, 0.9)
    mean = fsum(amounts) / len(amounts)
    smooth = Spread(p50=p50, p90=p90)
    return smooth if abs(smooth.mean - mean) <= _NEAR * mean else Spread(p50=p50, p90=p90, points=tuple(amounts))


def total(parts: Iterable[Spread]) -> Spread:
    """The sum of independent amounts. Those that are log-normal sum to one that is, as near as makes no difference."""
    parts = list(parts)
    smooth = [part for part in parts if not part.points]
    summed = matched(fsum(part.mean for part in smooth), fsum(part.variance for part in smooth))
    return reduce(_sum, (part for part in parts if part.points), summed)


def mixed(parts: Iterable[tuple[float, Spread]]) -> Spread:
    """An amount that is each of these with its probability; what is missing to one counts as nothing."""
    parts = [(share, part) for share, part in parts if share > 0]
    if not any(part.p90 for _, part in parts):
        return NOTHING
    if len(parts) == 1 and parts[0][0] > 1 - 1e-9:
        return parts[0][1]
    rest = max(0.0, 1 - fsum(share for share, _ in parts))
    weighed = [(amount, share / AMOUNTS) for share, part in (*parts, (rest, NOTHING)) for amount in part.amounts]
    return _of(weighed)


def most(parts: Iterable[Spread]) -> Spread:
    """The largest of independent amounts."""
    counts = Counter(part for part in parts if part.p90 > 0)
    if len(counts) <= 1 and counts.total() <= 1:
        return next(iter(counts), NOTHING)
    if any(part.points for part in counts):
        return _of(_chances_of_most(list(counts.elements())))
    p50, p90 = (_quantile_of_most(counts, share) for share in (0.5, 0.9))
    return Spread(p50=p50, p90=max(p50, p90))


def _quantile_of_most(counts: Counter[Spread], share: float) -> float:
    """Bisection: the chance that all stay below an amount grows with it."""
    low = max(part.at(share) for part in counts)
    high = max(part.at(1 - (1 - share) / (2 * counts.total())) for part in counts)
    for _ in range(40):
        middle = (low + high) / 2
        if prod(_below(part, middle) ** count for part, count in counts.items()) < share:
            low = middle
        else:
            high = middle
    return high


def _below(part: Spread, amount: float) -> float:
    return _NORMAL.cdf(log(amount / part.p50) / part.sigma) if part.sigma else float(part.p50 <= amount)


def _chances_of_most(parts: list[Spread]) -> list[tuple[float, float]]:
    """Each amount that the largest may be, with its chance: by how much the chance grows there that all stay below."""
    below = [0] * len(parts)
    weighed, before = list[tuple[float, float]](), 0.0
    for amount, number in sorted((amount, number) for number, part in enumerate(parts) for amount in part.amounts):
        below[number] += 1
        chance = prod(count / AMOUNTS for count in below)
        weighed.append((amount, chance - before))
        before = chance
    return weighed


def _sum(one: Spread, other: Spread) -> Spread:
    return other if one == NOTHING else _of([(a + b, 1.0) for a in one.amounts for b in other.amounts])


@lru_cache(maxsize=256)
def _shares(sigma: float) -> tuple[float, ...]:
    """The amounts of a log-normal spread, as multiples of its median."""
    if sigma == 0:
        return (1.0,) * AMOUNTS
    below = [(1 + erf((bound - sigma) / sqrt(2))) / 2 for bound in _BOUNDS]
    return tuple(exp(sigma**2 / 2) * AMOUNTS * (upper - lower) for lower, upper in pairwise(below))


def _of(weighed: list[tuple[float, float]]) -> Spread:
    """The spread of amounts that are as likely as they weigh: sorted, each equal share of them becomes its mean."""
    weighed.sort()
    share = fsum(weight for _, weight in weighed) / AMOUNTS
    points = list[float]()
    filled = summed = 0.0
    for amount, weight in weighed:
        while filled + weight >= share and len(points) < AMOUNTS - 1:
            taken = share - filled
            points.append((summed + amount * taken) / share)
            weight -= taken
            filled = summed = 0.0
        filled += weight
        summed += amount * weight
    points.append(summed / filled)
    return Spread(p50=_quantile(points, 0.5), p90=_quantile(points, 0.9), points=tuple(points))


def _quantile(points: Sequence[float], share: float) -> float:
    """Between the two amounts whose shares' middles it lies between."""
    return between(points, share * len(points) - 0.5)


def between(amounts: Sequence[float], place: float) -> float:
    """The amount at a place counted from 0, in proportion between two; at the ends the first and the last."""
    place = min(max(place, 0.0), len(amounts) - 1.0)
    low = int(place)
    high = min(low + 1, len(amounts) - 1)
    return amounts[low] + (place - low) * (amounts[high] - amounts[low])
