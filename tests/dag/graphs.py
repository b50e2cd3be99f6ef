"""Random workflows: chains and fans, branches, maps, loops and graphs in graphs, nodes that may be left out."""

from hypothesis import strategies as st

from rheostat.dag import Graph, Guard, Inline, Loop, Map, Node, OnFailure, Ref

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
