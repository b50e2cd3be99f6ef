"""Where the arguments of an action come from, if a model that had read text from outside chose them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import getdoc
from typing import Any, Literal

from rheostat.autonomy import Action, Argument, Json, Witness, trace, vouched_by
from rheostat.context import Trust
from rheostat.dag import Labeled, Scope, Status

from .agent import Agent
from .declare import AnyTool, Source
from .hold import Hold
from .label import Label

_WORDS: Mapping[Trust, Literal["user", "trusted", "untrusted"]] = {
    Trust.USER: "user",
    Trust.TRUSTED: "trusted",
    Trust.UNTRUSTED: "untrusted",
}


def traced(hold: Hold, tool: AnyTool, action: Action) -> Action:
    """The action with a word for each argument that somebody vouches for after all.

    A step that the builder wrote is declared by that. What an agent thought of by itself counts as declared only if the
    words that it works by call for it.
    """
    if all(not argument.untrusted or argument.vouched_by for argument in action.arguments):
        return action
    scope = hold.state.nodes[action.node].scope
    agent = _agent(hold, scope)
    witnesses = [*_around(hold, scope), *(() if agent is None else _seen(hold, agent, scope))]
    if agent is None:
        return action.model_copy(update={"arguments": tuple(_vouched(a, witnesses) for a in action.arguments)})
    given = {argument.name: argument.value for argument in action.arguments}
    found = trace(tool.name, given, witnesses, control=tool.control, risk=action.risk)
    kept = {"untrusted", "vouched_by", "links"}
    arguments = tuple(
        argument.model_copy(update=new.model_dump(include=kept)) if argument.untrusted else argument
        for argument, new in zip(action.arguments, found.arguments, strict=True)
    )
    return action.model_copy(update={"arguments": arguments, "declared": action.declared and found.declared})


def _vouched(argument: Argument, witnesses: list[Witness]) -> Argument:
    if not (argument.control and argument.untrusted) or argument.vouched_by:
        return argument
    return argument.model_copy(update={"vouched_by": vouched_by(argument.value, witnesses, name=argument.name)})


def _agent(hold: Hold, scope: Scope) -> Agent[Any, ..., Any] | None:
    """The agent in whose turn this is; None if it is in nobody's."""
    owner = scope.owner
    found = None if owner is None else hold.cast.get(owner.node.calls)
    return found if isinstance(found, Agent) else None


def _around(hold: Hold, scope: Scope) -> Iterator[Witness]:
    """What was given to the workflow, and what its sources gave, as far as it lies around a step."""
    around: Scope | None = scope
    while around is not None:
        for name in around.graph.inputs:
            given = around.input(name)
            if given is not None and name != "transcript":
                yield _witness(given, name)
        for node in around.graph.nodes:
            source = hold.cast.get(node.calls)
            if isinstance(source, Source) and hold.state.nodes[around.prefix + node.id].status is Status.DONE:
                yield _of_node(hold, around.prefix + node.id, source.name, _trust(hold, around.prefix + node.id))
        around = None if around.owner is None else around.owner.scope


def _seen(hold: Hold, agent: Agent[Any, ..., Any], scope: Scope) -> Iterator[Witness]:
    """What an agent works by, and what its tools gave in the turns up to this one."""
    # Its own docstring: those of the tools, which the model is shown as well, would call for every one of them.
    yield Witness(value=getdoc(agent.function) or "", trust="user", by="the instruction")
    assert scope.owner is not None
    for turn in scope.owner.inside:
        move = hold.view.nodes.get(f"{turn.prefix}move")
        for tool in agent.tools:
            node = hold.state.nodes.get(turn.prefix + tool.name)
            if node is not None and node.status is Status.DONE and move is not None:
                # What an agent asks a trusted source is its own choice; that it is among what is there is what counts.
                trust = tool.trust if isinstance(tool, Source) else _trust(hold, node.id)
                yield _of_node(hold, node.id, tool.name, trust, asked_with=_args(move.value))


def _args(move: Any) -> Json:
    return move["step"].get("args")


def _of_node(hold: Hold, node: str, name: str, trust: Trust, asked_with: Json = None) -> Witness:
    # What was made of the user's words by others is no more the user's.
    word = "trusted" if trust is Trust.USER else _WORDS[trust]
    return Witness(value=hold.view.nodes[node].value, trust=word, by=name, asked_with=asked_with)


def _trust(hold: Hold, node: str) -> Trust:
    """How far a node's value is trusted; with untrusted words even a trusted source was asked for another's choice."""
    label: Label = hold.state.nodes[node].value.label
    return label.trust


def _witness(given: Labeled, name: str) -> Witness:
    label: Label = given.label
    return Witness(value=_json(given.data), trust=_WORDS[label.trust], by=label.by or name)


def _json(data: Any) -> Json:
    from pydantic import TypeAdapter

    return TypeAdapter[Any](Any).dump_python(data, mode="json")
