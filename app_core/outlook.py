"""Which ways each node of a workflow has, what each is expected to take, and so which one it is to go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from statistics import mean
from typing import Any, cast

from rheostat.dag import (
    Budget,
    Call,
    Choice,
    Copies,
    Forecast,
    Graph,
    Lesson,
    Limits,
    Loop,
    Map,
    Node,
    Option,
    Path,
    Plan,
    Problem,
    Ref,
    Worth,
    calls,
    choice_name,
    composed,
    learned,
    menu,
    part_of,
    plan,
    task_of,
    tasks_of,
)

from .declare import AnyDeclared, Llm
from .models import is_local
from .ports import Gateway
from .priors import prior

AnyLlm = Llm[Any, ..., Any]

_GUESSED_COPIES = 5.0
"""Copies of a map that nobody has counted yet."""

_KNOWN_WELL, _SLOW = 5, 0.95
"""Recorded calls without which nothing can be said of the slowest, and the share of calls that are no slower."""

CHANCE = "?"
"""After a task's name: Copies that tell whether it ran at all, for tasks that run under a condition."""

Past = Callable[[], tuple[list[Lesson], list[Copies]]]
"""Gives lessons, the newest first."""


def _no_past() -> tuple[list[Lesson], list[Copies]]:
    return [], []


