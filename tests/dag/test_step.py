"""The core: what runs when, and the promises that `step` keeps whatever happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.dag import (
    GATE,
    Began,
    Complete,
    Const,
    Declined,
    Event,
    Failed,
    Finished,
    Graph,
    InvalidGraph,
    Labeled,
    Node,
    OverBudget,
    Ref,
    Reserved,
    Settled,
    Start,
    Started,
    State,
    Status,
    draw,
    drawing,
    step,
    when,
)


def worst(labels: Sequence[Any]) -> int:
    return max(labels, default=0)


def call(name: str, **args: object) -> Any:
    sheet = drawing()
    assert sheet is not None
    return sheet.call(name, args)


def started(state: State, event: Event) -> list[str]:
    return [c.node for c in step(state, event) if isinstance(c, Start)]


def test_a_node_starts_when_its_own_inputs_are_there_not_when_a_sibling_has_ended() -> None:
    def flow(x: Any) -> Any:
        slow, fast = call("slow", x=x), call("fast", x=x)
        return call("join", a=slow, b=call("after_fast", y=fast))

    state = State(draw("flow", flow, ("x",)), worst)
    assert started(state, Began({"x": Labeled(1)})) == ["slow", "fast"]
    assert started(state, Finished("fast", Labeled(2))) == ["after_fast"]
    assert started(state, Finished("after_fast", Labeled(3))) == []
    assert started(state, Finished("slow", Labeled(4))) == ["join"]
    assert {name: value.data for name, value in state.arguments("join").items()} == {"a": 4, "b": 3}
    assert step(state, Finished("join", Labeled(7, label=2))) == [Complete()]
    assert state.result() == Labeled(7, 2)


def one(a: Any) -> Any:
    return call("n", a=a)


def each(name: str, items: Any) -> Any:
    sheet = drawing()
    assert sheet is not None

    def both(item: Any) -> Any:
        return call("second", y=call("first", x=item))

    body = draw(name, both, ("item",))
    return sheet.map(body, "item", {"item": items})


def mapped(items: Any) -> Any:
    return each("one", items)


def test_each_item_of_a_map_goes_on_alone_and_the_map_gives_what_finished() -> None:
    state = State(draw("flow", mapped, ("items",)), worst)
    assert started(state, Began({"items": Labeled(["a", "b", "c"])})) == [
        "one[0]/first",
        "one[1]/first",
        "one[2]/first",
    ]
    assert started(state, Finished("one[1]/first", Labeled("B"))) == ["one[1]/second"]
    step(state, Failed("one[0]/first", "the model is down"))
    assert state.nodes["one[0]/second"].status is Status.BLOCKED
    assert "the model is down" in state.nodes["one[0]/second"].reason
    step(state, Finished("one[1]/second", Labeled("BB", label=1)))
    step(state, Finished("one[2]/first", Labeled("C")))
    assert step(state, Declined("one[2]/second", "no")) == [Complete()]
    assert state.result() == Labeled(["BB"], 1)


def test_a_map_over_nothing_gives_an_empty_list() -> None:
    state = State(draw("flow", mapped, ("items",)), worst)
    assert step(state, Began({"items": Labeled([], 2)})) == [Complete()]
    assert state.result() == Labeled([], 2)


@dataclass
class Letter:
    urgent: bool
    sender: str


@pytest.mark.parametrize("urgent", [True, False])
def test_when_runs_the_branch_only_if_the_condition_holds(urgent: bool) -> None:
    def flow(letter: Any) -> Any:
        return call("send", text=when(letter.urgent, lambda: call("draft", to=letter.sender)))

    state = State(draw("flow", flow, ("letter",)), worst)
    letter = Labeled(Letter(urgent, "Ada"))
    if urgent:
        assert started(state, Began({"letter": letter})) == ["draft"]
        assert state.arguments("draft")["to"].data == "Ada"
    else:
        assert started(state, Began({"letter": letter})) == ["send"]
        assert state.arguments("send")["text"].data is None


def test_a_branch_that_gives_an_input_is_optional_too() -> None:
    def flow(a: Any, b: Any) -> Any:
        return when(a, lambda: b)

    state = State(draw("flow", flow, ("a", "b")), worst)
    assert [n.calls for n in state.graph.nodes] == [GATE]
    step(state, Began({"a": Labeled(False, label=2), "b": Labeled("x", label=1)}))
    assert state.result() == Labeled(None, 2), "None carries the label of the condition that made it None"


def test_labels_follow_single_fields() -> None:
    def flow(a: Any) -> Any:
        return call("use", place=call("judge", a=a).place)

    state = State(draw("flow", flow, ("a",)), worst)
    step(state, Began({"a": Labeled("text", 2)}))
    step(state, Finished("judge", Labeled({"place": "4.2"}, 2, {"place": 1})))
    assert state.arguments("use")["place"] == Labeled("4.2", 1)


def test_a_graph_can_have_no_cycle() -> None:
    with pytest.raises(InvalidGraph, match="cycle"):
        Graph(
            name="g",
            inputs=(),
            nodes=(Node(id="a", calls="a", args={"x": Ref(of="b")}), Node(id="b", calls="b", args={"x": Ref(of="a")})),
            output=Ref(of="a"),
        )


def test_an_event_for_a_node_that_has_ended_is_refused() -> None:
    state = State(draw("flow", one, ("a",)), worst)
    step(state, Began({"a": Labeled(1)}))
    step(state, Finished("n", Labeled(1)))
    with pytest.raises(ValueError, match="which is done"):
        step(state, Finished("n", Labeled(2)))


def test_a_chain_of_100_000_skipped_nodes_needs_no_deep_stack() -> None:
    nodes = [Node(id="0", calls="f", args={"x": Ref(of="$x")})]
    nodes += [Node(id=str(n), calls="f", args={"x": Ref(of=str(n - 1))}) for n in range(1, 100_000)]
    state = State(Graph(name="g", inputs=("x",), nodes=tuple(nodes), output=Ref(of="99999")), worst)
    step(state, Began({"x": Labeled(1)}))
    assert step(state, Failed("0", "no")) == [Complete()]
    assert state.nodes["99999"].status is Status.BLOCKED


@st.composite
def graphs(draw_: st.DrawFn) -> Graph:
    size = draw_(st.integers(1, 8))
    nodes: list[Node] = []
    for n in range(size):
        sources = ["$x", *(str(m) for m in range(n))]
        refs = draw_(st.lists(st.sampled_from(sources), max_size=3))
        args = {f"a{i}": Ref(of=r) for i, r in enumerate(refs)} or {"a": Const(value=n)}
        nodes.append(Node(id=str(n), calls="f", args=cast("dict[str, Any]", args)))
    return Graph(name="g", inputs=("x",), nodes=tuple(nodes), output=Ref(of=str(size - 1)))


@given(graphs(), st.data())
def test_every_run_ends_and_the_same_events_give_the_same_commands(graph: Graph, data: st.DataObject) -> None:
    """No lost wake-up: whatever order nodes end in and whatever becomes of them, every node ends."""
    state, events, commands = State(graph, worst), list[Event](), list[Any]()

    def apply(event: Event) -> None:
        events.append(event)
        commands.append(step(state, event))

    apply(Began({"x": Labeled(1)}))
    starts = 0
    while ready := state.having(Status.READY):
        node = data.draw(st.sampled_from(ready)).id
        starts += 1
        apply(Started(node))
        apply(data.draw(st.sampled_from([Finished(node, Labeled(0)), Failed(node, "e"), Declined(node, "d")])))
    assert state.complete
    assert sum(isinstance(c, Start) for turn in commands for c in turn) == starts, "each node was started exactly once"
    again = State(graph, worst)
    assert [step(again, event) for event in events] == commands
    assert {n.id: n.status for n in again.nodes.values()} == {n.id: n.status for n in state.nodes.values()}


money = st.floats(0, 10, allow_nan=False)


@given(money, st.lists(st.tuples(money, st.floats(0, 1), st.booleans())))
def test_the_cap_holds_while_bills_stay_within_their_reservation(
    cap: float, calls: list[tuple[float, float, bool]]
) -> None:
    state = State(draw("flow", one, ("a",)), worst)
    step(state, Began({"a": Labeled(1)}, cap_usd=cap))
    for n, (usd, share, settle) in enumerate(calls):
        try:
            step(state, Reserved(str(n), usd))
        except OverBudget as error:
            assert error.worst_usd == usd
            continue
        if settle:
            step(state, Settled(str(n), usd * share))
        assert state.ledger.spent_usd + sum(state.ledger.open_usd.values()) <= cap + 1e-12


@pytest.mark.parametrize("usd", [-0.01, float("nan"), float("inf")])
def test_a_price_that_is_no_price_is_refused(usd: float) -> None:
    state = State(draw("flow", one, ("a",)), worst)
    step(state, Began({"a": Labeled(1)}))
    with pytest.raises(ValueError, match="a price must be"):
        step(state, Reserved("c", usd))
