"""A choice for every task, so that the expected quality is the most that the budget allows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from .choice import Choice
from .forecast import Forecast
from .spread import Spread
from .task import Budget

Method = Literal["exact", "relaxed", "greedy"]
"""How a plan was found: proven to be the best, from a linear relaxation, or step by step without a solver."""


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
