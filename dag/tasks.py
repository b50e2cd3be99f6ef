"""A workflow's graph as the planner sees it: every node that does something, once, with its number of copies."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from .choice import Skip
from .forecast import Forecast
from .graph import Graph, Inline, Map, Node
from .limits import Limits
from .task import Budget, Option, Problem, Task

Options = Callable[[Node, str], Sequence[Option]]
"""Ways to run a node, given with its task id."""

Copies = Callable[[str, Node], tuple[float, bool]]
"""How many items a map has, how many turns a loop takes, how likely a guarded node runs; and whether that is known."""


def tasks_of(
    graph: Graph,
    options: Options,
    *,
    copies: Copies,
    limits: Limits,
    weight: Callable[[Node, str], float] | None = None,
) -> tuple[Task, ...]:
    """The tasks of a graph, in topological order.

    A node's task id is its path without numbers: `review/judge` for each `review[3]/judge`. A node that runs a graph of
    its own has no task; the nodes of that graph have.

    Args:
        graph: of the workflow.
        options: ways to run a node that has no body; at least one. A node that is optional gets `Skip` besides.
        copies: asked of maps, loops and guarded nodes alone, once for each; of a map that is guarded it is the chance
            times the items.
        limits: how much runs side by side.
        weight: what a node's quality is worth beside others'. None: 1 for what calls models, 0 for what does not.
    """
    walk = _Walk(options, copies, limits, weight)
    walk.enter(graph, _Place())
    return tuple(walk.tasks)


def remaining(
    problem: Problem, *, budget: Budget, done: Mapping[str, float], counts: Mapping[str, float] | None = None
) -> Problem:
    """What is left to plan of a run under way.

    Args:
        problem: as planned before.
        budget: the money and the time that are left.
        done: by task id, how many copies have ended.
        counts: by task id, how many copies there turned out to be in all; what is not named stays as it was.
    """
    known = counts or {}
    left: list[Task] = []
    instead: dict[str, tuple[str, ...]] = {}  # of what runs no more: what those after it wait for
    for task in problem.tasks:
        count = max(0.0, known.get(task.id, task.count) - done.get(task.id, 0.0))
        after = tuple(dict.fromkeys(other for needed in task.after for other in instead.get(needed, (needed,))))
        if count == 0:
            instead[task.id] = after
            continue
        is_known = task.known or task.id in known
        left.append(task.model_copy(update={"count": count, "after": after, "known": is_known}))
    return problem.model_copy(update={"tasks": tuple(left), "budget": budget})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a graph is run: under which path, after which tasks, how often, and how many of these side by side."""

    prefix: str = ""
    after: tuple[str, ...] = ()
    count: float = 1.0
    at_once: float = 1.0
    known: bool = True


class _Walk:
    def __init__(
        self, options: Options, copies: Copies, limits: Limits, weight: Callable[[Node, str], float] | None
    ) -> None:
        self.tasks: list[Task] = []
        self._options, self._copies, self._limits, self._weight = options, copies, limits, weight

    def enter(self, graph: Graph, place: _Place) -> tuple[str, ...]:
        """Adds the tasks of a graph; returns those after which all of it has ended."""
        ends: dict[str, tuple[str, ...]] = {}
        for node in graph.nodes:
            needs = [task for needed in node.needs for task in ends[needed]]
            after = tuple(dict.fromkeys(needs)) or place.after
            ends[node.id] = self._add(node, self._place(node, replace(place, after=after)))
        last = [node.id for node in graph.nodes if node.id not in graph.dependents]
        return tuple(dict.fromkeys(task for node_id in last for task in ends[node_id])) or place.after

    def _place(self, node: Node, around: _Place) -> _Place:
        path = around.prefix + node.id
        if not node.guards and (node.body is None or isinstance(node.runs, Inline)):
            return replace(around, prefix=path)
        count, known = self._copies(path, node)
        at_once = around.at_once * max(count, 1.0) if isinstance(node.runs, Map) else around.at_once
        return replace(around, prefix=path, count=around.count * count, at_once=at_once, known=around.known and known)

    def _add(self, node: Node, place: _Place) -> tuple[str, ...]:
        if node.body is not None:
            return self.enter(node.body, replace(place, prefix=f"{place.prefix}/"))
        options = tuple(self._options(node, place.prefix))
        if node.optional and not any(isinstance(option.choice, Skip) for option in options):
            options += (Option(choice=Skip(), forecast=Forecast(quality=0.0)),)
        calls_models = any(option.choice is not None for option in options)
        most = self._limits.calls_at_once if calls_models else self._limits.nodes_at_once
        weight = float(calls_models) if self._weight is None else self._weight(node, place.prefix)
        self.tasks.append(
            Task(
                id=place.prefix,
                options=options,
                after=place.after,
                count=place.count,
                at_once=min(place.at_once, most),
                weight=weight,
                known=place.known,
            )
        )
        return (place.prefix,)
