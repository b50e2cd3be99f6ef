"""A plan to be looked at: the workflow's steps, how each is to be run, what that is to take, and what it took. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from rheostat.dag import (
    Chosen,
    Option,
    Plan,
    Spread,
    Task,
    choice_name,
    matched,
)

from .view import View

Kind = Literal["model", "tool", "source", "code", "copies", "unknown"]
Repeats = Literal["", "each", "loop"]


class Part(NamedTuple):
    """A call of a choice: the model, how often it was tried, and how often its answer passed."""

    name: str
    tried: int
    passed: int


@dataclass(frozen=True)
class Actual:
    """What became of all copies of a step.

    Args:
        status: of the one that fared worst; "partial" beside others that are done, "not run" if none started.
        copies: how many started, by status.
        cost_usd, calls: of all of them.
        median_s, slowest_s: seconds of one copy's work; None as long as none has ended.
        parts: what was tried of its choice.
        reason: why the first one that is not done is not.
    """

    status: str = "not run"
    copies: Mapping[str, int] = field(default_factory=dict[str, int])
    cost_usd: float = 0.0
    calls: int = 0
    median_s: float | None = None
    slowest_s: float | None = None
    parts: tuple[Part, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Step:
    """A node of the workflow, or all the copies that a map or a loop makes of it.

    Args:
        id: its path without the numbers of the copies: `one_rule/judge`. The last part is its name.
        task: the id under which plans and the Log know it; another than `id` if a map runs nothing but this.
        kind: what it is; "copies" for what holds other steps.
        after: ids of the steps beside it that must have ended before.
        inside: the steps that a map, a loop or a workflow holds.
        repeats: whether they run once for each item of a list, again and again, or once.
        guarded: whether it runs only on a condition; optional: whether it may be let go.
        chosen: what the plan says of it; None if it says nothing.
        actual: what became of it; None if nothing has been run.
    """

    id: str
    task: str
    kind: Kind
    after: tuple[str, ...] = ()
    inside: tuple["Step", ...] = ()
    repeats: Repeats = ""
    guarded: bool = False
    optional: bool = False
    chosen: Chosen | None = None
    actual: Actual | None = None

    @property
    def name(self) -> str:
        """Its own part of the id."""
        return self.id.rpartition("/")[2]

    @property
    def calls_model(self) -> bool:
        """Whether there is something to choose about it, or something that it spends."""
        return self.kind == "model" or bool(self.way)

    @property
    def way(self) -> str:
        """How it is run, as a person reads it: `cascade(local, gpt-4o)`; "" for what calls no model."""
        return choice_name(self.chosen.choice) if self.chosen and self.chosen.choice else ""

    @property
    def count(self) -> float | None:
        """How many copies the plan reckons with; None without a plan. Of what holds others, the most of those."""
        if self.chosen:
            return self.chosen.count
        return max((step.count for step in self.inside if step.count is not None), default=None)

    @property
    def known(self) -> bool:
        """Whether the number of copies is known, here and in all that it holds."""
        return all(step.chosen.known for step in flat([self]) if step.chosen)

    @property
    def cost_usd(self) -> Spread | None:
        """What all its copies, and all that it holds, are expected to cost."""
        costs = [_cost_usd(step.chosen) for step in flat([self]) if step.chosen]
        if len(costs) < 2:
            return next(iter(costs), None)
        if not self.known:  # how many copies there are is the same for all
            return Spread(p50=sum(cost.p50 for cost in costs), p90=sum(cost.p90 for cost in costs))
        return matched(sum(cost.mean for cost in costs), sum(cost.variance for cost in costs))

    @property
    def latency_s(self) -> Spread | None:
        """What one copy is expected to take; None for what holds others."""
        return self.chosen.forecast.latency_s if self.chosen and not self.inside else None

    @property
    def critical(self) -> bool:
        """Whether it, or something inside it, lies on the longest way."""
        return any(step.chosen and step.chosen.critical for step in flat([self]))

    @property
    def rank_s(self) -> float:
        """Seconds from its start to the workflow's end, as the plan has it."""
        return max((step.chosen.rank_s for step in flat([self]) if step.chosen), default=0.0)


@dataclass(frozen=True)
class PlanView:
    """A workflow with its plan and, once it has run, with what became of it.

    Args:
        title: `app: workflow`.
        steps: in an order in which they can run; each may hold others.
        plan: the first, made before anything was spent; None if the run was started without.
        models: those that it could choose among.
        notes: what the forecast rests on and what is not known, in sentences.
        replanned: why later plans were made, in order.
        view: the run; None for a plan alone.
        drawn: whether the workflow itself was at hand, so that what comes after what is known.
    """

    title: str
    steps: tuple[Step, ...]
    plan: Plan | None = None
    models: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    replanned: tuple[str, ...] = ()
    view: View | None = None
    drawn: bool = True

    @property
    def critical(self) -> tuple[Step, ...]:
        """The steps of the longest way that hold no others, from its start to its end."""
        found = [step for step in flat(self.steps) if step.critical and not step.inside]
        return tuple(sorted(found, key=lambda step: -step.rank_s))


def flat(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, those that hold others right before what they hold."""
    for step in steps:
        yield step
        yield from flat(step.inside)


def followed(steps: Iterable[Step]) -> frozenset[tuple[str, str]]:
    """The arrows, among steps that stand beside one another, along which the longest way goes."""
    by_id = {step.id: step for step in steps}
    found = set[tuple[str, str]]()
    for step in by_id.values():
        before = [by_id[id] for id in step.after if by_id[id].critical]
        if step.critical and before:
            # Along the way ranks only fall, so of several the lowest is the one right before.
            found.add((min(before, key=lambda each: each.rank_s).id, step.id))
    return frozenset(found)


def as_json(seen: PlanView) -> dict[str, Any]:
    """All of it as plain data."""
    plan = seen.plan
    return {
        "workflow": seen.title,
        "models": list(seen.models),
        "notes": list(seen.notes),
        "plan": plan.model_dump(mode="json", exclude={"tasks": True, "cost_usd": {"points"}, "latency_s": {"points"}})
        if plan
        else None,
        "replanned": list(seen.replanned),
        "critical": [step.id for step in seen.critical],
        "steps": {step.id: _step_as_json(step) for step in flat(seen.steps)},
    }


def _step_as_json(step: Step) -> dict[str, Any]:
    cost_usd = step.cost_usd
    no_points = {"cost_usd": {"points"}, "latency_s": {"points"}}
    forecast = step.chosen.forecast.model_dump(mode="json", exclude=no_points) if step.chosen else None
    actual = vars(step.actual) | {"parts": [part._asdict() for part in step.actual.parts]} if step.actual else None
    return {
        "task": step.task,
        "kind": step.kind,
        "after": list(step.after),
        "inside": [inner.id for inner in step.inside],
        "repeats": step.repeats,
        "guarded": step.guarded,
        "optional": step.optional,
        "way": step.way,
        "choice": step.chosen.choice.model_dump(mode="json") if step.chosen and step.chosen.choice else None,
        "count": step.count,
        "known": step.known,
        "critical": step.critical,
        "forecast": forecast,
        "cost_usd": {"p50": cost_usd.p50, "p90": cost_usd.p90} if cost_usd else None,
        "actual": actual,
    }


def _cost_usd(chosen: Chosen) -> Spread:
    """What all copies cost together, reckoned as the planner does."""
    option = Option(choice=chosen.choice, forecast=chosen.forecast)
    return Task(id="", options=(option,), count=chosen.count, known=chosen.known).cost_usd(option)
