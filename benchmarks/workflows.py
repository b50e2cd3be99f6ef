"""Workflows to plan: structures at random, from wfcommons or from files, and made-up choices for each of the tasks."""

import json
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from rheostat.dag import Budget, Call, Forecast, Option, Problem, Spread, Task, plan

Before = list[list[int]]
"""For each task the places of those that it waits for, all of which come before it."""


@dataclass(frozen=True)
class Model:
    """A made-up model: USD for a call of usual size, seconds to its end, and quality on a task of usual difficulty."""

    name: str
    usd: float
    seconds: float
    quality: float


# Dearer ones are better; how fast they are is another matter. The spans are those of hosted models' list prices.
MODELS = [
    Model("tiny", 0.00005, 0.7, 0.52),
    Model("tiny, thinking", 0.0002, 4.0, 0.66),
    Model("small", 0.0004, 1.2, 0.68),
    Model("small, best of 3", 0.0012, 1.7, 0.76),
    Model("middle", 0.002, 2.4, 0.80),
    Model("cascade", 0.0031, 4.5, 0.88),
    Model("large", 0.008, 3.8, 0.90),
    Model("large, thinking", 0.03, 14.0, 0.96),
]


def layers(tasks: int, seed: int) -> Before:
    """Layers as wide as there are layers; each task waits for one to three of the layer before."""
    dice = random.Random(seed)
    width = max(2, round(tasks**0.5))
    found: Before = []
    for task in range(tasks):
        first = task // width * width
        above = range(max(0, first - width), first)
        found.append(sorted(dice.sample(above, min(len(above), dice.randint(1, 3)))))
    return found


def in_files(folder: Path) -> Iterator[tuple[str, Before]]:
    """The workflows of a folder of WfFormat files, old format or new; what is no workflow is left out."""
    for path in sorted(folder.rglob("*.json")):
        try:
            workflow: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["workflow"]
            tasks: list[dict[str, Any]] = workflow.get("specification", workflow)["tasks"]
            yield path.stem, _ordered({task.get("id", task["name"]): list(task.get("parents", ())) for task in tasks})
        except (ValueError, KeyError, TypeError, AttributeError, CycleError):
            continue


def _ordered(parents: dict[str, list[str]]) -> Before:
    order = [task for task in TopologicalSorter(parents).static_order() if task in parents]
    place = {task: index for index, task in enumerate(order)}
    return [sorted(place[parent] for parent in parents[task] if parent in place) for task in order]


def problem(name: str, before: Sequence[Sequence[int]]) -> Problem:
    """A structure with two to eight choices for each task, and a budget between the least and the most it may take."""
    dice = random.Random(zlib.crc32(name.encode()))
    tasks = tuple(
        Task(
            id=str(index),
            options=tuple(_options(dice)),
            after=tuple(map(str, needed)),
            weight=dice.choice([1.0, 1.0, 1.0, 2.0, 5.0]),
        )
        for index, needed in enumerate(before)
    )
    free = plan(Problem(tasks=tasks))
    usd, seconds = dice.uniform(0.15, 0.6), dice.uniform(0.15, 0.6)
    budget = Budget(
        usd=free.cheapest_usd + usd * (free.cost_usd.p90 - free.cheapest_usd),
        seconds=free.fastest_s + seconds * (free.latency_s.p90 - free.fastest_s),
    )
    return Problem(tasks=tasks, budget=budget)


def _options(dice: random.Random) -> Iterator[Option]:
    size, hard = dice.lognormvariate(0, 0.7), dice.uniform(0.3, 1.8)
    for model in dice.sample(MODELS, dice.randint(2, len(MODELS))):
        usd, seconds = (mean * size * dice.uniform(0.8, 1.25) for mean in (model.usd, model.seconds))
        yield Option(
            choice=Call(model=model.name),
            forecast=Forecast(
                cost_usd=Spread(p50=usd, p90=usd * dice.uniform(1.1, 1.6)),
                latency_s=Spread(p50=seconds, p90=seconds * dice.uniform(1.4, 2.4)),
                quality=model.quality**hard,
                worst_usd=usd * dice.uniform(2, 4),
            ),
        )
