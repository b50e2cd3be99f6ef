"""From the best mixture of ways to a selection: rounded, mended, improved, and for small problems proven.

Without machines to assign, only the caps and the longest ways tie tasks together. So all but a few tasks come out of
the mixture whole, and what the mixture is worth bounds every selection closely.
"""

from __future__ import annotations

from dataclasses import replace

from .figures import Caps, Figures, Found, Selection
from .greedy import greedy, improved, overrun, repaired
from .linear import TOLERANCE, LinearModel, Relaxation

EXACT_TASKS = 16
"""Up to so many tasks that have a choice, the best selection is searched for."""

_NEAR_ENOUGH = 0.001
"""Nearer to the bound than this, nothing else is tried."""


def relaxed(model: LinearModel, figures: Figures, caps: Caps) -> Found:
    """A selection within the caps that is near the best, and how near.

    Raises:
        NotSolved: the solver gave up.
    """
    mixture = model.relaxed(caps)
    selection = improved(figures, repaired(figures, _rounded(figures, mixture), caps), caps)
    if figures.worth(selection) < mixture.bound * (1 - _NEAR_ENOUGH):
        others = (selection, greedy(figures, caps).selection)
        selection = min(others, key=lambda other: (overrun(figures, other, caps), -figures.worth(other)))
    found = Found(selection, mixture.bound, mixture.usd_worth, mixture.second_worth, "relaxed")
    return _proven(model, figures, caps, mixture, found)


def _rounded(figures: Figures, mixture: Relaxation) -> Selection:
    """Of each task the way worth most, of those mixed, that takes no longer than the mixture: so the deadline holds."""
    selection: Selection = []
    shares = iter(mixture.shares)
    for ways in figures.ways:
        mixed = [(share, index) for index, share in enumerate(next(shares) for _ in ways) if share > TOLERANCE]
        average_s = sum(share * ways[index].seconds for share, index in mixed)
        quick = [index for _, index in mixed if ways[index].seconds <= average_s * (1 + TOLERANCE)]
        selection.append(min(quick, default=max(mixed)[1]))
    return selection


def _proven(model: LinearModel, figures: Figures, caps: Caps, mixture: Relaxation, found: Found) -> Found:
    """What was found, if nothing is better; for small problems something better, if there is."""
    worth, excess = figures.worth(found.selection), overrun(figures, found.selection, caps)
    if not excess and worth >= mixture.bound * (1 - 100 * TOLERANCE):
        return found.proven(worth)
    if sum(len(ways) > 1 for ways in figures.ways) > EXACT_TASKS:
        return found
    open_ways = [bool(excess) or mixture.bound - loss > worth for loss in mixture.losses]
    other = model.whole(caps, open_ways, may_exceed=bool(excess))
    if other is None:
        return found.proven(worth)
    selection, bound = other
    if (overrun(figures, selection, caps), -figures.worth(selection)) < (excess, -worth):
        worth, found = figures.worth(selection), replace(found, selection=selection)
    # What was not open is worth no more than what had been found before.
    return found.proven(worth) if bound <= worth * (1 + 100 * TOLERANCE) else replace(found, bound=bound)
