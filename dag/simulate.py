"""A run that costs nothing: the same `step` and `pursue`, on a clock of its own, in a world that is handed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Protocol

from .choice import Call, Choice, Path, Skip
from .command import Command, Grant, Hedge, Refuse, Replan, Start, Stop, Wake
from .desk import task_of
from .event import Began, Event, Failed, Finished, LetGo, Planned, Reserved, Settled, Started, Ticked, Wanted, Withdrawn
from .graph import Graph
from .limits import Limits
from .plan import Plan
from .pursue import Attempt, Exhausted, Taken, Try, Worth, pursue
from .state import Labeled, State, Status
from .step import step


@dataclass(frozen=True, slots=True)
class Met:
    """What a call comes to.

    Args:
        attempt: what it gives. `quality` is what its answer is truly worth, which no check may have told.
        cost_usd, latency_s: what it takes.
    """

    attempt: Attempt
    quality: float = 0.0
    cost_usd: float = 0.0
    latency_s: float = 0.0


class World(Protocol):
    """What a simulated run meets. The same questions must get the same answers."""

    def wants(self, node: str, call: Call) -> tuple[float, int]:
        """The most USD that a call for a node can cost, and the most tokens."""
        ...

    def meets(self, node: str, path: Path, call: Call, twin: bool) -> Met:
        """What a call comes to that stands at `path` of the node's choice; a twin fares otherwise than its call."""
        ...

    def takes_s(self, node: str) -> float:
        """Seconds that a node takes which calls no model."""
        ...

    def gives(self, node: str) -> Any:
        """A node's value, as far as the workflow's course hangs on it: the list of a map, the truth of a condition."""
        ...


@dataclass(frozen=True, slots=True)
class Simulated:
    """What a simulated run came to.

    Args:
        cost_usd, seconds: what it took.
        quality: what the answers taken are truly worth, by node; 0 for a node that gave none.
        finished: whether the workflow has an output. `calls` are the model calls made, `refused` those not allowed.
        spans: when each node started and ended.
        plans: how often a plan was made anew.
    """

    cost_usd: float
    seconds: float
    quality: Mapping[str, float]
    finished: bool
    calls: int
    refused: int
    spans: Mapping[str, tuple[float, float]]
    plans: int = 0


Anew = Callable[[State, str], Plan | None]
"""Makes a plan for what is left of a run, given why; None to go on with the old one."""


def simulate(
    graph: Graph,
    plan: Plan,
    world: World,
    *,
    inputs: Mapping[str, Any],
    cap_usd: float | None = None,
    deadline_s: float | None = None,
    limits: Limits | None = None,
    hedge_after_s: Callable[[str, Call], float | None] = lambda node, call: None,
    worth: Callable[[str], Worth | None] = lambda node: None,
    anew: Anew | None = None,
) -> Simulated:
    """Runs a workflow to its end in no time. Deterministic if the world is.

    Args:
        graph: the workflow.
        plan: says how each node is run; nodes that it does not name, or without a choice, call no model.
        world: what calls take and give.
        inputs: of the workflow.
        cap_usd, deadline_s: the budget.
        limits: what may happen at the same time.
        hedge_after_s: when a call of a node gets a twin; None for never.
        worth: decides at a node whether a cascade goes on after an answer that passed.
        anew: is asked whenever a new plan would be worth it.
    """
    state = State(graph, lambda labels: None, limits or Limits())
    run = _Simulation(state, plan, world, hedge_after_s, worth, anew)
    run.tell(Ticked(0.0), Began({name: Labeled(value) for name, value in inputs.items()}, cap_usd, deadline_s))
    run.tell(Planned(plan))
    run.go()
    return Simulated(
        cost_usd=state.ledger.spent_usd,
        seconds=state.worked_s,
        quality=run.quality,
        finished=state.result() is not None,
        calls=run.calls,
        refused=run.refused,
        spans=run.spans,
        plans=run.plans,
    )


@dataclass(slots=True)
class _Thinking:
    """A node that pursues its choice: what came of its calls, those in flight or wanted, and the ids of all."""

    choice: Choice
    calls: list[str] = field(default_factory=list[str])
    tried: dict[Path, Met] = field(default_factory=dict[Path, Met])
    flying: dict[Path, Try] = field(default_factory=dict[Path, Try])


