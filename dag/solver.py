"""Which way of searching serves a problem."""

from __future__ import annotations

from collections.abc import Callable

from .figures import Caps, Figures, Found
from .greedy import greedy, overrun
from .linear import LinearModel, NotSolved
from .priced import priced
from .relaxed import relaxed


def solver(figures: Figures) -> Callable[[Caps], Found]:
    """What finds a selection for these figures within caps.

    The best of everything where that fits; else from a linear relaxation; else, where there is no solver or it gives
    up, by small steps.
    """
    models: list[LinearModel] = []

    def find(caps: Caps) -> Found:
        best = [0] * len(figures.ways)
        if not overrun(figures, best, caps):
            return Found(best, figures.worth(best), 0.0, 0.0, "exact")
        try:
            if not models:
                models.append(LinearModel(figures, caps))
                models[0].start_from(priced(figures, caps))
            return relaxed(models[0], figures, caps)
        except (ImportError, NotSolved):
            return greedy(figures, caps)

    return find
