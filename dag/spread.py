"""What a cost or a time may come to: a log-normal spread, told by its median and its 90th percentile.

Quantiles, not means, since latencies of model calls have heavy tails. Sums keep mean and variance (Fenton and
Wilkinson); mixtures are matched the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import exp, log, sqrt
from statistics import NormalDist

from pydantic import BaseModel, ConfigDict, Field, model_validator

_NORMAL = NormalDist()
_Z90 = _NORMAL.inv_cdf(0.9)


class Spread(BaseModel):
    """An amount that is not known yet, in USD or in seconds.

    Args:
        p50: it comes to at most this half of the time.
        p90: and to at most this nine times in ten. Not below `p50`; equal if the amount is certain.
    """

    model_config = ConfigDict(frozen=True)

    p50: float = Field(ge=0, allow_inf_nan=False)
    p90: float = Field(ge=0, allow_inf_nan=False)

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
        """The standard deviation of the amount's logarithm."""
        return log(self.p90 / self.p50) / _Z90 if self.p50 > 0 else 0.0

    @property
    def mean(self) -> float:
        """The expected amount."""
        return self.p50 * exp(self.sigma**2 / 2)

    @property
    def variance(self) -> float:
        """The amount's variance."""
        return self.mean**2 * (exp(self.sigma**2) - 1)

    def at(self, share: float) -> float:
        """The amount that is not exceeded with this probability, between 0 and 1 exclusive."""
        return self.p50 * exp(self.sigma * _NORMAL.inv_cdf(share))

    def times(self, factor: float) -> Spread:
        """The same amount `factor` times over, all as large or as small as one another."""
        return Spread(p50=self.p50 * factor, p90=self.p90 * factor)


NOTHING = Spread.certain(0.0)
"""No cost, or no time."""


def matched(mean: float, variance: float) -> Spread:
    """The spread with this mean and this variance."""
    if mean <= 0:
        return NOTHING
    sigma = sqrt(log(1 + variance / mean**2))
    p50 = mean * exp(-(sigma**2) / 2)
    return Spread(p50=p50, p90=p50 * exp(sigma * _Z90))


def total(parts: Iterable[Spread]) -> Spread:
    """The sum of independent amounts."""
    parts = list(parts)
    return matched(sum(part.mean for part in parts), sum(part.variance for part in parts))


def mixed(parts: Iterable[tuple[float, Spread]]) -> Spread:
    """An amount that is each of these with its probability; what is missing to one counts as nothing."""
    parts = list(parts)
    mean = sum(share * part.mean for share, part in parts)
    square = sum(share * (part.variance + part.mean**2) for share, part in parts)
    return matched(mean, max(0.0, square - mean**2))


def most(parts: Iterable[Spread]) -> Spread:
    """The largest of independent amounts."""
    parts = [part for part in parts if part.p50 > 0]
    if not parts:
        return NOTHING
    p50, p90 = (_quantile_of_most(parts, share) for share in (0.5, 0.9))
    return Spread(p50=p50, p90=max(p50, p90))


def _quantile_of_most(parts: list[Spread], share: float) -> float:
    """Bisection: the chance that all stay below an amount grows with it."""
    low = max(part.at(share) for part in parts)
    high = max(part.at(1 - (1 - share) / (2 * len(parts))) for part in parts)
    for _ in range(60):
        middle = (low + high) / 2
        if _all_below(parts, middle) < share:
            low = middle
        else:
            high = middle
    return high


def _all_below(parts: list[Spread], amount: float) -> float:
    chance = 1.0
    for part in parts:
        if part.sigma == 0:
            chance *= float(part.p50 <= amount)
        else:
            chance *= _NORMAL.cdf(log(amount / part.p50) / part.sigma)
    return chance
