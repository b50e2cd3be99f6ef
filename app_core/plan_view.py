"""A plan to be looked at: the workflow's steps, how each is to be run, what that is to take, and what it took. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any, Literal, NamedTuple

from rheostat.dag import (
    GATE,
    Best,
    Cascade,
    Choice,
    Chosen,
    Council,
    Graph,
    Loop,
    Map,
    Node,
    Option,
    Path,
    Plan,
    Spread,
    Task,
    Vote,
    choice_name,
    matched,
    task_of,
)

from .declare import AnyDeclared, Llm, Source, Tool
from .events import Planned
from .log import Record
from .view import NodeView, View

Kind = Literal["model", "tool", "source", "code", "copies", "unknown"]
Repeats = Literal["", "each", "loop"]

_GRAVEST = ("unknown", "failed", "cancelled", "partial", "waiting", "running", "declined", "let go", "done")
"""What is said of several copies if they didn't all end alike."""


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


def planned(
    title: str,
    graph: Graph,
    plan: Plan,
    *,
    kinds: Mapping[str, Kind],
    models: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> PlanView:
    """A plan before anything is run.

    Args:
        title: `app: workflow`.
        graph: the workflow.
        plan: of that graph.
        kinds: of the App's functions, by name; see `kinds_of`.
        models: those that it could choose among.
        notes: what the forecast rests on, in sentences.
    """
    steps = _steps(graph, "", plan.tasks, kinds, None)
    return PlanView(title, steps, plan, tuple(models), tuple(notes))


def ran(view: View, records: Iterable[Record], graph: Graph | None, *, kinds: Mapping[str, Kind]) -> PlanView:
    """A run beside its plan.

    Args:
        view: the run.
        records: its Log.
        graph: its workflow; None if that is not at hand. One that lacks a step of the run is not used.
        kinds: of the App's functions, by name.
    """
    plans = [record.event for record in records if isinstance(record.event, Planned)]
    plan = plans[0].plan if plans else None
    tasks = plan.tasks if plan else {}
    actual = actuals(view)
    steps = _steps(graph, "", tasks, kinds, actual) if graph else ()
    if not {*tasks, *actual} <= {step.task for step in flat(steps)} | {step.id for step in flat(steps)}:
        graph, steps = None, tuple(_alone(id, tasks, actual) for id in dict.fromkeys((*tasks, *actual)))
    terms = view.terms
    return PlanView(
        f"{terms.app}: {terms.workflow}",
        steps,
        plan,
        terms.models or (terms.model,),
        replanned=tuple(later.why for later in plans[1:]),
        view=view,
        drawn=graph is not None,
    )


def kinds_of(declared: Mapping[str, AnyDeclared]) -> dict[str, Kind]:
    """What each function of an App is, by its name."""
    return {name: _kind(function) for name, function in declared.items()}


def _kind(function: AnyDeclared) -> Kind:
    match function:
        case Llm():
            return "model"
        case Tool():
            return "tool"
        case Source():
            return "source"
        case _:
            return "code"


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


def actuals(view: View) -> dict[str, Actual]:
    """What became of each step that was started, copies taken together."""
    nodes = dict[str, list[NodeView]]()
    for node in view.nodes.values():
        nodes.setdefault(task_of(node.id), []).append(node)
    return {id: _actual(copies) for id, copies in nodes.items()}


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


def _steps(
    graph: Graph,
    prefix: str,
    tasks: Mapping[str, Chosen],
    kinds: Mapping[str, Kind],
    actual: Mapping[str, Actual] | None,
) -> tuple[Step, ...]:
    return tuple(_step(node, prefix, tasks, kinds, actual) for node in graph.nodes)


def _step(
    node: Node,
    prefix: str,
    tasks: Mapping[str, Chosen],
    kinds: Mapping[str, Kind],
    actual: Mapping[str, Actual] | None,
) -> Step:
    id = prefix + node.id
    inside = _steps(node.body, f"{id}/", tasks, kinds, actual) if node.body else ()
    step = Step(
        id,
        id,
        "copies" if inside else "code" if node.calls == GATE else kinds.get(node.calls, "code"),
        after=tuple(prefix + needed for needed in node.needs),
        inside=inside,
        repeats="each" if isinstance(node.runs, Map) else "loop" if isinstance(node.runs, Loop) else "",
        guarded=bool(node.guards),
        optional=node.optional,
        chosen=tasks.get(id),
        actual=None if actual is None else actual.get(id, _of_those(inside, actual)),
    )
    return _merged(step, inside[0]) if len(inside) == 1 and not inside[0].inside else step


def _merged(around: Step, only: Step) -> Step:
    """A map of one call is that call, with its count."""
    if only.name != around.name or only.guarded:
        return around
    return replace(only, id=around.id, after=around.after, repeats=around.repeats, guarded=around.guarded)


def _alone(id: str, tasks: Mapping[str, Chosen], actual: Mapping[str, Actual]) -> Step:
    """A step of which only the plan or the Log tells."""
    chosen = tasks.get(id)
    asked = (chosen is not None and chosen.choice is not None) or (id in actual and actual[id].calls > 0)
    return Step(id, id, "model" if asked else "unknown", chosen=chosen, actual=actual.get(id, Actual()))


def _of_those(inside: Iterable[Step], actual: Mapping[str, Actual]) -> Actual:
    """A map is not in the Log; what it holds is."""
    known = [actual[step.id] for step in flat(inside) if step.id in actual]
    if not known:
        return Actual()
    status = _gravest(each.status for each in known)
    return Actual(status, cost_usd=sum(each.cost_usd for each in known), calls=sum(each.calls for each in known))


def _actual(copies: list[NodeView]) -> Actual:
    times = [node.seconds for node in copies if node.status == "done"]
    # Of a choice of several calls the whole is told, too; it is the sum of its parts.
    tries = [
        (called(node.choice, path) or tried.part, tried.passed)
        for node in copies
        for path, tried in node.tried.items()
        if path or len(node.tried) == 1
    ]
    passed = Counter(name for name, well in tries if well)
    return Actual(
        _gravest(node.status for node in copies),
        dict(Counter(node.status for node in copies)),
        sum(node.cost_usd for node in copies),
        sum(node.calls for node in copies),
        median(times) if times else None,
        max(times, default=None),
        tuple(Part(name, number, passed[name]) for name, number in Counter(name for name, _ in tries).items()),
        next((node.reason for node in copies if node.reason), ""),
    )


def called(choice: Choice | None, path: Path) -> str:
    """The model that is asked at a place of a choice, or what it is asked for there; "" if there is no such place."""
    for place in path:
        match choice:
            case Cascade(stages=parts) | Best(of=parts) | Vote(of=parts) if place < len(parts):
                choice = parts[place]
            case Council(members=members, chair=chair):
                role = members[path[-1]] if place == 0 else "rankings" if place == 1 else chair
                return role if isinstance(role, str) else choice_name(role)
            case _:
                return ""
    return choice_name(choice) if choice else ""


def _gravest(statuses: Iterable[str]) -> str:
    found = set(statuses)
    if {"done", "failed"} <= found:
        found = found - {"failed"} | {"partial"}
    return next(status for status in _GRAVEST if status in found)


def _cost_usd(chosen: Chosen) -> Spread:
    """What all copies cost together, reckoned as the planner does."""
    option = Option(choice=chosen.choice, forecast=chosen.forecast)
    return Task(id="", options=(option,), count=chosen.count, known=chosen.known).cost_usd(option)
