"""The planner's view of a workflow: tasks with options, in an order, under a budget."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .choice import Choice
from .forecast import Forecast
from .spread import NOTHING, Spread, matched, mixed, total

GUESSED = 0.3
"""How far off a number of copies is that nobody has counted yet: its variance, as a share of its square."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Option(_Frozen):
    """One way to run a task. `choice` is None for what calls no model."""

    choice: Choice | None = None
    forecast: Forecast = Forecast()


class Task(_Frozen):
    """A node of the workflow, or all copies of it that a map or a loop makes: they are planned as one.

    Args:
        id: the node's path without the numbers of the copies: `review/judge` for each `review[3]/judge`.
        options: ways to run it; at least one.
        after: ids of the tasks that must have ended before.
        count: how many copies there will be, as far as is known. Costs and worth are times this.
            Below 1 it is the chance that the task runs at all.
        at_once: how many copies run side by side; with fewer than `count` the rest wait for them.
        weight: what the quality of one copy is worth, beside other tasks' copies.
        known: whether `count` is known rather than guessed.
    """

    id: str
    options: tuple[Option, ...] = Field(min_length=1)
    after: tuple[str, ...] = ()
    count: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    at_once: float = Field(default=1.0, ge=1, allow_inf_nan=False)
    weight: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    known: bool = True

    def cost_usd(self, option: Option) -> Spread:
        """What all copies cost together if they run this way."""
        if self.count < 1:
            return self._as_counted(mixed([(self.count, option.forecast.cost_usd)]))
        return self._as_counted(_several(option.forecast.cost_usd, self.count))

    def seconds(self, option: Option) -> Spread:
        """From the start of the first copy to the end of the last, if they run this way."""
        latency_s = option.forecast.latency_s
        if self.count < 1:
            return self._as_counted(mixed([(self.count, latency_s)]))
        side_by_side = min(self.at_once, self.count)
        # Copies start as others end, so but for the last of them the work spreads evenly; the slowest of those ends it.
        slowest = latency_s if side_by_side == 1 else _slowest(latency_s, side_by_side)
        if self.count == side_by_side:
            return self._as_counted(slowest)
        rest = _several(latency_s, self.count - side_by_side).times(1 / side_by_side)
        return self._as_counted(total([rest, slowest]))

    def _as_counted(self, amount: Spread) -> Spread:
        """As uncertain as the number of copies is besides."""
        square = amount.mean**2
        return amount if self.known else matched(amount.mean, (amount.variance + square) * (1 + GUESSED) - square)


def _several(each: Spread, count: float) -> Spread:
    return each if count == 1 else matched(count * each.mean, count * each.variance)


def _slowest(each: Spread, count: float) -> Spread:
    if each.p90 == 0:
        return NOTHING
    return Spread(p50=each.at(0.5 ** (1 / count)), p90=each.at(0.9 ** (1 / count)))


class Budget(_Frozen):
    """The most that a run may spend. None: no cap."""

    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Problem(_Frozen):
    """What is to be planned: tasks in topological order, and what they may take together.

    Args:
        tasks: each after those that it names in `after`.
        budget: for all of them.
        calls_at_once: tasks that call models and can run at the same time, all copies counted. None: any number.

    Raises:
        ValueError: two tasks share an id, or one comes before a task that it waits for.
    """

    tasks: tuple[Task, ...]
    budget: Budget = Budget()
    calls_at_once: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _in_order(self) -> Problem:
        known: set[str] = set()
        for task in self.tasks:
            if task.id in known:
                raise ValueError(f"Two tasks are called {task.id!r}; ids must be unique.")
            missing = [needed for needed in task.after if needed not in known]
            if missing:
                raise ValueError(f"{task.id!r} waits for {missing[0]!r}, which does not come before it.")
            known.add(task.id)
        return self