class Outlook:
    """What is known beforehand of a workflow's ways: their models, prices, priors, and what past runs teach.

    Args:
        graph: of the workflow.
        cast: the functions that its nodes call.
        gateway: knows the models.
        models: that nodes which name no choices may use; the first of them serves where there is no plan.
        limits: what may happen at the same time.
        past: gives the lessons of past runs, the newest first. Asked once, and only if there is something to plan.
        inputs: the workflow's arguments, as far as they are known.
    """

    def __init__(
        self,
        graph: Graph,
        cast: Mapping[str, AnyDeclared],
        gateway: Gateway,
        models: Sequence[str],
        *,
        limits: Limits | None = None,
        past: Past = _no_past,
        inputs: Mapping[str, Any] | None = None,
    ) -> None:
        self.graph, self.cast, self.models = graph, cast, tuple(models)
        self._gateway, self._limits, self._past, self._inputs = gateway, limits or Limits(), past, inputs or {}
        self._own: Sequence[Lesson | Copies] = ()

    @cached_property
    def calls_models(self) -> bool:
        """Whether there is anything to plan."""
        return any(isinstance(self.cast.get(name), Llm) for name in _called(self.graph))

    def problem(self, budget: Budget) -> Problem:
        """What is to be planned, under this budget."""
        tasks = tasks_of(self.graph, self._options, copies=self._copies, limits=self._limits, weight=self._weight)
        return Problem(tasks=tasks, budget=budget, calls_at_once=self._limits.calls_at_once)

    def plan(self, budget: Budget) -> Plan | None:
        """A choice for every node; None if no node calls a model."""
        return plan(self.problem(budget)) if self.calls_models else None

    def choices(self, llm: AnyLlm) -> tuple[Choice, ...]:
        """The ways to run a function's nodes: those that it names, else what the run's models allow."""
        return llm.choices or menu(self._by_price, checked=bool(llm.checks))

    def unplanned(self, llm: AnyLlm) -> Choice:
        """How to run a node that no plan speaks of."""
        return llm.choices[0] if llm.choices else Call(model=self.models[0])

    def forecast(self, task: str, llm: AnyLlm, choice: Choice) -> Forecast:
        """What one way to run one node is expected to take and to be worth."""
        expected = composed(choice, partial(self._call, task, llm, choice))
        # Of a composed one also the whole is learned: that samples of one model err together its parts can't tell.
        return expected if isinstance(choice, Call) else learned(expected, self._of(task, choice_name(choice)))

    def cheapest(self, task: str, llm: AnyLlm) -> Forecast:
        """The forecast of the way to run a node that costs least."""
        forecasts = (self.forecast(task, llm, choice) for choice in self.choices(llm))
        return min(forecasts, key=lambda forecast: forecast.cost_usd.mean)

    def hedge_after_s(self, node: str, llm: AnyLlm, choice: Choice, path: Path, call: Call) -> float | None:
        """When a call takes so long that asking again beside it is worth its money; None if too little is known."""
        expected = self._call(task_of(node), llm, choice, path, call)
        known = expected.runs >= _KNOWN_WELL and not is_local(call.model)
        return expected.latency_s.at(_SLOW) if known else None

    def worth(self, node: str, llm: AnyLlm, choice: Choice, plan: Plan | None) -> Worth:
        """What decides whether a cascade goes on after an answer that passed."""
        return Worth(
            partial(self._call, task_of(node), llm, choice),
            weight=llm.weight,
            usd_worth=plan.usd_worth if plan else 0.0,
            second_worth=plan.second_worth if plan else 0.0,
        )

    def learn(self, lessons: Iterable[Lesson | Copies]) -> None:
        """Takes in what the run itself has taught so far, in place of what it had taught before."""
        self._own = list(lessons)[::-1]
        for worked_out in ("_lessons", "_counts"):
            self.__dict__.pop(worked_out, None)

    def _options(self, node: Node, task: str) -> Sequence[Option]:
        llm = self.cast.get(node.calls)
        if isinstance(llm, Llm):
            return [Option(choice=each, forecast=self.forecast(task, llm, each)) for each in self.choices(llm)]
        return [Option(forecast=learned(Forecast(), self._of(task, "")))]

    def _weight(self, node: Node, task: str) -> float:
        llm = self.cast.get(node.calls)
        return llm.weight if isinstance(llm, Llm) else 0.0

    def _call(self, task: str, llm: AnyLlm, choice: Choice, path: Path, call: Call) -> Forecast:
        """The forecast of one call: from its prior, from how it does by itself, and from how it does in this place."""
        facts = self._gateway.facts(call.model)
        role, shown = _role(choice, path)
        expected = prior(llm, call, facts, role=role, shown=shown).forecast
        part = part_of(choice, path)
        if role == "answer" and part != choice_name(call):
            expected = learned(expected, self._of(task, choice_name(call)))
        return learned(expected, self._of(task, part))

    def _copies(self, task: str, node: Node) -> tuple[float, bool]:
        """How many copies of a map, a loop, or a node under a condition there will be, and whether that is known."""
        chance = mean(self._counts.get(task + CHANCE, [1.0])) if node.guards else 1.0
        if isinstance(node.runs, Map):
            known = self._known_length(task, node, node.runs)
            count = self._guessed_length(task) if known is None else known
            return chance * count, known is not None and not node.guards
        if isinstance(node.runs, Loop):
            return chance * mean(self._counts.get(task, [(1 + node.runs.at_most) / 2])), False
        return chance, False

    def _known_length(self, task: str, node: Node, runs: Map) -> float | None:
        """How long the list is, if it is one of the workflow's own arguments."""
        over = node.args.get(runs.over)
        if "/" in task or not isinstance(over, Ref) or over.path:
            return None
        given = self._inputs.get(over.of.removeprefix("$")) if over.of.startswith("$") else None
        return float(len(cast("Sequence[object]", given))) if isinstance(given, list | tuple) else None

    def _guessed_length(self, task: str) -> float:
        """What this run has seen of it goes before what others had."""
        seen = [own.count for own in self._own if isinstance(own, Copies) and own.task == task]
        return mean(seen or self._counts.get(task, [_GUESSED_COPIES]))

    def _of(self, task: str, part: str) -> Sequence[Lesson]:
        return self._lessons.get((task, part), ())

    @cached_property
    def _by_price(self) -> list[str]:
        def usd(model: str) -> tuple[float, bool]:
            price = self._gateway.facts(model).price
            return price.prompt_usd + price.answer_usd, model != self.models[0]

        return sorted(self.models, key=usd)

    @cached_property
    def _known(self) -> tuple[list[Lesson], list[Copies]]:
        return self._past()

    @cached_property
    def _lessons(self) -> dict[tuple[str, str], list[Lesson]]:
        found = defaultdict[tuple[str, str], list[Lesson]](list)
        for lesson in (*(own for own in self._own if isinstance(own, Lesson)), *self._known[0]):
            found[lesson.task, lesson.part].append(lesson)
        return found

    @cached_property
    def _counts(self) -> dict[str, list[int]]:
        found = defaultdict[str, list[int]](list)
        for copies in (*(own for own in self._own if isinstance(own, Copies)), *self._known[1]):
            found[copies.task].append(copies.count)
        return found


def _role(choice: Choice, path: Path) -> tuple[str, int]:
    """What a call does where it stands, and how many answers of others it is shown."""
    from rheostat.dag import Best, Cascade, Council, Vote

    for depth, place in enumerate(path):
        match choice:
            case Cascade(stages=parts) | Best(of=parts) | Vote(of=parts):
                choice = parts[place]
            case Council(members=members):
                return ("answer", "rank", "chair")[path[depth]], len(members) if path[depth] else 0
            case _:
                break
    return "answer", 0


def _called(graph: Graph) -> Iterable[str]:
    for node in graph.nodes:
        if node.body is None:
            yield node.calls
        else:
            yield from _called(node.body)


def models_of(graph: Graph, cast: Mapping[str, AnyDeclared]) -> list[str]:
    """The models that a workflow's functions name in their choices."""
    llms = (cast.get(name) for name in _called(graph))
    named = (call.model for llm in llms if isinstance(llm, Llm) for choice in llm.choices for call in calls(choice))
    return list(dict.fromkeys(named))
