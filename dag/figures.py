"""What each way to run each task takes and is worth, in plain numbers: what the planner reckons with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

from .task import Budget, Problem, Task

Method = Literal["exact", "relaxed", "greedy"]
"""How a plan was found: proven to be the best, from a linear relaxation, or step by step without a solver."""

Selection = list[int]
"""For each task the index of the way it is to run, among its `Figures.ways`."""


@dataclass(frozen=True, slots=True)
class Way:
    """One option of one task; all copies together, as expected.

    Args:
        option: its index in the task's options.
        usd, seconds: what it costs, and how long it takes from its start to its end.
        worth: quality times weight.
        room_usd: what must be left for its last call beyond what that is expected to cost, since a call is only started
            if its worst case can be paid.
        busy_s: seconds of work of its calls, however many run side by side.
    """

    option: int
    usd: float
    seconds: float
    worth: float
    room_usd: float
    busy_s: float


@dataclass(frozen=True, slots=True)
class Caps:
    """What a selection may take, as expected. Infinite where there is no cap."""

    usd: float = inf
    seconds: float = inf

    @classmethod
    def of(cls, budget: Budget) -> Caps:
        """The budget itself."""
        return cls(inf if budget.usd is None else budget.usd, inf if budget.seconds is None else budget.seconds)


@dataclass(frozen=True, slots=True)
class Need:
    """What a selection takes, as expected.

    Args:
        usd: its cost, with `room_usd`, the room that its calls need besides.
        busy_s: seconds of work of its calls, however many run side by side.
        seconds: until its end.
        starts_s: of each task, when all that it waits for has ended.
        rests_s: of each task, from its start to the end of all.
    """

    usd: float
    room_usd: float
    seconds: float
    busy_s: float
    starts_s: list[float]
    rests_s: list[float]


@dataclass(frozen=True, slots=True)
class Found:
    """A selection under caps, and what is known of better ones.

    Args:
        selection: what was found.
        bound: no selection within the caps is worth more.
        usd_worth, second_worth: by how much the bound would rise with one more USD, with one more second.
        method: how it was found.
    """

    selection: Selection
    bound: float
    usd_worth: float
    second_worth: float
    method: Method

    def proven(self, worth: float) -> Found:
        """The same, now that it is known to be the best, with this worth."""
        return replace(self, bound=worth, method="exact")


class Figures:
    """A problem in numbers. Everything is in the order of its tasks.

    Args:
        problem: with at least one option a task.

    Attributes:
        ways: of each task, without those that another one beats in every respect; the first is worth most.
        before: of each task, the places of those that it waits for.
        after: of each task, the places of those that wait for it.
        slots: calls that run side by side.
        least: the money and the time below which no selection comes.
    """

    def __init__(self, problem: Problem) -> None:
        place = {task.id: index for index, task in enumerate(problem.tasks)}
        caps = Caps.of(problem.budget)
        self.problem = problem
        self.before = [[place[needed] for needed in task.after] for task in problem.tasks]
        self.after: list[list[int]] = [[] for _ in self.before]
        for index, needed in enumerate(self.before):
            for other in needed:
                self.after[other].append(index)
        self.slots = inf if problem.calls_at_once is None else float(problem.calls_at_once)
        self.ways = _with_room([_ways(task, caps) for task in problem.tasks], self.before)
        self.least = Caps(self.need(self.least_by(lambda way: way.usd)).usd, self.need(self.fastest()).seconds)

    def least_by(self, measure: Callable[[Way], float]) -> Selection:
        """Of each task the way with the smallest measure; among equals the one that is worth most."""
        return [min(range(len(ways)), key=lambda index: measure(ways[index])) for ways in self.ways]

    def fastest(self) -> Selection:
        """The selection that ends first."""
        return self.least_by(lambda way: way.seconds)

    def chosen(self, selection: Selection) -> list[Way]:
        """The ways of a selection."""
        return [ways[index] for ways, index in zip(self.ways, selection, strict=True)]

    def worth(self, selection: Selection) -> float:
        """Of all tasks together."""
        return sum(way.worth for way in self.chosen(selection))

    def need(self, selection: Selection) -> Need:
        """What a selection takes."""
        chosen = self.chosen(selection)
        room_usd = max((way.room_usd for way in chosen), default=0.0)
        usd = sum(way.usd for way in chosen) + room_usd
        busy_s = sum(way.busy_s for way in chosen)
        own_s = [way.seconds for way in chosen]
        starts_s, rests_s = [0.0] * len(chosen), own_s.copy()
        for index, needed in enumerate(self.before):
            for other in needed:
                end_s = starts_s[other] + own_s[other]
                if end_s > starts_s[index]:
                    starts_s[index] = end_s
        for index in reversed(range(len(chosen))):
            for other in self.before[index]:
                rest_s = own_s[other] + rests_s[index]
                if rest_s > rests_s[other]:
                    rests_s[other] = rest_s
        longest = max(map(float.__add__, starts_s, rests_s), default=0.0)
        return Need(usd, room_usd, max(longest, busy_s / self.slots), busy_s, starts_s, rests_s)

    def overrun(self, usd: float, seconds: float, caps: Caps) -> float:
        """By which share of itself (or of the least possible) a cap is exceeded, the worse one; 0 within both."""
        return max(_excess(usd, caps.usd, self.least.usd), _excess(seconds, caps.seconds, self.least.seconds))


SLACK = 1e-9
"""Sums of floats may miss by so much of themselves what they are meant to be."""


def _excess(taken: float, cap: float, least: float) -> float:
    if taken <= cap * (1 + SLACK) + SLACK * least:
        return 0.0
    return (taken - cap) / unit(cap, least)


def unit(cap: float, least: float) -> float:
    """What an amount is told as a share of: its cap, or the least of it that is possible at all."""
    return max(least, 0.0 if cap == inf else cap) or 1.0


def _ways(task: Task, caps: Caps) -> list[Way]:
    """All ways that can be paid at all, with the room that a call needs if nothing comes after it."""
    ways: list[Way] = []
    is_one = task.count == 1 and task.known
    for index, option in enumerate(task.options):
        forecast = option.forecast
        if forecast.worst_usd > caps.usd * (1 + SLACK):
            continue
        each_usd, each_s = forecast.cost_usd.mean, forecast.latency_s.mean
        usd = each_usd if is_one else task.cost_usd(option).mean
        seconds = each_s if is_one else task.seconds(option).mean
        worth = task.weight * task.count * forecast.quality
        busy_s = 0.0 if option.choice is None else task.count * each_s
        ways.append(Way(index, usd, seconds, worth, forecast.worst_usd - each_usd, busy_s))
    return ways or _ways(task, Caps())


def _with_room(ways: list[list[Way]], before: list[list[int]]) -> list[list[Way]]:
    """What must follow a task has not been paid for when its calls start, and so leaves room for them."""
    later = [0.0] * len(ways)
    for index in reversed(range(len(ways))):
        least = later[index] + min(way.usd for way in ways[index])
        for needed in before[index]:
            later[needed] = max(later[needed], least)
    return [
        _undominated(
            [
                Way(way.option, way.usd, way.seconds, way.worth, max(0.0, way.room_usd - spare), way.busy_s)
                for way in of_task
            ]
        )
        for of_task, spare in zip(ways, later, strict=True)
    ]


def _undominated(ways: list[Way]) -> list[Way]:
    """Without those that one that is worth as much matches in all that they take."""
    kept: list[Way] = []
    for way in sorted(ways, key=lambda way: (-way.worth, way.usd, way.seconds, way.option)):
        for other in kept:
            if (
                other.usd <= way.usd
                and other.seconds <= way.seconds
                and other.room_usd <= way.room_usd
                and other.busy_s <= way.busy_s
            ):
                break
        else:
            kept.append(way)
    return kept
