"""Loops, graphs in graphs, and what becomes of others when a node fails, is left out, called off or tried again."""

from collections.abc import Sequence
from typing import Any

import pytest

from rheostat.dag import (
    Began,
    Cancelled,
    Command,
    Complete,
    Const,
    Declined,
    Event,
    Failed,
    Failure,
    Finished,
    Graph,
    Inline,
    InvalidGraph,
    Labeled,
    LetGo,
    Loop,
    Many,
    Map,
    Node,
    OnFailure,
    Paused,
    Ref,
    Retried,
    Start,
    Started,
    State,
    Status,
    Stop,
    step,
)


def worst(labels: Sequence[Any]) -> int:
    return max((label or 0 for label in labels), default=0)


def starts(commands: Sequence[Command]) -> list[str]:
    return [command.node for command in commands if isinstance(command, Start)]


def node(name: str, *needs: str, optional: bool = False, on_failure: OnFailure = "block") -> Node:
    args = {f"a{n}": Ref(of=need) for n, need in enumerate(needs)}
    return Node(id=name, calls=name, args=dict(args), optional=optional, on_failure=on_failure)


def graph(*nodes: Node, output: str = "", inputs: tuple[str, ...] = ("x",)) -> Graph:
    return Graph(name="g", inputs=inputs, nodes=nodes, output=Ref(of=output or nodes[-1].id))


def begun(of: Graph, value: object = 1, label: int = 0) -> State:
    state = State(of, worst)
    step(state, Began({"x": Labeled(value, label)}))
    return state


def looping(at_most: int = 3) -> Graph:
    """improve(draft) and judge(improve) run until what judge gives has a true `good`."""
    body = graph(node("improve", "$draft"), node("judge", "improve"), output="improve", inputs=("draft",))
    until = Ref(of="judge", path=("good",))
    loop = Loop(carry="draft", until=until, at_most=at_most)
    return graph(Node(id="refine", calls="refine", args={"draft": Ref(of="$x")}, body=body, runs=loop))


def turn(state: State, number: int, text: str, good: bool) -> list[Command]:
    step(state, Finished(f"refine[{number}]/improve", Labeled(text, number)))
    return step(state, Finished(f"refine[{number}]/judge", Labeled({"good": good})))


def test_a_loop_carries_its_output_on_until_it_is_good() -> None:
    state = begun(looping(), "raw")
    assert state.arguments("refine[0]/improve")["a0"].data == "raw"
    assert starts(turn(state, 0, "better", good=False)) == ["refine[1]/improve"]
    assert state.arguments("refine[1]/improve")["a0"] == Labeled("better", 0)
    assert turn(state, 1, "best", good=True)[-1] == Complete()
    assert state.result() == Labeled("best", 1)


def test_a_loop_ends_after_its_last_turn_with_what_it_has() -> None:
    state = begun(looping(at_most=2), "raw")
    turn(state, 0, "b", good=False)
    assert turn(state, 1, "c", good=False)[-1] == Complete()
    assert state.result() == Labeled("c", 1)


def test_a_turn_that_fails_fails_the_loop_with_its_cause() -> None:
    state = begun(looping(), "raw")
    turn(state, 0, "b", good=False)
    assert step(state, Failed("refine[1]/improve", "no model"))[-1] == Complete()
    assert state.nodes["refine"].status is Status.FAILED
    assert "no model" in state.nodes["refine"].reason
    assert state.result() is None


def test_a_loop_whose_body_does_nothing_needs_no_deep_stack() -> None:
    body = Graph(name="idle", inputs=("carry",), nodes=(), output=Ref(of="$carry"))
    runs = Loop(carry="carry", until=Ref(of="$carry"), at_most=20_000)
    state = begun(graph(Node(id="idle", calls="idle", args={"carry": Ref(of="$x")}, body=body, runs=runs)), 0)
    assert state.complete
    assert state.result() == Labeled(0, 0)


def test_a_loop_that_holds_a_map_that_holds_a_graph() -> None:
    inner = graph(node("add", "$item"), inputs=("item",))
    one = graph(
        Node(id="sub", calls="sub", args={"item": Ref(of="$item")}, body=inner, runs=Inline()), inputs=("item",)
    )
    items = Node(id="map", calls="map", args={"item": Ref(of="$list")}, body=one, runs=Map(over="item"))
    body = graph(items, inputs=("list",))
    runs = Loop(carry="list", until=Ref(of="map", path=(0,)), at_most=5)
    state = begun(graph(Node(id="loop", calls="loop", args={"list": Ref(of="$x")}, body=body, runs=runs)), [-1, 5])
    for count in range(2):
        for n in range(2):
            path = f"loop[{count}]/map[{n}]/sub/add"
            step(state, Finished(path, Labeled(state.arguments(path)["a0"].data + 1)))
    assert state.nodes["loop[0]/map"].value.data == [0, 6], "0 is not true, so there was a second turn"
    assert state.result() == Labeled([1, 7], 0)


