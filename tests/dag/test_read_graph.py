"""A graph that somebody wrote as JSON: what is sound becomes a Graph; what is not is refused, soon and in words."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.dag import (
    Began,
    Drawing,
    Failed,
    Finished,
    Graph,
    Guard,
    Inline,
    InvalidGraph,
    Labeled,
    Loop,
    Map,
    Ref,
    Signature,
    State,
    Status,
    WrittenGraph,
    draw,
    drawing,
    read_graph,
    step,
)


@dataclass
class Reply:
    text: str
    good: bool
    lines: list[str]


KNOWN = {
    "draft": Signature({"ticket": str, "tone": str}, Reply, frozenset({"ticket"})),
    "improve": Signature({"reply": Reply}, Reply, frozenset({"reply"})),
    "send": Signature({"to": str, "text": str}, int, frozenset({"to", "text"})),
    "total": Signature({"numbers": list[int]}, int, frozenset({"numbers"})),
    "review": Signature({"text": str}, Reply, frozenset({"text"})),
}
TAKES = {"ticket": str, "people": list[str], "count": int}


def sheet() -> Drawing:
    found = drawing()
    assert found is not None
    return found


def review(text: Any) -> Any:
    return sheet().call("draft", {"ticket": text, "tone": "kind"}, KNOWN["draft"])


GRAPHS = {"review": draw("review", review, ("text",), KNOWN["review"])}


def read(data: Any, **options: Any) -> Graph:
    return read_graph("plan", data, takes=TAKES, known=KNOWN, graphs=GRAPHS, **options)


def ref(to: str) -> dict[str, str]:
    return {"ref": to}


def node(name: str, calls: str, more: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
    return {"id": name, "calls": calls, "args": args, **(more or {})}


DRAFT = node("reply", "draft", ticket=ref("ticket"))
SOUND: dict[str, Any] = {
    "nodes": [
        node("sent", "send", {"each": "to", "when": ref("better.good")}, to=ref("people"), text=ref("better.text")),
        DRAFT,
        node("better", "improve", {"loop": {"until": "good", "at_most": 3}}, reply=ref("reply")),
        node("seen", "review", {"optional": True}, text=ref("better.lines.0")),
        node("sum", "total", numbers={"items": [ref("count"), {"value": 4}]}),
    ],
    "output": ref("sent"),
}


def test_a_sound_graph_is_put_in_order_and_keeps_its_names() -> None:
    graph = read(json.dumps(SOUND))
    assert [each.id for each in graph.nodes] == ["reply", "better", "sent", "seen", "sum"]
    by_id = graph.by_id
    assert by_id["sent"].runs == Map(over="to")
    assert by_id["sent"].guards == (Guard(condition=Ref(of="better", path=("good",)), expected=True),)
    assert by_id["better"].runs == Loop(carry="reply", until=Ref(of="improve", path=("good",)), at_most=3)
    assert (by_id["seen"].runs, by_id["seen"].body) == (Inline(), GRAPHS["review"])
    assert by_id["seen"].optional and by_id["seen"].on_failure == "let go"
    assert by_id["seen"].args["text"] == Ref(of="better", path=("lines", 0))


def test_text_bytes_data_and_the_model_read_alike() -> None:
    whole = read(SOUND)
    assert read(json.dumps(SOUND)) == whole
    assert read(json.dumps(SOUND).encode()) == whole
    assert read(WrittenGraph.model_validate(SOUND)) == whole


def worst(labels: Sequence[Any]) -> int:
    return max((label or 0 for label in labels), default=0)


def test_a_written_graph_runs_like_a_drawn_one_and_all_it_passes_carries_its_authors_label() -> None:
    state = State(read(SOUND, label=7), worst)
    inputs = {"ticket": Labeled("t", 1), "people": Labeled(["a", "b"], 1), "count": Labeled(1, 1)}
    step(state, Began(inputs))
    assert state.arguments("reply")["ticket"] == Labeled("t", 7)
    assert state.arguments("sum")["numbers"] == Labeled([1, 4], 7)
    step(state, Finished("reply", Labeled(Reply("x", False, []), 1)))
    assert state.arguments("better[0]/improve")["reply"].label == 7
    step(state, Finished("better[0]/improve", Labeled(Reply("y", True, []), 0, {"text": 0})))
    assert state.arguments("sent[1]/send") == {"to": Labeled("b", 7), "text": Labeled("y", 7)}
    assert state.nodes["seen"].status is Status.SKIPPED, "there is no line 0"
    step(state, Failed("sum", "no"))
    for n in range(2):
        step(state, Finished(f"sent[{n}]/send", Labeled(n)))
    assert state.complete and state.result() == Labeled([0, 1], 7)


def test_a_constant_that_an_author_gives_as_output_carries_their_label() -> None:
    graph = read(only(DRAFT, output={"value": "eve@example.org"}), label=7)

    def outer(ticket: Any) -> Any:
        return sheet().inline(graph, {"ticket": ticket, "people": [], "count": 1})

    inlined = draw("outer", outer, ("ticket",))
    for whole in (graph, inlined):
        state = State(whole, worst)
        step(state, Began({name: Labeled("t", 1) for name in whole.inputs}))
        step(state, Finished("reply" if whole is graph else "plan/reply", Labeled(None, 7)))
        assert state.result() == Labeled("eve@example.org", 7)


def changed(**changes: Any) -> dict[str, Any]:
    return {
        "nodes": [DRAFT, node("sent", "send", **{"to": ref("ticket"), "text": ref("reply.text"), **changes})],
        "output": ref("sent"),
    }


def only(*nodes: Any, output: Any = None) -> dict[str, Any]:
    return {"nodes": list(nodes), "output": output or ref(nodes[0]["id"])}


LOOPED = {"loop": {"until": "good", "at_most": 2}}


def looped(at_most: int) -> dict[str, Any]:
    return only(node("a", "improve", {"loop": {"until": "good", "at_most": at_most}}, reply=ref("a")))


def mapped(to: Any) -> dict[str, Any]:
    return only(node("x", "send", {"each": "to"}, to=to, text={"value": ""}))


UNSOUND: list[tuple[Any, str]] = [
    ("", "is no JSON"),
    ("{", "is no JSON"),
    (b"\xff\xfe\xff", "is no JSON"),
    ("[]", "it is not of the form"),
    ("7", "it is not of the form"),
    ('{"nodes": [], "nodes": []}', "one key twice"),
    ('{"nodes": NaN}', "NaN is no number"),
    ('{"nodes": ' + "9" * 5000 + "}", "is no JSON"),
    ({}, "nodes is not of the form asked for: Field required"),
    ({"nodes": [], "output": {"value": 1}}, "at least 1 item"),
    ({**SOUND, "exec": "rm"}, "exec is not of the form"),
    (only({**DRAFT, "id": "../x"}), "nodes.0.id is not of the form"),
    (only({**DRAFT, "id": "a" * 65}), "nodes.0.id is not of the form"),
    (only({**DRAFT, "id": "__class__"}), "nodes.0.id is not of the form"),
    (changed(to={"eval": "1"}), 'an argument is {"ref": "node.part"}'),
    (changed(to=ref("reply.__class__")), "nodes.1.args.to.ref.ref is not of the form"),
    (changed(to=ref("reply._secret")), "not of the form"),
    (changed(to=ref("$ticket")), "not of the form"),
    (changed(to=ref("reply..text")), "not of the form"),
    (only(DRAFT, DRAFT), "two of its nodes or inputs are called 'reply'"),
    (only({**DRAFT, "id": "ticket"}), "two of its nodes or inputs are called 'ticket'"),
    (only(node("x", "os.system", command={"value": "rm"})), "'x' calls 'os.system', which is none of draft, improve"),
    (changed(to=ref("nobody")), "'sent' refers to 'nobody', and there is no such node"),
    (only(DRAFT, output=ref("nothing")), "its output refers to 'nothing'"),
    (only(node("x", "draft", tone={"value": "kind"})), "'x' leaves out 'ticket', which draft() needs"),
    (changed(cc={"value": "me"}), "'sent' gives 'cc' to send(), which takes to, text"),
    (only({**DRAFT, "each": "tone"}), "'reply' maps over 'tone', which is none of its args"),
    (only({**DRAFT, "each": "ticket", **LOOPED}), "can't both map and loop"),
    (changed(to=ref("reply")), "reply() gives Reply, but send() takes str as 'to'"),
    (changed(to={"value": 3}), "3 is 3, but send() takes str"),
    (changed(to={"value": {"a": 1}}), "but send() takes str as 'to'"),
    (changed(text=ref("reply.txt")), "Reply has no 'txt'"),
    (changed(text=ref("reply.lines")), "'reply.lines' is list[str], but send() takes str"),
    (mapped(ref("count")), "'count' is int, but send() takes Sequence[str]"),
    (only({**DRAFT, **LOOPED}), "and Reply is no str"),
    (only(node("a", "improve", reply=ref("a"))), "wait for one another: a → a"),
    (only({**DRAFT, "when": ref("reply.good")}), "wait for one another: reply → reply"),
    (looped(10**9), "1,000,000,000 copies, and 1,000 are allowed"),
    (looped(0), "at_most is not of the form"),
    (mapped({"value": ["a"] * 1001}), "1,001 copies"),
]


@pytest.mark.parametrize(("data", "said"), UNSOUND)
def test_what_is_unsound_is_refused_with_a_sentence(data: Any, said: str) -> None:
    with pytest.raises(InvalidGraph) as raised:
        read(data)
    assert str(raised.value).startswith("The graph 'plan' can't be run: ")
    assert said in str(raised.value)


def test_a_cycle_is_named() -> None:
    turning = {"a": "b", "b": "c", "c": "a"}
    data = only(DRAFT, *(node(of, "improve", reply=ref(to)) for of, to in turning.items()))
    with pytest.raises(InvalidGraph, match=r"wait for one another: (a → c → b → a|b → a → c → b|c → b → a → c)"):
        read(data)


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def itself() -> dict[str, Any]:
    data: dict[str, Any] = {"nodes": [], "output": ref("x")}
    data["nodes"] = data
    return data


def ring(size: int) -> dict[str, Any]:
    return only(*(node(f"n{n}", "improve", reply=ref(f"n{(n + 1) % size}")) for n in range(size)))


HUGE: list[tuple[str, Any, str]] = [
    ("50 MB of text", "x" * 50_000_000, "has 50,000,000 characters"),
    ("50 MB of bytes", b"[" * 50_000_000, "has 50,000,000 characters"),
    ("50 MB in a value", changed(to={"value": "x" * 50_000_000}), "a text in it has 50,000,000"),
    ("deep JSON", "[" * 500_000 + "]" * 500_000, "nested too deep"),
    ("deep data", changed(to={"value": deep(20_000)}), "nested more than 16 deep"),
    ("deep lists", '{"nodes": ' * 400 + "1" + "}" * 400, "nested more than 16 deep"),
    ("a value that holds itself", itself(), "nested more than 16 deep"),
    ("many nodes", ring(10_000), "10000 nodes, and 200 are allowed"),
    ("many values", changed(to={"value": [0] * 2_000_000}), "more than 100,000 values"),
    ("a long cycle", ring(200), "wait for one another: "),
    ("a long key", changed(**{"k" * 900_000: {"value": 1}}), "'sent' gives 'kkk"),
]


@pytest.mark.parametrize(("data", "said"), [case[1:] for case in HUGE], ids=[case[0] for case in HUGE])
def test_what_is_huge_is_refused_quickly_and_briefly(data: Any, said: str) -> None:
    began = time.perf_counter()
    with pytest.raises(InvalidGraph) as raised:
        read(data)
    assert time.perf_counter() - began < 2
    assert said in str(raised.value) and len(str(raised.value)) < 1000


ids: st.SearchStrategy[Any] = st.sampled_from(
    ["a", "b", "c", "ticket", "people", "a.text", "b.good", "c.lines.0", "x.y", "__x"]
)
plain: st.SearchStrategy[Any] = st.none() | st.integers() | st.text(max_size=3)
args: st.SearchStrategy[Any] = st.recursive(
    ids.map(ref) | st.fixed_dictionaries({"value": plain}),
    lambda inner: st.fixed_dictionaries({"items": st.lists(inner, max_size=2)}),
    max_leaves=3,
)
nodes: st.SearchStrategy[Any] = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c", "ticket", "a/b"]),
        "calls": st.sampled_from([*KNOWN, "rm"]),
        "args": st.dictionaries(st.sampled_from(["ticket", "reply", "to", "text", "numbers"]), args, max_size=2),
    },
    optional={
        "each": st.sampled_from(["ticket", "to", "reply"]),
        "loop": st.fixed_dictionaries({"until": st.sampled_from(["", "good"]), "at_most": st.integers(-1, 3)}),
        "when": ids.map(ref),
        "optional": st.booleans(),
    },
)
written: st.SearchStrategy[Any] = st.fixed_dictionaries({"nodes": st.lists(nodes, max_size=4), "output": args})
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["nodes", "output", "id"]), inner),
)


@given(written | anything.map(lambda value: {"nodes": value, "output": value}) | st.text() | st.binary())
def test_whatever_is_written_is_a_graph_or_is_refused(data: Any) -> None:
    try:
        graph = read(data)
    except InvalidGraph:
        return
    state = State(graph, worst)
    step(state, Began({name: Labeled(1) for name in TAKES}))
    assert Graph.model_validate(graph.model_dump()) == graph
