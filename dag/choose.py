"""The planner: a choice for every task, so that the most quality is expected that the budget allows.

A selection is found for what is expected on average, and then held against what may happen: nine times in ten it is to
stay within the budget. Where it would not, the search is repeated with less money or less time in hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from .figures import SLACK, Caps, Figures, Found, Need, Selection
from .plan import Chosen, Plan
from .rank import critical
from .sampled import whole_seconds
from .solver import solver
from .spread import Spread, total
from .task import Budget, Option, Problem, Task

_ROUNDS, _MOST_ROUNDS = 4, 9
"""Searches, each with other caps than the last; more only as long as none has found what fits."""
_NEAR_ENOUGH = 0.93
"""What uses so much of the budget is not searched for once more."""
_CAUTION = 0.99
"""What fits better takes its chances more evenly, and so with the same average a little longer nine times in ten."""


def plan(problem: Problem) -> Plan:
    """Chooses for every task how to run it.

    Without clock and dice: the same problem gives the same plan.

    Args:
        problem: the tasks, their options and the budget.

    Returns:
        Of the plans found that stay within the budget nine times in ten, the one with the most expected quality; if
        there is none, the one that exceeds it least, with `feasible=False`.
    """
    figures = Figures(problem)
    search = solver(figures)
    caps = Caps.of(problem.budget)
    usd, seconds = _Share(caps.usd), _Share(caps.seconds)
    best: _Outlook | None = None
    for turn in range(_MOST_ROUNDS):
        within = Caps(usd.now, seconds.now)
        seen = _Outlook.of(figures, search(within), within, caps)
        if best is None or seen.goodness > best.goodness:
            best = seen
        is_hopeless = seen.overrun > 0 and figures.overrun(seen.need.usd, seen.need.seconds, within) > 0
        other_usd = usd.adjust(seen.need.usd, seen.usd_p90)
        other_seconds = seconds.adjust(seen.need.seconds, seen.latency_s.p90)
        has_tried = turn + 1 >= _ROUNDS and best.overrun == 0
        if is_hopeless or has_tried or not (other_usd or other_seconds):
            break
    assert best is not None
    return _told(figures, best)


@dataclass(frozen=True, slots=True)
class _Outlook:
    """What was found under some caps, and what it comes to when amounts vary."""

    found: Found
    within: Caps
    need: Need
    cost_usd: Spread
    latency_s: Spread
    goodness: tuple[float, float]

    @classmethod
    def of(cls, figures: Figures, found: Found, within: Caps, caps: Caps) -> _Outlook:
        need = figures.need(found.selection)
        cost_usd, latency_s = _cost_usd(figures, found.selection), _latency_s(figures, found.selection)
        overrun = figures.overrun(max(cost_usd.p90, need.usd), latency_s.p90, caps)
        return cls(found, within, need, cost_usd, latency_s, (-overrun, figures.worth(found.selection)))

    @property
    def overrun(self) -> float:
        return -self.goodness[0]

    @property
    def usd_p90(self) -> float:
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


def _options(figures: Figures, selection: Selection) -> list[tuple[Task, Option]]:
    tasks, chosen = figures.problem.tasks, figures.chosen(selection)
    return [(task, task.options[way.option]) for task, way in zip(tasks, chosen, strict=True)]


def _cost_usd(figures: Figures, selection: Selection) -> Spread:
    return total(task.cost_usd(option) for task, option in _options(figures, selection))


def _latency_s(figures: Figures, selection: Selection) -> Spread:
    seconds = [task.seconds(option) for task, option in _options(figures, selection)]
    busy_s = sum(way.busy_s for way in figures.chosen(selection))
    return whole_seconds(seconds, figures.before, busy_s=busy_s, slots=figures.slots)


def _told(figures: Figures, seen: _Outlook) -> Plan:
    """The plan as everybody else reads it."""
    problem, found, need = figures.problem, seen.found, seen.need
    cheapest = figures.least_by(lambda way: way.usd)
    worth, possible = figures.worth(found.selection), sum(task.weight * task.count for task in problem.tasks)
    ways = figures.chosen(found.selection)
    on_way = critical(need, figures.before, [way.seconds for way in ways])
    caps = Caps.of(problem.budget)
    return Plan(
        tasks={
            task.id: Chosen(
                choice=option.choice,
                forecast=option.forecast,
                count=task.count,
                known=task.known,
                rank_s=need.rests_s[index],
                starts_s=need.starts_s[index],
                critical=on_way[index],
            )
            for index, (task, option) in enumerate(_options(figures, found.selection))
        },
        budget=problem.budget,
        cost_usd=seen.cost_usd,
        latency_s=seen.latency_s,
        quality=worth / possible if possible else 1.0,
        within=Budget(usd=_finite(seen.within.usd), seconds=_finite(seen.within.seconds)),
        gap=max(0.0, 1 - worth / found.bound) if found.bound > 0 else 0.0,
        usd_worth=found.usd_worth * seen.within.usd / caps.usd if found.usd_worth else 0.0,
        second_worth=found.second_worth * seen.within.seconds / caps.seconds if found.second_worth else 0.0,
        feasible=seen.overrun == 0,
        cheapest_usd=max(_cost_usd(figures, cheapest).p90, figures.need(cheapest).usd),
        fastest_s=_latency_s(figures, figures.fastest()).p90,
        method=found.method,
    )


def _finite(cap: float) -> float | None:
    return None if cap == inf else cap
