"""The search for a plan: on average, and so that it stays within the budget as amounts vary.

A selection is found for what is expected on average, and then held against what may happen: nine times in ten it is to
stay within the budget. Where it would not, the search is repeated with less money or less time in hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from .figures import SLACK, Caps, Figures, Found, Need, Selection
from .sampled import whole_seconds, whole_usd
from .solver import solver
from .spread import Spread
from .task import Option, Task

_ROUNDS, _MOST_ROUNDS = 4, 9
"""Searches, each with other caps than the last; more only as long as none has found what fits."""
_NEAR_ENOUGH = 0.93
"""What uses so much of the budget is not searched for once more."""
_CAUTION = 0.99
"""What fits better takes its chances more evenly, and so with the same average a little longer nine times in ten."""


def choose(figures: Figures) -> Outlook:
    """Of the selections found that stay within the budget nine times in ten, the one worth most.

    If there is none, the one that exceeds it least.
    """
    caps = Caps.of(figures.problem.budget)
    search = solver(figures)
    usd, seconds = _Share(caps.usd), _Share(caps.seconds)
    best: Outlook | None = None
    for turn in range(_MOST_ROUNDS):
        within = Caps(usd.now, seconds.now)
        seen = Outlook.of(figures, search(within), within, caps)
        if best is None or seen.goodness > best.goodness:
            best = seen
        is_hopeless = seen.overrun > 0 and figures.overrun(seen.need.usd, seen.need.seconds, within) > 0
        other_usd = usd.adjust(seen.need.usd, seen.usd_p90)
        other_seconds = seconds.adjust(seen.need.seconds, seen.latency_s.p90)
        has_tried = turn + 1 >= _ROUNDS and best.overrun == 0
        if is_hopeless or has_tried or not (other_usd or other_seconds):
            break
    assert best is not None
    return best


@dataclass(frozen=True, slots=True)
class Outlook:
    """What was found under some caps, and what it comes to when amounts vary.

    Args:
        found: the selection.
        within: the caps of the search.
        need: what it takes on average.
        cost_usd, latency_s: what it takes as amounts vary.
        goodness: better is greater: first by how far the budget is kept, then by worth.
    """

    found: Found
    within: Caps
    need: Need
    cost_usd: Spread
    latency_s: Spread
    goodness: tuple[float, float]

    @classmethod
    def of(cls, figures: Figures, found: Found, within: Caps, caps: Caps) -> Outlook:
        """What was found within some caps, held against those of the budget."""
        need = figures.need(found.selection)
        cost_usd, latency_s = cost_usd_of(figures, found.selection), latency_s_of(figures, found.selection)
        overrun = figures.overrun(max(cost_usd.p90, need.usd), latency_s.p90, caps)
        return cls(found, within, need, cost_usd, latency_s, (-overrun, figures.worth(found.selection)))

    @property
    def overrun(self) -> float:
        """By which share the budget is exceeded one time in ten."""
        return -self.goodness[0]

    @property
    def usd_p90(self) -> float:
        """The money that does nine times in ten, the room that its calls need included."""
        return max(self.cost_usd.p90, self.need.usd)


@dataclass(slots=True)
class _Share:
    """How much of one cap the search may use on average, so that amounts as they vary stay below the whole of it."""

    budget: float
    now: float = -1.0
    too_much: float = inf

    def __post_init__(self) -> None:
        self.now = self.budget

    def adjust(self, taken: float, p90: float) -> bool:
        """Learns what a selection found under this cap takes on average and at most; says whether that changes it."""
        if self.budget == inf or taken == 0:
            return False
        before, fitting = self.now, taken * self.budget / p90
        if p90 > self.budget * (1 + SLACK):
            self.too_much, self.now = min(self.too_much, before), fitting * _CAUTION
        elif before < self.budget and p90 < _NEAR_ENOUGH * self.budget:
            self.now = max(before, min(fitting, (before + self.too_much) / 2))
        return self.now != before


def options_of(figures: Figures, selection: Selection) -> list[tuple[Task, Option]]:
    """Each task and the option that is selected for it."""
    tasks, chosen = figures.problem.tasks, figures.chosen(selection)
    return [(task, task.options[way.option]) for task, way in zip(tasks, chosen, strict=True)]


def cost_usd_of(figures: Figures, selection: Selection) -> Spread:
    """What all tasks cost together."""
    return whole_usd([task.cost_usd(option) for task, option in options_of(figures, selection)])


def latency_s_of(figures: Figures, selection: Selection) -> Spread:
    """The time from the start to the end of all."""
    seconds = [task.seconds(option) for task, option in options_of(figures, selection)]
    busy_s = sum(way.busy_s for way in figures.chosen(selection))
    return whole_seconds(seconds, figures.before, busy_s=busy_s, slots=figures.slots)