class _Simulation:
    def __init__(
        self,
        state: State,
        plan: Plan,
        world: World,
        hedge_after_s: Callable[[str, Call], float | None],
        worth: Callable[[str], Worth | None],
        anew: Anew | None,
    ) -> None:
        self._state, self._plan, self._world = state, plan, world
        self._hedge_after_s, self._worth, self._anew = hedge_after_s, worth, anew
        self._now_s, self._order = 0.0, 0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._thinking = dict[str, _Thinking]()
        self._asked = dict[str, tuple[str, Path]]()
        self._open = dict[str, Met]()
        self.quality = dict[str, float]()
        self.spans = dict[str, tuple[float, float]]()
        self.calls = self.refused = self.plans = 0

    def go(self) -> None:
        """Goes from one moment at which something happens to the next."""
        while self._due and not self._state.complete:
            at_s, _, happens = heappop(self._due)
            self._now_s = max(self._now_s, at_s)
            self.tell(Ticked(self._now_s))
            happens()

    def tell(self, *events: Event) -> None:
        """Tells `step`, and does what it commands."""
        commands: Sequence[Command] = [command for event in events for command in step(self._state, event)]
        for command in commands:
            self._obey(command)

    def _obey(self, command: Command) -> None:
        match command:
            case Start():
                self._start(command.node)
            case Grant():
                self._make(command.call, twin=False)
            case Hedge():
                node, _ = self._asked[command.twin] = self._asked[command.call]
                self._thinking[node].calls.append(command.twin)
                self._make(command.twin, twin=True)
            case Refuse():
                self.refused += 1
                self._landed(command.call, Met(Attempt(answered=False)))
            case Wake():
                self._later(command.at_s, lambda: None)
            case Stop():
                self._cut_off(command.node)
            case Replan() if self._anew is not None:
                if plan := self._anew(self._state, command.reason):
                    self._plan = plan
                    self.plans += 1
                    self.tell(Planned(plan))
            case _:
                pass

    def _later(self, at_s: float, happens: Callable[[], None]) -> None:
        self._order += 1
        heappush(self._due, (at_s, self._order, happens))

    def _start(self, node: str) -> None:
        self.tell(Started(node))
        self.spans[node] = (self._now_s, self._now_s)
        chosen = self._plan.tasks.get(task_of(node))
        if chosen is None or chosen.choice is None:
            return self._later(self._now_s + self._world.takes_s(node), lambda: self._end(node))
        if isinstance(chosen.choice, Skip):
            self.quality[node] = 0.0
            return self.tell(LetGo(node, "the plan leaves it out"))
        self._thinking[node] = _Thinking(chosen.choice)
        self._pursue(node)

    def _end(self, node: str) -> None:
        """A node ends with its value, unless it was called off before."""
        if self._state.nodes[node].status is Status.RUNNING:
            self.spans[node] = (self.spans[node][0], self._now_s)
            self.tell(Finished(node, Labeled(self._world.gives(node))))

    def _pursue(self, node: str) -> None:
        thinking = self._thinking[node]
        attempts = {path: met.attempt for path, met in thinking.tried.items()}
        in_flight = frozenset(thinking.flying)
        found = pursue(thinking.choice, attempts, in_flight=in_flight, worth=self._worth(node))
        if isinstance(found, Taken):
            self.quality[node] = thinking.tried[found.path].quality
            self._cut_off(node)
            self._end(node)
        elif isinstance(found, Exhausted):
            self.quality[node] = 0.0
            self._cut_off(node)
            self.spans[node] = (self.spans[node][0], self._now_s)
            optional = self._state.nodes[node].node.optional
            self.tell(LetGo(node, "no answer") if optional else Failed(node, "no answer may be used"))
        else:
            for wanted in found.tries:
                thinking.flying[wanted.path] = wanted
            for wanted in found.tries:
                self._want(node, wanted)

    def _want(self, node: str, wanted: Try) -> None:
        if node not in self._thinking or wanted.path not in self._thinking[node].flying:
            return  # one before it was refused, and with that the node has ended
        call = f"{node}:{'.'.join(map(str, wanted.path))}"
        worst_usd, tokens = self._world.wants(node, wanted.call)
        self._asked[call] = (node, wanted.path)
        self._thinking[node].calls.append(call)
        hedge_after_s = self._hedge_after_s(node, wanted.call)
        self.tell(Wanted(call, node, wanted.call.model, worst_usd, tokens, hedge_after_s=hedge_after_s))

    def _make(self, call: str, *, twin: bool) -> None:
        node, path = self._asked[call]
        wanted = self._thinking[node].flying[path]
        met = self._world.meets(node, path, wanted.call, twin)
        deadline_s = self._state.deadline_s
        left_s = met.latency_s if deadline_s is None else deadline_s - self._state.worked_s
        if met.latency_s > left_s:  # cut off when the time is up, and billed all the same
            met = Met(Attempt(answered=False), cost_usd=met.cost_usd, latency_s=left_s)
        self.calls += 1
        worst_usd, tokens = self._world.wants(node, wanted.call)
        self._open[call] = met
        self.tell(Reserved(call, worst_usd, node, wanted.call.model, tokens))
        self._later(self._now_s + met.latency_s, lambda: self._answered(call, met))

    def _answered(self, call: str, met: Met) -> None:
        """A call ends. Its twin may still answer; if this is an answer, the twin is cut off and charged."""
        if self._open.pop(call, None) is None:
            return
        self.tell(Settled(call, met.cost_usd))
        where = self._asked[call]
        others = [other for other in self._open if self._asked[other] == where]
        if others and not met.attempt.answered:
            return
        for other in others:
            self.tell(Settled(other, self._open.pop(other).cost_usd))
        self._landed(call, met)

    def _landed(self, call: str, met: Met) -> None:
        node, path = self._asked[call]
        thinking = self._thinking.get(node)
        if thinking is not None and thinking.flying.pop(path, None):
            thinking.tried[path] = met
            self._pursue(node)

    def _cut_off(self, node: str) -> None:
        """Nobody needs a node's calls any more; what is in flight is charged."""
        thinking = self._thinking.pop(node, None)
        if thinking is None or not thinking.flying:
            return
        for call in thinking.calls:
            if met := self._open.pop(call, None):
                self.tell(Settled(call, met.cost_usd))
            elif call in self._state.desk.wants:
                self.tell(Withdrawn(call))
