"""A choice for every task, so that the expected quality is the most that the budget allows."""

from __future__ import annotations

from math import inf

from pydantic import BaseModel, ConfigDict

from .choice import Choice
from .choose import Outlook, choose, cost_usd_of, latency_s_of, options_of
from .figures import Caps, Figures, Method
from .forecast import Forecast
from .rank import critical
from .spread import Spread
from .task import Budget, Problem


class Chosen(BaseModel):
    """What a plan says of one task.

    Args:
        choice: how to run it; None for what calls no model.
        forecast: of one copy.
        count: copies that the plan reckons with; `known` is False if that is a guess.
        rank_s: expected seconds from its start to the workflow's end on the longest way. What has more goes first.
        starts_s: when it is expected to start at the earliest.
        critical: whether it lies on the longest way.
    """

    model_config = ConfigDict(frozen=True)

    choice: Choice | None
    forecast: Forecast
    count: float = 1.0
    known: bool = True
    rank_s: float = 0.0
    starts_s: float = 0.0
    critical: bool = False


class Plan(BaseModel):
    """A choice for each task, what that is expected to take, and how far it may be from the best.

    Args:
        tasks: by task id.
        budget: that was to be kept.
        cost_usd, latency_s: of the whole; the time by simulation.
        quality: expected, as a share of what is possible at all: the weighted mean over the copies, in [0, 1].
        within: what the tasks may take on average so that the whole stays within the budget nine times in ten.
        gap: (bound - quality) / bound, where no plan that takes no more than `within` on average has more quality than
            the bound. 0: no such plan is better.
        usd_worth: how much quality (in the units of `Task.weight`) one more USD would buy, and
        second_worth: one more second; 0 where there is enough.
        feasible: whether nine runs in ten are expected to stay within the budget. If not, this plan is the one found
            that exceeds it least.
        cheapest_usd, fastest_s: the smallest budget of money, and of time, that nine runs in ten stay within if the
            other one does not matter.
        method: how it was found.
    """

    model_config = ConfigDict(frozen=True)

    tasks: dict[str, Chosen]
    budget: Budget
    cost_usd: Spread
    latency_s: Spread
    quality: float
    gap: float
    within: Budget = Budget()
    usd_worth: float = 0.0
    second_worth: float = 0.0
    feasible: bool = True
    cheapest_usd: float = 0.0
    fastest_s: float = 0.0
    method: Method = "exact"


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
    return _told(figures, choose(figures))


def _told(figures: Figures, seen: Outlook) -> Plan:
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
            for index, (task, option) in enumerate(options_of(figures, found.selection))
        },
        budget=problem.budget,
        cost_usd=seen.cost_usd,
        latency_s=seen.latency_s,
        quality=worth / possible if possible else 1.0,
        within=Budget(usd=_finite(seen.within.usd), seconds=_finite(seen.within.seconds)),
        gap=max(0.0, 1 - worth / found.bound) if found.bound > 0 else 0.0,
        usd_worth=found.usd_worth * _share(seen.within.usd, caps.usd),
        second_worth=found.second_worth * _share(seen.within.seconds, caps.seconds),
        feasible=seen.overrun == 0,
        cheapest_usd=max(cost_usd_of(figures, cheapest).p90, figures.need(cheapest).usd),
        fastest_s=latency_s_of(figures, figures.fastest()).p90,
        method=found.method,
    )


def _share(within: float, cap: float) -> float:
    return within / cap if 0 < cap < inf else 1.0


def _finite(cap: float) -> float | None:
    return None if cap == inf else cap
