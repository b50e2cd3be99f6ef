"""Random workflows, what they are run under, and calls: maps, loops, graphs in graphs, branches, optional nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import strategies as st

from rheostat.dag import (
    Budget,
    Chosen,
    Forecast,
    Graph,
    Guard,
    Inline,
    Limits,
    Loop,
    Map,
    Node,
    OnFailure,
    Plan,
    Rate,
    Ref,
    Spread,
    Wanted,
)

POLICIES: list[OnFailure] = ["block", "block", "block", "let go", "stop"]


@st.composite
def graphs(draw: st.DrawFn, deep: int = 2, name: str = "g") -> Graph:
    """A workflow with one input, `x`."""
    nodes = list[Node]()
    for number in range(draw(st.integers(1, 5 if deep == 2 else 3))):
        known = ["$x", *(node.id for node in nodes)]
        nodes.append(draw(_nodes(f"n{number}", known, deep)))
    return Graph(name=name, inputs=("x",), nodes=tuple(nodes), output=Ref(of=draw(st.sampled_from(nodes)).id))


@st.composite
def _nodes(draw: st.DrawFn, name: str, known: list[str], deep: int) -> Node:
    first, *others = draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
    args = {"x": Ref(of=first)} | {f"y{n}": Ref(of=other) for n, other in enumerate(others)}
    guards = tuple(
        Guard(condition=Ref(of=of), expected=draw(st.booleans()))
        for of in draw(st.lists(st.sampled_from(known), max_size=draw(st.integers(0, 1))))
    )
    optional, on_failure = draw(st.booleans()), draw(st.sampled_from(POLICIES))
    kind = draw(st.sampled_from(["call", "call", "map", "loop", "inline"])) if deep else "call"
    body = draw(graphs(deep - 1, name)) if kind != "call" else None
    runs: Map | Loop | Inline | None = None
    if kind == "map":
        runs = Map(over="x")
    elif kind == "loop" and body is not None:
        until = draw(st.sampled_from(body.nodes)).id
        runs = Loop(carry="x", until=Ref(of=until), at_most=draw(st.integers(1, 3)))
    elif kind == "inline":
        runs = Inline()
    return Node(
        id=name,
        calls="f",
        args=dict(args),
        guards=guards,
        body=body,
        runs=runs,
        optional=optional,
        on_failure=on_failure,
    )


CALLS = st.builds(
    Wanted,
    call=st.just(""),
    node=st.just(""),
    model=st.sampled_from(["m0", "m1"]),
    worst_usd=st.floats(0, 1),
    tokens=st.integers(0, 80),
    prefix=st.sampled_from(["", "p", "q"]),
    prefix_saves_usd=st.just(0.01),
    hedge_after_s=st.none() | st.floats(0, 3),
)


@dataclass(frozen=True)
class Terms:
    """What is run, and whether the driver starts nodes as soon as it is told to."""

    graph: Graph
    limits: Limits
    cap_usd: float | None
    deadline_s: float | None
    prompt: bool


TERMS = st.builds(
    Terms,
    graphs(),
    st.builds(
        Limits,
        calls_at_once=st.integers(1, 3),
        nodes_at_once=st.integers(1, 4),
        rates=st.dictionaries(
            st.just("m0"),
            st.builds(
                Rate, requests_per_min=st.none() | st.integers(1, 4), tokens_per_min=st.none() | st.integers(50, 200)
            ),
        ),
    ),
    st.none() | st.floats(1, 20),
    st.none() | st.floats(1, 2_000),
    st.sampled_from([True, True, False]),
)


def plan_of(graph: Graph, ranks: Sequence[float], usd: float) -> Plan:
    tasks = dict[str, Chosen]()
    pending = [(graph, "")]
    while pending:
        of, prefix = pending.pop()
        for node in of.nodes:
            each = Forecast(cost_usd=Spread(p50=usd, p90=2 * usd), latency_s=Spread(p50=1.0, p90=2.0))
            tasks[prefix + node.id] = Chosen(choice=None, forecast=each, rank_s=ranks[len(tasks) % len(ranks)])
            pending += [(node.body, f"{prefix}{node.id}/")] if node.body is not None else []
    whole = Spread(p50=usd * len(tasks), p90=2 * usd * len(tasks))
    time = Spread(p50=10.0, p90=20.0)
    return Plan(tasks=tasks, budget=Budget(usd=1.0), cost_usd=whole, latency_s=time, quality=1, gap=0, usd_worth=1)
