"""Simulated providers and workflows for `budget`: heavy tails, failures, models of different skill, checks that err.

A world is a JSON file, or the one built in here. An answer is right with a chance that grows with the model's skill and
falls with how hard this very item is; what is hard for one model is hard for the others too.
"""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import exp
from pathlib import Path as File
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rheostat.dag import Attempt, Call, Graph, Map, Met, Node, Path, Prior, Ref, task_of

_STEEP = 10.0
"""How much a difference between skill and hardness counts."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Model(_Frozen):
    """What a model costs by the token, how fast it is, and how good.

    Args:
        sigma: of its speed's logarithm. `slow`: how often it takes `slow_times` as long.
        fails: how often it gives no answer of the form asked for.
        skill: 0 to 1, on the scale of `Kind.hard`.
    """

    prompt_usd: float = Field(ge=0)
    answer_usd: float = Field(ge=0)
    first_token_s: float = Field(ge=0)
    tokens_per_s: float = Field(gt=0)
    sigma: float = Field(default=0.4, ge=0)
    slow: float = Field(default=0.02, ge=0, le=1)
    slow_times: float = Field(default=8.0, ge=1)
    fails: float = Field(default=0.02, ge=0, le=1)
    skill: float


class Kind(_Frozen):
    """A kind of step. `check_errs`: how often its check, if it has one, says the opposite of the truth."""

    prompt_tokens: int
    answer_tokens: int
    hard: float
    checked: bool = True
    check_errs: float = Field(default=0.03, ge=0, le=1)


class Step(_Frozen):
    """A node: of a `kind`, or without one a function that takes `seconds`. With `each` it is a map over so many items,
    from the least to the most, and `then` are the steps of each."""

    id: str
    kind: str = ""
    seconds: float = 0.1
    after: tuple[str, ...] = ()
    each: tuple[int, int] | None = None
    then: tuple["Step", ...] = ()


class Setting(_Frozen):
    """A world as it is written down in JSON: models, kinds of steps, and workflows, by name.

    {"models": {"m": {"prompt_usd": 1e-6, "answer_usd": 4e-6, "first_token_s": 0.5, "tokens_per_s": 90, "skill": 0.7}},
    "kinds": {"judge": {"prompt_tokens": 900, "answer_tokens": 90, "hard": 0.5}}, "workflows": {"w": [{"id": "list"},
    {"id": "each", "after": ["list"], "each": [5, 9], "then": [{"id": "a", "kind": "judge"}]}]}, "calls_at_once": 8}
    """

    models: dict[str, Model]
    kinds: dict[str, Kind]
    workflows: dict[str, tuple[Step, ...]]
    calls_at_once: int = 16


def read(file: File | None) -> Setting:
    """The world in a file; what that leaves out is as in the one built in."""
    written: dict[str, Any] = {} if file is None else json.loads(file.read_text(encoding="utf-8"))
    return Setting.model_validate(built_in().model_dump() | written)


def built_in() -> Setting:
    """Three sizes of models at prices of about one to eight to forty, and three workflows."""
    return Setting(
        models={
            "small": Model(prompt_usd=1e-7, answer_usd=4e-7, first_token_s=0.3, tokens_per_s=150, skill=0.58),
            "middle": Model(prompt_usd=8e-7, answer_usd=3.2e-6, first_token_s=0.5, tokens_per_s=90, skill=0.75),
            "large": Model(prompt_usd=4e-6, answer_usd=16e-6, first_token_s=0.9, tokens_per_s=50, skill=0.9),
        },
        kinds={
            "extract": Kind(prompt_tokens=3000, answer_tokens=200, hard=0.45),
            "judge": Kind(prompt_tokens=1500, answer_tokens=120, hard=0.6),
            "write": Kind(prompt_tokens=4000, answer_tokens=600, hard=0.55),
            "route": Kind(prompt_tokens=400, answer_tokens=20, hard=0.35, checked=False),
        },
        workflows={"review": _review(), "answer": _answer(), "research": _research(random.Random(7))},
    )


def _review() -> tuple[Step, ...]:
    each = (Step(id="extract", kind="extract"), Step(id="judge", kind="judge", after=("extract",)))
    return (
        Step(id="split", seconds=0.5),
        Step(id="clauses", after=("split",), each=(8, 16), then=each),
        Step(id="summary", kind="write", after=("clauses",)),
        Step(id="letter", kind="write", after=("summary",)),
    )


def _answer() -> tuple[Step, ...]:
    return (
        Step(id="route", kind="route"),
        *(Step(id=f"find{n}", kind="extract", after=("route",)) for n in range(3)),
        Step(id="weigh", kind="judge", after=("find0", "find1", "find2")),
        Step(id="draft", kind="write", after=("weigh",)),
        Step(id="polish", kind="write", after=("draft",)),
    )


def _research(dice: random.Random) -> tuple[Step, ...]:
    kinds = ["extract", "judge", "write", "route"]
    steps = list[Step]()
    for number in range(40):
        before = [step.id for step in steps[-12:]]
        after = tuple(sorted(dice.sample(before, min(len(before), dice.choice((0, 1, 1, 2))))))
        steps.append(Step(id=f"n{number}", kind=dice.choice(kinds), after=after))
    return tuple(steps)


@dataclass(frozen=True)
class Flow:
    """A workflow of a world: as a graph, and the kind of each task."""

    name: str
    steps: tuple[Step, ...]

    @cached_property
    def graph(self) -> Graph:
        """What fails gives nothing, and what needs it goes on all the same."""
        return _graph(self.name, self.steps, "request")

    @cached_property
    def tasks(self) -> Mapping[str, Step]:
        """The steps by task id."""
        inside = {f"{step.id}/{part.id}": part for step in self.steps for part in step.then}
        return inside | {step.id: step for step in self.steps}

    @cached_property
    def depth(self) -> Mapping[str, int]:
        """In which superstep each task runs, and each map ends."""
        found = dict[str, int]()
        for step in self.steps:
            first = found[step.id] = 1 + max((found[needed] for needed in step.after), default=-1)
            for part in step.then:
                before = max((found[f"{step.id}/{needed}"] for needed in part.after), default=first - 1)
                found[f"{step.id}/{part.id}"] = before + 1
                found[step.id] = max(found[step.id], before + 1)
        return found


def _graph(name: str, steps: Sequence[Step], given: str) -> Graph:
    nodes = tuple(_node(step, given) for step in steps)
    return Graph(name=name, inputs=(given,), nodes=nodes, output=Ref(of=nodes[-1].id))


def _node(step: Step, given: str) -> Node:
    args = {f"a{n}": Ref(of=needed) for n, needed in enumerate(step.after)} or {"a0": Ref(of=f"${given}")}
    if step.each is None:
        return Node(id=step.id, calls=step.id, args=dict(args), on_failure="let go")
    item = {"item": Ref(of=f"{step.after[0]}")}
    return Node(
        id=step.id, calls=step.id, args=dict(item), body=_graph(step.id, step.then, "item"), runs=Map(over="item")
    )


@dataclass(frozen=True)
class Day:
    """One run's luck: a World for `simulate`, the same each time it is asked. Without `checks` every answer passes."""

    setting: Setting
    flow: Flow
    seed: str
    checks: bool = True

    def wants(self, node: str, call: Call) -> tuple[float, int]:
        """Answers are held to twice their usual length."""
        kind, model = self.kind(node), self.setting.models[call.model]
        most = 2 * kind.answer_tokens
        return kind.prompt_tokens * model.prompt_usd + most * model.answer_usd, kind.prompt_tokens + most

    def meets(self, node: str, path: Path, call: Call, twin: bool) -> Met:
        """How right, how long and how dear an answer is."""
        kind, model = self.kind(node), self.setting.models[call.model]
        dice = random.Random(f"{self.seed} {node} {path} {call.model} {twin}")
        tokens = min(2.0, dice.lognormvariate(0, 0.3)) * kind.answer_tokens
        latency_s = (model.first_token_s + tokens / model.tokens_per_s) * dice.lognormvariate(0, model.sigma)
        latency_s *= model.slow_times if dice.random() < model.slow else 1.0
        if dice.random() < model.fails:
            return Met(Attempt(answered=False), 0.0, kind.prompt_tokens * model.prompt_usd, latency_s)
        hard = random.Random(f"{self.seed} {node}").gauss(kind.hard, 0.15)
        right = dice.random() < 1 / (1 + exp(-_STEEP * (model.skill - hard)))
        passes = not (self.checks and kind.checked) or right is not (dice.random() < kind.check_errs)
        cost_usd = kind.prompt_tokens * model.prompt_usd + tokens * model.answer_usd
        return Met(Attempt(True, float(passes), passes, str(right)), float(right), cost_usd, latency_s)

    def takes_s(self, node: str) -> float:
        """Functions take as long as they always do."""
        return self.flow.tasks[task_of(node)].seconds

    def gives(self, node: str) -> Any:
        """What a map is over has as many items as chance will have."""
        maps = (step.each for step in self.flow.steps if step.each and node in step.after)
        low, high = next(maps, (0, 0))
        return list(range(random.Random(f"{self.seed} {node}").randint(low, high)))

    def kind(self, node: str) -> Kind:
        """A node's kind."""
        return self.setting.kinds[self.flow.tasks[task_of(node)].kind]


@dataclass(frozen=True)
class Renamed:
    """A day on which nodes go by other names."""

    day: Day
    names: Mapping[str, str]

    def wants(self, node: str, call: Call) -> tuple[float, int]:
        return self.day.wants(self.names[node], call)

    def meets(self, node: str, path: Path, call: Call, twin: bool) -> Met:
        return self.day.meets(self.names[node], path, call, twin)

    def takes_s(self, node: str) -> float:
        return self.day.takes_s(self.names[node])

    def gives(self, node: str) -> object:
        return self.day.gives(self.names[node])


def prior(setting: Setting, kind: Kind, call: Call) -> Prior:
    """What price lists tell of a call, and nothing of how good the model is at it."""
    model = setting.models[call.model]
    return Prior(
        prompt_tokens=kind.prompt_tokens,
        answer_tokens=kind.answer_tokens,
        prompt_usd=model.prompt_usd,
        answer_usd=model.answer_usd,
        tokens_per_s=model.tokens_per_s,
        first_token_s=model.first_token_s,
        checked=kind.checked,
        worst_usd=kind.prompt_tokens * model.prompt_usd + 2 * kind.answer_tokens * model.answer_usd,
    )
