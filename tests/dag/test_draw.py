"""What a workflow draws, and that types which can't fit are told while it does, with both ends named."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from rheostat.dag import (
    Const,
    DrawError,
    Drawing,
    Graph,
    Inline,
    Loop,
    Many,
    Ref,
    Signature,
    draw,
    drawing,
    when,
)


@dataclass
class Reply:
    text: str
    to: str
    lines: list[int]


SIGNATURES = {
    "draft": Signature({"ticket": str}, Reply),
    "send": Signature({"to": str}, int),
    "total": Signature({"numbers": list[int]}, int),
    "many": Signature({"ticket": str}, list[Reply]),
    "grow": Signature({"text": str, "by": int}, str),
    "is_long": Signature({"text": str}, bool),
    "anything": Signature({}),
}


def sheet() -> Drawing:
    found = drawing()
    assert found is not None
    return found


def call(name: str, **args: object) -> Any:
    return sheet().call(name, args, SIGNATURES[name])


def each(name: str, **args: object) -> Any:
    def alone(**inputs: object) -> object:
        return call(name, **inputs)

    body = draw(name, alone, tuple(args), SIGNATURES[name])
    return sheet().map(body, next(iter(args)), args, SIGNATURES[name])


def loop(name: str, until: Callable[[Any], object], at_most: int = 3, **args: object) -> Any:
    def alone(**inputs: object) -> object:
        return call(name, **inputs)

    return sheet().loop(alone, args, until=until, at_most=at_most, name=name, signature=SIGNATURES[name])


def drawn(flow: Callable[[Any, Any], object], gives: Any = Any) -> Graph:
    def named(ticket: Any, count: Any) -> object:
        return flow(ticket, count)

    return draw("flow", named, ("ticket", "count"), Signature({"ticket": str, "count": int}, gives))


MISFITS: list[tuple[Callable[[Any, Any], object], str]] = [
    (
        lambda ticket, _: call("send", to=call("draft", ticket=ticket)),
        "draft() gives Reply, but send() takes str as 'to'",
    ),
    (lambda _, count: call("draft", ticket=count), "'count' is int, but draft() takes str as 'ticket'"),
    (lambda _, __: call("send", to=3), "3 is 3, but send() takes str as 'to'"),
    (lambda _, __: call("send", to=None), "None is None, but send() takes str as 'to'"),
    (lambda ticket, _: call("send", to=call("draft", ticket=ticket).lines[0]), "'draft.lines[0]' is int, but send()"),
    (lambda ticket, _: call("draft", ticket=ticket).txt, "'draft' can't give its 'txt': Reply has no 'txt'"),
    (
        lambda ticket, _: call("total", numbers=[1, call("draft", ticket=ticket)]),
        "draft() gives Reply, but total() takes int",
    ),
    (
        lambda ticket, _: each("send", to=call("many", ticket=ticket)),
        "many() gives list[Reply], but send() takes Sequence[str] as 'to'",
    ),
    (lambda ticket, count: each("send", to=[ticket, count]), "'count' is int, but send() takes str"),
    (
        lambda ticket, _: call("send", to=each("draft", ticket=[ticket])),
        "draft() gives list[Reply], but send() takes str",
    ),
    (lambda ticket, _: loop("draft", lambda reply: reply.text, ticket=ticket), "and Reply is no str"),
    (lambda ticket, _: loop("grow", lambda text: text, 0, text=ticket, by=1), "grow() can't loop 0 times"),
    (lambda ticket, _: loop("grow", lambda _: True, text=ticket, by=1), "`until` gave True"),
    (
        lambda ticket, _: call("send", to=when(ticket, lambda: call("total", numbers=[]))),
        "gives int | None, but send()",
    ),
]


@pytest.mark.parametrize(("flow", "said"), MISFITS)
def test_a_type_that_can_not_fit_is_told_with_both_ends(flow: Callable[[Any, Any], object], said: str) -> None:
    with pytest.raises(DrawError) as raised:
        drawn(flow)
    assert said in str(raised.value)


def test_what_a_workflow_returns_has_its_type_too() -> None:
    with pytest.raises(DrawError, match=r"draft\(\) gives Reply, but flow\(\) is to return str"):
        drawn(lambda ticket, _: call("draft", ticket=ticket), gives=str)


FITS: list[Callable[[Any, Any], object]] = [
    lambda ticket, _: call("send", to=call("draft", ticket=ticket).to),
    lambda ticket, _: call("send", to=call("anything", x=ticket).whatever[3]),
    lambda ticket, _: call("draft", ticket=when(ticket, lambda: call("draft", ticket=ticket).to)),
    lambda ticket, _: each("send", to=[ticket, "someone"]),
    lambda _, count: call("total", numbers=[1, True, count]),
    lambda _, __: call("total", numbers=[]),
]


@pytest.mark.parametrize("flow", FITS)
def test_what_may_fit_is_drawn(flow: Callable[[Any, Any], object]) -> None:
    assert drawn(flow).nodes


def test_a_loop_holds_its_body_and_what_it_ends_by() -> None:
    graph = drawn(lambda ticket, count: loop("grow", lambda text: call("is_long", text=text), text=ticket, by=count))
    (node,) = graph.nodes
    assert node.runs == Loop(carry="text", until=Ref(of="is_long"), at_most=3)
    assert node.body is not None and [inner.id for inner in node.body.nodes] == ["grow", "is_long"]
    assert node.body.output == Ref(of="grow")
    assert node.args == {"text": Ref(of="$ticket"), "by": Ref(of="$count")}


def test_an_optional_call_may_be_left_out() -> None:
    def flow(ticket: Any, _: Any) -> Any:
        maybe = sheet().call("draft", {"ticket": ticket}, SIGNATURES["draft"], optional=True)
        return call("send", to=maybe)

    with pytest.raises(DrawError, match=r"draft\(\) gives Reply \| None, but send\(\) takes str"):
        drawn(flow)


def test_a_graph_can_be_a_node() -> None:
    def is_long(text: Any) -> Any:
        return call("is_long", text=text)

    inner = draw("inner", is_long, ("text",), SIGNATURES["is_long"])
    graph = drawn(lambda ticket, _: sheet().inline(inner, {"text": ticket}, SIGNATURES["is_long"], on_failure="stop"))
    (node,) = graph.nodes
    assert (node.runs, node.body, node.on_failure) == (Inline(), inner, "stop")
    with pytest.raises(DrawError, match=r"'count' is int, but inner\(\) takes str"):
        drawn(lambda _, count: sheet().inline(inner, {"text": count}, SIGNATURES["is_long"]))


def test_calls_of_one_function_are_told_apart_and_lists_hold_references() -> None:
    def flow(ticket: Any, count: Any) -> Any:
        return [call("send", to=ticket), call("send", to="a"), count, 1]

    graph = drawn(flow)
    assert [node.id for node in graph.nodes] == ["send", "send#2"]
    assert graph.output == Many(items=(Ref(of="send"), Ref(of="send#2"), Ref(of="$count"), Const(value=1)))