def test_what_is_no_list_can_not_be_mapped() -> None:
    body = graph(node("f", "$item"), inputs=("item",))
    of = graph(Node(id="map", calls="f", args={"item": Ref(of="$x")}, body=body, runs=Map(over="item")))
    for value, named in ((None, "NoneType"), ("text", "str"), ({"a": 1}, "dict")):
        state = begun(of, value)
        assert state.complete
        assert state.nodes["map"].status is Status.FAILED
        assert named in state.nodes["map"].reason


def test_a_map_over_100_000_items_is_no_trouble() -> None:
    body = graph(node("f", "$item"), inputs=("item",))
    of = graph(Node(id="map", calls="f", args={"item": Ref(of="$x")}, body=body, runs=Map(over="item")))
    state = begun(of, list(range(100_000)))
    assert len(state.nodes) == 100_001
    for path in [n.id for n in state.nodes.values() if n.node.body is None]:
        step(state, Started(path))
        step(state, Finished(path, Labeled(1)))
    result = state.result()
    assert state.complete and result is not None and len(result.data) == 100_000


def test_what_an_optional_node_can_not_have_lets_it_go() -> None:
    state = begun(graph(node("a", "$x"), node("b", "a", optional=True), node("c", "b")))
    assert starts(step(state, Failed("a", "down"))) == ["c"]
    assert (state.nodes["b"].status, state.arguments("c")["a0"].data) == (Status.SKIPPED, None)
    assert "down" in state.nodes["b"].reason


@pytest.mark.parametrize(
    "event", [Failed("a", "down"), LetGo("a", "no money is left"), Declined("a", "not today")], ids=str
)
def test_a_node_that_is_let_go_gives_nothing_and_others_go_on(event: Event) -> None:
    state = begun(graph(node("a", "$x", optional=True, on_failure="let go"), node("b", "a")), label=2)
    assert starts(step(state, event)) == ["b"]
    assert state.arguments("b")["a0"] == Labeled(None, 2), "None carries the label of what it was to be made from"


@pytest.mark.parametrize("event", [Failed("a", "down"), Declined("a", "down")], ids=str)
def test_a_failure_can_be_told_to_those_who_can_deal_with_it(event: Event) -> None:
    state = begun(graph(node("a", "$x", on_failure="tell"), node("b", "a")), label=2)
    assert starts(step(state, event)) == ["b"]
    told = state.arguments("b")["a0"]
    assert isinstance(told.data, Failure) and told.data.reason.endswith(": down") and told.label == 2


def test_a_failure_that_stops_the_run_calls_the_others_off() -> None:
    state = begun(graph(node("a", "$x", on_failure="stop"), node("b", "$x"), node("c", "b"), node("d", "$x")))
    step(state, Started("b"))
    step(state, Paused("d"))
    assert step(state, Failed("a", "boom")) == [Stop("b"), Stop("d"), Complete()]
    assert {name: at.status for name, at in state.nodes.items()} == {
        "a": Status.FAILED,
        "b": Status.CANCELLED,
        "c": Status.CANCELLED,
        "d": Status.CANCELLED,
    }
    assert "boom" in state.stopped and state.result() is None


def test_what_ends_after_it_was_called_off_changes_nothing() -> None:
    state = begun(graph(node("a", "$x"), node("b", "a")))
    step(state, Started("a"))
    assert step(state, Cancelled("by Ada")) == [Stop("a"), Complete()]
    for late in (Finished("a", Labeled(1)), Failed("a", "e"), Started("b"), Cancelled("again")):
        assert step(state, late) == []
    assert state.nodes["a"].status is Status.CANCELLED and state.stopped == "by Ada"
    with pytest.raises(ValueError, match="was stopped"):
        step(state, Retried("a"))


def test_a_node_tried_again_frees_what_it_blocked() -> None:
    state = begun(TANGLE)
    step(state, Finished("free", Labeled(1)))
    assert step(state, Failed("a", "down"))[-1] == Complete()
    assert state.nodes["c"].status is Status.BLOCKED
    assert step(state, Retried("a")) == [Start("a")]
    assert not state.complete and state.nodes["c"].status is Status.PENDING
    assert starts(step(state, Finished("a", Labeled(2)))) == ["b"]
    assert starts(step(state, Finished("b", Labeled(3)))) == ["c"]
    assert step(state, Finished("c", Labeled(4))) == [Complete()]
    assert state.result() == Labeled(4)


