"""A first selection: what every task would choose by itself if money and time had a price.

One price for both, just so high that the choices fit the caps together. What it leaves over is for others to use.
"""

from __future__ import annotations

from math import inf

from .figures import Caps, Figures, Selection, unit

_OF_TIME = 0.05
"""What the whole deadline is worth to one task, beside the whole of the money: most tasks are on no longest way."""
_LEAST, _MOST, _HALVINGS = 1e-6, 1e6, 10


def priced(figures: Figures, caps: Caps) -> Selection:
    """The selection at the lowest price found at which it fits the caps; if there is none, at a very high one."""
    usd = 0.0 if caps.usd == inf else 1 / unit(caps.usd, figures.least.usd)
    second = 0.0 if caps.seconds == inf else (_OF_TIME if usd else 1.0) / unit(caps.seconds, figures.least.seconds)
    offers = [[(way.worth, usd * way.usd + second * way.seconds) for way in ways] for ways in figures.ways]
    scale = figures.worth([0] * len(offers)) or 1.0
    low, high = _LEAST * scale, _MOST * scale
    fitting = _at(offers, high)
    for _ in range(_HALVINGS):
        price = (low * high) ** 0.5
        selection = _at(offers, price)
        need = figures.need(selection)
        if figures.overrun(need.usd, need.seconds, caps):
            low = price
        else:
            high, fitting = price, selection
    return fitting


def _at(offers: list[list[tuple[float, float]]], price: float) -> Selection:
    return [_best([worth - price * share for worth, share in ways]) for ways in offers]


def _best(values: list[float]) -> int:
    return values.index(max(values))
