"""A simulated run goes as a real one would: budget, deadline, cascade, twins, on a clock of its own."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from rheostat.dag import (
    Attempt,
    Best,
    Budget,
    Call,
    Choice,
    Chosen,
    Forecast,
    Graph,
    Limits,
    Map,
    Met,
    Node,
    Path,
    Plan,
    Ref,
    Skip,
    Spread,
    best_of,
    cascade,
    simulate,
)

GOOD, BAD, NONE = Attempt(True, 1.0, True), Attempt(True, 0.2, False), Attempt(False)


@dataclass
class Told:
    """A world that is as it was told to be: by model, and by where a call stands."""

    models: dict[str, Met]
    twins: dict[str, Met] = field(default_factory=dict[str, Met])
    worst_usd: float = 1.0
    lists: dict[str, list[int]] = field(default_factory=dict[str, list[int]])

    def wants(self, node: str, call: Call) -> tuple[float, int]:
        return self.worst_usd, 10

    def meets(self, node: str, path: Path, call: Call, twin: bool) -> Met:
        return (self.twins if twin else self.models)[call.model]

    def takes_s(self, node: str) -> float:
        return 1.0

    def gives(self, node: str) -> Any:
        return self.lists.get(node, True)


def chain(*names: str) -> Graph:
    nodes = tuple(
        Node(id=name, calls=name, args={"x": Ref(of=names[n - 1] if n else "$x")}) for n, name in enumerate(names)
    )
    return Graph(name="g", inputs=("x",), nodes=nodes, output=Ref(of=names[-1]))


def plan_of(**choices: Choice | None) -> Plan:
    tasks = {task: Chosen(choice=choice, forecast=Forecast()) for task, choice in choices.items()}
    none = Spread.certain(0.0)
    return Plan(tasks=tasks, budget=Budget(), cost_usd=none, latency_s=none, quality=1.0, gap=0.0)


def test_a_cascade_asks_the_dear_model_after_the_cheap_one_fell_short() -> None:
    world = Told({"cheap": Met(BAD, 0.2, 0.1, 2.0), "dear": Met(GOOD, 0.9, 0.5, 3.0)})
    came = simulate(chain("a", "b"), plan_of(a=None, b=cascade("cheap", "dear")), world, inputs={"x": 1})
    assert came.finished and came.calls == 2
    assert came.cost_usd == pytest.approx(0.6)
    assert came.seconds == pytest.approx(1.0 + 2.0 + 3.0)
    assert came.quality == {"b": 0.9}
    assert came.spans == {"a": (0.0, 1.0), "b": (1.0, 6.0)}


def test_the_cap_holds_and_what_is_refused_gives_nothing() -> None:
    world = Told({"m": Met(GOOD, 1.0, 0.6, 1.0)})
    mapped = Node(
        id="each",
        calls="each",
        args={"item": Ref(of="list")},
        runs=Map(over="item"),
        body=Graph(
            name="each",
            inputs=("item",),
            nodes=(Node(id="judge", calls="judge", args={"x": Ref(of="$item")}),),
            output=Ref(of="judge"),
        ),
    )
    graph = Graph(name="g", inputs=("x",), nodes=(*chain("list").nodes, mapped), output=Ref(of="each"))
    plan = plan_of(**{"each/judge": Call(model="m")})
    world.lists["list"] = [1, 2, 3, 4]
    came = simulate(graph, plan, world, inputs={"x": 1}, cap_usd=2.0)
    assert (came.calls, came.refused, came.finished) == (2, 2, True)
    assert came.cost_usd == pytest.approx(1.2)
    assert sorted(came.quality.values()) == [0.0, 0.0, 1.0, 1.0]
    free = simulate(graph, plan, world, inputs={"x": 1}, limits=Limits(calls_at_once=2))
    assert free.seconds == pytest.approx(1.0 + 2 * 1.0), "four calls, two at once"


def test_when_the_time_is_up_calls_are_cut_off_and_no_more_are_made() -> None:
    world = Told({"m": Met(GOOD, 1.0, 0.1, 6.0)})
    came = simulate(
        chain("a", "b"), plan_of(a=Call(model="m"), b=Call(model="m")), world, inputs={"x": 1}, deadline_s=8.0
    )
    assert not came.finished and came.seconds == pytest.approx(8.0)
    assert came.quality == {"a": 1.0, "b": 0.0}


def test_a_twin_that_answers_first_counts_and_both_are_charged() -> None:
    world = Told({"m": Met(GOOD, 1.0, 0.3, 100.0)}, twins={"m": Met(GOOD, 1.0, 0.2, 1.0)})
    plan = plan_of(a=Call(model="m"))
    came = simulate(chain("a"), plan, world, inputs={"x": 1}, hedge_after_s=lambda node, call: 5.0)
    assert came.seconds == pytest.approx(6.0) and came.cost_usd == pytest.approx(0.5)
    slow = simulate(chain("a"), plan, world, inputs={"x": 1})
    assert slow.seconds == pytest.approx(100.0) and slow.cost_usd == pytest.approx(0.3)


def test_a_twin_that_fails_leaves_the_call_its_time() -> None:
    world = Told({"m": Met(GOOD, 1.0, 0.3, 10.0)}, twins={"m": Met(NONE, 0.0, 0.0, 1.0)})
    came = simulate(
        chain("a"), plan_of(a=Call(model="m")), world, inputs={"x": 1}, hedge_after_s=lambda node, call: 5.0
    )
    assert came.seconds == pytest.approx(10.0) and came.quality == {"a": 1.0}


def test_what_the_plan_leaves_out_costs_nothing_and_what_finds_no_answer_fails() -> None:
    world = Told({"m": Met(BAD, 0.2, 0.1, 1.0)})
    graph = chain("a", "b")
    left_out = simulate(graph, plan_of(a=Skip(), b=None), world, inputs={"x": 1})
    assert left_out.finished and left_out.calls == 0 and left_out.quality == {"a": 0.0}
    failed = simulate(graph, plan_of(a=best_of(3, "m"), b=None), world, inputs={"x": 1})
    assert not failed.finished and failed.calls == 3 and failed.quality == {"a": 0.0}


def test_calls_that_nobody_needs_any_more_are_cut_off_and_charged() -> None:
    stuck = Best(of=(Call(model="m"), Call(model="gone")))
    world = Told({"m": Met(GOOD, 1.0, 0.3, 1.0), "gone": Met(GOOD, 1.0, 0.3, 1.0)})
    came = simulate(chain("a"), plan_of(a=stuck), world, inputs={"x": 1}, cap_usd=1.0)
    assert came.cost_usd == pytest.approx(0.3) and came.refused == 1, "what is left does not pay for the second"
    assert came.quality == {"a": 1.0}


def test_the_same_world_gives_the_same_run() -> None:
    world = Told({"cheap": Met(BAD, 0.2, 0.1, 2.0), "dear": Met(GOOD, 0.9, 0.5, 3.0)})
    plan = plan_of(a=cascade("cheap", "dear"), b=best_of(2, "dear"))
    assert simulate(chain("a", "b"), plan, world, inputs={"x": 1}) == simulate(
        chain("a", "b"), plan, world, inputs={"x": 1}
    )