TANGLE = graph(node("a", "$x"), node("free", "$x"), node("b", "a"), node("c", "b", "free"))


def test_a_node_tried_again_while_others_still_run() -> None:
    state = begun(TANGLE)
    step(state, Failed("a", "down"))
    assert starts(step(state, Retried("a"))) == ["a"]
    step(state, Finished("a", Labeled(2)))
    step(state, Finished("b", Labeled(3)))
    assert starts(step(state, Finished("free", Labeled(1)))) == ["c"]


def test_a_turn_tried_again_opens_its_loop() -> None:
    state = begun(looping(), "raw")
    turn(state, 0, "b", good=False)
    step(state, Failed("refine[1]/improve", "down"))
    assert step(state, Retried("refine[1]/improve")) == [Start("refine[1]/improve")]
    assert state.nodes["refine"].status is Status.RUNNING
    assert turn(state, 1, "done", good=True)[-1] == Complete()
    assert state.result() == Labeled("done", 1)


def mapped() -> Graph:
    body = graph(node("f", "$item"), inputs=("item",))
    return graph(
        Node(id="map", calls="f", args={"item": Ref(of="$x")}, body=body, runs=Map(over="item")), node("sum", "map")
    )


def test_an_item_tried_again_opens_its_map_unless_something_went_on_without_it() -> None:
    state = begun(mapped(), [1, 2])
    step(state, Finished("map[0]/f", Labeled(10)))
    step(state, Failed("map[1]/f", "down"))
    with pytest.raises(ValueError, match="'sum' went on without it. Fork"):
        step(state, Retried("map[1]/f"))
    assert step(state, Failed("sum", "too short"))[-1] == Complete()
    assert step(state, Retried("map[1]/f")) == [Start("map[1]/f")]
    assert starts(step(state, Finished("map[1]/f", Labeled(20)))) == ["sum"]
    assert state.arguments("sum")["a0"].data == [10, 20]


@pytest.mark.parametrize(
    ("name", "why"), [("a", "is done"), ("b", "is blocked"), ("z", "no node 'z'"), ("refine", "Retry the node inside")]
)
def test_only_what_failed_can_be_tried_again(name: str, why: str) -> None:
    state = begun(looping() if name == "refine" else graph(node("a", "$x"), node("f", "$x"), node("b", "f")), "raw")
    if name == "refine":
        step(state, Failed("refine[0]/improve", "down"))
    else:
        step(state, Finished("a", Labeled(1)))
        step(state, Failed("f", "down"))
    with pytest.raises(ValueError, match=why):
        step(state, Retried(name))


def test_a_part_that_is_not_there_blocks_and_stops_nothing_else() -> None:
    part = Node(id="b", calls="b", args={"y": Ref(of="a", path=("lines", 3))})
    state = begun(graph(node("a", "$x"), part, node("c", "a")))
    assert starts(step(state, Finished("a", Labeled({"lines": [1]})))) == ["c"]
    assert state.nodes["b"].reason == "'a' has no 'lines.3'"


@pytest.mark.parametrize("name", ["a/b", "a[1]"])
def test_a_node_can_not_be_called_like_a_copy(name: str) -> None:
    with pytest.raises(InvalidGraph, match="can't be called"):
        graph(node(name, "$x"))


def test_a_body_gets_all_its_inputs_and_a_loop_can_end() -> None:
    body = graph(node("f", "$item", "$other"), inputs=("item", "other"))
    with pytest.raises(InvalidGraph, match="needs other"):
        Node(id="m", calls="f", args={"item": Ref(of="$x")}, body=body, runs=Map(over="item"))
    with pytest.raises(InvalidGraph, match="not in its body"):
        args = {"item": Const(value=1), "other": Const(value=2)}
        Node(id="m", calls="f", args=dict(args), body=body, runs=Loop(carry="item", until=Ref(of="g"), at_most=2))
    with pytest.raises(InvalidGraph, match="both a body and a way"):
        Node(id="m", calls="f", args={}, runs=Inline())


def test_a_graph_comes_back_from_json_as_it_was() -> None:
    for of in (looping(), mapped(), TANGLE):
        assert Graph.model_validate_json(of.model_dump_json()) == of
    several = Node(id="n", calls="n", args={"y": Many(items=(Ref(of="$x"), Const(value=None), Many(items=())))})
    assert Graph.model_validate_json(graph(several).model_dump_json()) == graph(several)
