"""The planner's view of a workflow: tasks with options, in an order, under a budget."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .choice import Choice
from .forecast import Forecast


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
        at_once: how many copies run side by side; with fewer than `count` they go in waves.
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

    @property
    def waves(self) -> float:
        """How many copies run one after the other."""
        return self.count / min(self.at_once, max(self.count, 1.0))


class Budget(_Frozen):
    """The most that a run may spend. None: no cap."""

    usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    seconds: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Problem(_Frozen):
    """What is to be planned: tasks in topological order, and what they may take together."""

    tasks: tuple[Task, ...]
    budget: Budget = Budget()
