"""A graph as the planner sees it: classes of copies, in order, each with what it may take."""

from collections.abc import Sequence

import pytest

from rheostat.dag import (
    Budget,
    Call,
    Const,
    Forecast,
    Graph,
    Guard,
    Limits,
    Node,
    Option,
    Problem,
    Ref,
    Skip,
    Spread,
    Task,
    plan,
    tasks_of,
)
from rheostat.dag.graph import Inline, Loop, Map
from rheostat.dag.sampled import whole_seconds, whole_usd


def node(name: str, *needs: str, calls: str = "think", **more: object) -> Node:
    args = {f"a{index}": Ref(of=needed) for index, needed in enumerate(needs)}
    return Node.model_validate({"id": name, "calls": calls, "args": args, **more})


def graph(*nodes: Node, inputs: tuple[str, ...] = (), output: str = "") -> Graph:
    return Graph(name="flow", inputs=inputs, nodes=nodes, output=Ref(of=output) if output else Const(value=None))


def options(node: Node, path: str) -> Sequence[Option]:
    choice = Call(model="m") if node.calls == "think" else None
    return [Option(choice=choice, forecast=Forecast(latency_s=Spread.certain(1.0)))]


def copies(path: str, node: Node) -> tuple[float, bool]:
    return {"review": (10, False), "review/polish": (3, True), "maybe": (0.25, True)}[path]


def test_bodies_are_flattened_with_their_copies() -> None:
    polish = graph(node("edit", "$a0"), inputs=("a0",), output="edit")
    body = graph(
        node("draft", "$a0"),
        node("polish", "draft", body=polish, runs=Loop(carry="a0", until=Ref(of="edit"), at_most=4)),
        inputs=("a0",),
        output="polish",
    )
    flow = graph(
        node("read", "$x", calls="plain"),
        node("review", "read", body=body, runs=Map(over="a0")),
        node("maybe", "review", guards=(Guard(condition=Ref(of="read"), expected=True),)),
        node("sub", "$x", body=graph(node("inner", "$a0"), inputs=("a0",)), runs=Inline()),
        node("end", "review", "sub", calls="plain"),
        inputs=("x",),
    )
    found = tasks_of(flow, options, copies=copies, limits=Limits(calls_at_once=4, nodes_at_once=64))
    assert [(t.id, t.after, t.count, t.at_once, t.known, t.weight) for t in found] == [
        ("read", (), 1, 1, True, 0),
        ("review/draft", ("read",), 10, 4, False, 1),
        ("review/polish/edit", ("review/draft",), 30, 4, False, 1),
        ("maybe", ("read", "review/polish/edit"), 0.25, 1, True, 1),
        ("sub/inner", (), 1, 1, True, 1),
        ("end", ("review/polish/edit", "sub/inner"), 1, 1, True, 0),
    ]
    assert plan(Problem(tasks=found, budget=Budget(seconds=1000))).feasible


def test_a_graph_that_only_hands_on_keeps_the_order() -> None:
    empty = graph(inputs=("a0",), output="$a0")
    flow = graph(node("a"), node("b", "a", body=empty, runs=Inline()), node("c", "b"))
    found = tasks_of(flow, options, copies=copies, limits=Limits())
    assert [(task.id, task.after) for task in found] == [("a", ()), ("c", ("a",))]


def test_what_is_optional_may_be_left_out_if_money_is_short() -> None:
    dear = Option(choice=Call(model="m"), forecast=Forecast(cost_usd=Spread.certain(1.0)))
    flow = graph(node("must"), node("may", optional=True))
    found = tasks_of(flow, lambda node, path: [dear], copies=copies, limits=Limits())
    made = plan(Problem(tasks=found, budget=Budget(usd=1.5)))
    assert made.feasible and isinstance(made.tasks["may"].choice, Skip) and made.quality == 0.5
    assert plan(Problem(tasks=found, budget=Budget(usd=2.0))).quality == 1.0


def several(count: float, at_once: float, *, p90: float = 1.0, known: bool = True) -> tuple[Spread, Spread]:
    each = Option(forecast=Forecast(cost_usd=Spread(p50=1, p90=p90), latency_s=Spread(p50=1, p90=p90)))
    task = Task(id="t", options=(each,), count=count, at_once=at_once, known=known)
    return task.cost_usd(each), task.seconds(each)


@pytest.mark.parametrize(
    ("count", "at_once", "usd", "seconds"), [(1, 1, 1, 1), (12, 1, 12, 12), (12, 4, 12, 3), (3, 8, 3, 1), (0, 4, 0, 0)]
)
def test_copies_cost_each_and_share_the_time(count: float, at_once: float, usd: float, seconds: float) -> None:
    cost, time = several(count, at_once)
    assert cost.p50 == cost.p90 == pytest.approx(usd) and time.p50 == time.p90 == pytest.approx(seconds)


def test_the_slowest_of_many_copies_ends_them() -> None:
    assert several(50, 50, p90=3)[1].p50 > 4
    assert several(50, 50, p90=3)[1].p50 < several(50, 10, p90=3)[1].p50


def test_a_guess_of_how_many_widens_what_they_take() -> None:
    counted, guessed = several(10, 2), several(10, 2, known=False)
    for known, unknown in zip(counted, guessed, strict=True):
        assert unknown.mean == pytest.approx(known.mean) and unknown.p90 > 1.4 * known.p90
    assert several(0.5, 1)[0].mean == pytest.approx(0.5)


def test_many_side_by_side_end_later_than_any_of_them_and_in_a_row_vary_less() -> None:
    each = Spread(p50=10, p90=20)
    aside = whole_seconds([each] * 50, [()] * 50)
    assert aside.p50 > each.p90
    in_a_row = whole_seconds([each] * 50, [(), *((index,) for index in range(49))])
    assert in_a_row.p90 / in_a_row.p50 < 1.2 and in_a_row.p50 == pytest.approx(50 * each.mean, rel=0.03)
    assert whole_usd([each] * 50).p50 == pytest.approx(in_a_row.p50, rel=0.02)
    assert whole_seconds([each] * 50, [()] * 50, busy_s=500 * each.mean, slots=5).p50 > 100 * each.mean


def test_a_cost_that_mostly_is_nothing_is_drawn_as_it_is() -> None:
    rare = Spread(p50=0, p90=10, points=(*[0.0] * 28, *[10.0] * 4))
    assert whole_usd([rare]).p50 == 0
    both = whole_usd([rare, rare, Spread.certain(1)])
    assert (both.p50, both.p90) == (1, 11)
