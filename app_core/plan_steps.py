"""From a graph, a plan and a run's Log to the steps that can be looked at. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from statistics import median

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
    Path,
    Plan,
    Vote,
    choice_name,
    task_of,
)

from .declare import AnyDeclared, Llm, Source, Tool
from .events import Planned
from .log import Record
from .plan_view import Actual, Kind, Part, PlanView, Step, flat
from .view import NodeView, View

_GRAVEST = (
    "unknown",
    "undoing",
    "failed",
    "cancelled",
    "partial",
    "waiting",
    "running",
    "declined",
    "let go",
    "undone",
    "done",
)
"""What is said of several copies if they didn't all end alike."""


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
    actual = actuals(view, tasks)
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


def actuals(view: View, tasks: Mapping[str, Chosen]) -> dict[str, Actual]:
    """What became of each step that was started, copies taken together.

    Args:
        view: the run.
        tasks: what was planned for each; where a node's own record does not say how it was run, that.
    """
    nodes = dict[str, list[NodeView]]()
    for node in view.nodes.values():
        nodes.setdefault(task_of(node.id), []).append(node)
    return {id: _actual(copies, tasks[id].choice if id in tasks else None) for id, copies in nodes.items()}


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


def _actual(copies: list[NodeView], planned: Choice | None) -> Actual:
    times = [node.seconds for node in copies if node.status == "done"]
    # Of a choice of several calls the whole is told, too; it is the sum of its parts.
    tries = [
        (called(node.choice or planned, path) or tried.part, tried.passed)
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
