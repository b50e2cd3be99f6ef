"""An agent: a bounded loop in which a model calls one of its tools, or answers.

It is drawn like any workflow, so that each call of the model and of a tool is a node of its own: in the Log, under the
budget, under the dial. What was called and what came back goes from turn to turn.
"""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, make_dataclass
from functools import cached_property, reduce
from typing import Annotated, Any, Literal, NoReturn, ParamSpec, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, create_model

from rheostat.context import Trust
from rheostat.dag import Arg, Const, Drawing, Failure, Graph, Guard, Loop, Node, OnFailure, Ref

from .declare import AnyDeclared, Declared, Function, Llm, Source
from .errors import AnswerUnusable
from .run_errors import BadDeclaration
from .signed import signed

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")

SHOWN_CHARS = 4000
"""The most that the model is shown of what one tool gave."""

RESERVED = frozenset({"move", "note", "answer", "transcript", "changed"})
"""Names that the parts of an agent have in its graph."""


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Called(_Frozen):
    """A tool that was called, and what came back."""

    tool: str
    args: dict[str, Any]
    result: str


class Transcript(_Frozen):
    """What an agent did so far. Each agent's own type adds the `answer`.

    Args:
        called: the tools, in order.
        turns_left: how often the model may be asked yet.
        done: whether it has answered.
    """

    called: tuple[Called, ...] = ()
    turns_left: int
    done: bool = False


class Move(_Frozen):
    """What the model does in a turn. Each agent's own type adds the `step`: a tool's call, or the answer."""

    @property
    def calls(self) -> Mapping[str, bool]:
        """By a tool's name, whether it is to be called."""
        return defaultdict(bool, {cast(Any, self).step.call: True})


@dataclass(frozen=True, eq=False)
class Note(Function[First, Rest, Result]):
    """Takes down what a turn came to. Besides its arguments it is told what people `changed` in the tool's call."""


@dataclass(frozen=True, eq=False)
class Agent(Declared[First, Rest, Result]):
    """A bounded loop of a model and the tools that it may call. The docstring is its instruction."""

    tools: tuple[AnyDeclared, ...] = ()
    turns: int = 8
    context: tuple[Source[Any, ..., Any], ...] = ()
    answer_tokens: int = 600

    @cached_property
    def think(self) -> Llm[Any, ..., Any]:
        """The model call of each turn: from what the agent was given, and the transcript, to a Move."""
        takes = {**self.signature.takes, "transcript": self.transcript}
        name = f"{self.name}.move"
        function = signed(name, takes, self.move, says=_instruction(self), does=_not_called)
        return Llm(function=function, name=name, context=self.context, answer_tokens=self.answer_tokens)

    @cached_property
    def note(self) -> Note[Any, ..., Any]:
        """Takes down in the transcript what a turn came to."""
        given = {tool.name: tool.hints.get("return", Any) for tool in self.tools}
        takes = {"transcript": self.transcript, "move": self.move, **given}
        name = f"{self.name}.note"
        return Note(function=signed(name, takes, self.transcript, says="", does=self._noted), name=name)

    @cached_property
    def transcript(self) -> Any:
        """The type of its transcripts."""
        return _model(f"{self.name}_transcript", Transcript, answer=(self.signature.gives | None, None))

    @cached_property
    def move(self) -> Any:
        """The type of its model's answers."""
        answer = _model("answer", _Frozen, call=Literal["answer"], answer=self.signature.gives)
        steps: Any = reduce(lambda one, other: one | other, [answer, *map(_call_of, self.tools)])
        return _model(f"{self.name}_move", Move, step=Annotated[steps, Field(discriminator="call")])

    @cached_property
    def graph(self) -> Graph:
        """Its graph where all its parameters are given."""
        return self._graph(tuple(self.signature.takes))

    def _noted(self, transcript: Any, move: Any, changed: str = "", **results: Any) -> Any:
        step, left = move.step, transcript.turns_left - 1
        if step.call == "answer":
            return transcript.model_copy(update={"answer": step.answer, "done": True, "turns_left": left})
        if left == 0:
            raise AnswerUnusable(
                f"{self.name}() took all of its {self.turns} turns and gave no answer. "
                "Allow it more turns, or ask a better model.",
                attempts=(),
            )
        tool = next(tool for tool in self.tools if tool.name == step.call)
        result = "\n".join(filter(None, [changed[:SHOWN_CHARS], _shown(tool, results[step.call])]))
        called = Called(tool=step.call, args=step.model_dump(mode="json")["args"], result=result)
        return transcript.model_copy(update={"called": (*transcript.called, called), "turns_left": left})

    def _drawn(self, sheet: Drawing, args: dict[str, object], on_failure: OnFailure = "block") -> object:
        return self._inlined(sheet, self._graph(tuple(args)), args, on_failure)

    def _graph(self, given: tuple[str, ...]) -> Graph:
        """The loop, as the body of the node that the agent is."""
        passed: dict[str, Arg] = {name: Ref(of=f"${name}") for name in given}
        carried: dict[str, Arg] = {"transcript": Ref(of="$transcript")}
        noted: dict[str, Arg] = {"move": Ref(of="move"), **{tool.name: Ref(of=tool.name) for tool in self.tools}}
        turn = Graph(
            name="turn",
            inputs=(*given, "transcript"),
            nodes=(
                Node(id="move", calls=self.think.name, args=passed | carried),
                *map(_tool_node, self.tools),
                Node(id="note", calls=self.note.name, args=carried | noted),
            ),
            output=Ref(of="note"),
        )
        loop = Node(
            id="turn",
            calls=self.name,
            args=passed | {"transcript": Const(value=self.transcript(turns_left=self.turns))},
            body=turn,
            runs=Loop(carry="transcript", until=Ref(of="note", path=("done",)), at_most=self.turns),
        )
        return Graph(name=self.name, inputs=given, nodes=(loop,), output=Ref(of="turn", path=("answer",)))

    def _outside(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        raise BadDeclaration(
            f"{self.name}() can't be called here.",
            "It calls a model, which needs a run and its budget.",
            "Use it inside a workflow, and app.run() that.",
        )


def checked(agent: Agent[First, Rest, Result]) -> Agent[First, Rest, Result]:
    """The agent, if it can work.

    Raises:
        BadDeclaration: it has no tools or no turns, or a name is taken.
    """
    if not agent.tools or agent.turns < 1:
        raise BadDeclaration(
            f"The agent {agent.name}() can't do anything.", "It needs tools and turns.", "Use @app.llm for one call."
        )
    names = [tool.name for tool in agent.tools]
    taken = [name for name in (*names, *agent.parameters) if name in RESERVED or names.count(name) > 1]
    if taken:
        raise BadDeclaration(
            f"The agent {agent.name}() can't have a tool or parameter called {taken[0]!r}.",
            f"Its tools have different names, and {', '.join(sorted(RESERVED))} are parts of every agent.",
            "Rename it.",
        )
    return agent


def _call_of(tool: AnyDeclared) -> Any:
    """The type of a call of a tool."""
    parameters = inspect.signature(tool.function).parameters
    fields: list[Any] = []
    for name, hint in tool.signature.takes.items():
        tool.codec(name)
        optional = name not in tool.signature.needs
        fields.append((name, hint, _defaulting(parameters[name].default)) if optional else (name, hint))
    strict = {"__pydantic_config__": ConfigDict(extra="forbid")}
    args = make_dataclass(f"{tool.name}_args", fields, kw_only=True, frozen=True, namespace=strict)
    return _model(tool.name, _Frozen, call=Literal[tool.name], args=args)


def _model(name: str, base: type[BaseModel], **fields: Any) -> Any:
    return cast(Any, create_model)(name, __base__=base, **fields)


def _defaulting(value: Any) -> Any:
    return field(default_factory=lambda: value)


def _tool_node(tool: AnyDeclared) -> Node:
    # The words of an error may be the source's; nothing tells how far they are to be trusted.
    hushed = isinstance(tool, Source) and tool.trust is Trust.UNTRUSTED
    on_failure: OnFailure = "let go" if hushed else "tell"
    return Node(
        id=tool.name,
        calls=tool.name,
        args={name: Ref(of="move", path=("step", "args", name)) for name in tool.signature.takes},
        guards=(Guard(condition=Ref(of="move", path=("calls", tool.name)), expected=True),),
        on_failure=on_failure,
    )


def _shown(tool: AnyDeclared, result: Any) -> str:
    if isinstance(result, Failure):
        return f"No result: {result.reason}"[:SHOWN_CHARS]
    text = result if isinstance(result, str) else tool.codec("return").dump_json(result).decode()
    return text if len(text) <= SHOWN_CHARS else f"{text[:SHOWN_CHARS]} ({len(text) - SHOWN_CHARS} more characters)"


def _instruction(agent: Agent[Any, ..., Any]) -> str:
    listed = [
        f"- {tool.name}({', '.join(tool.signature.takes)}): {inspect.cleandoc(tool.function.__doc__ or '')}"
        for tool in agent.tools
    ]
    return "\n".join(
        [
            inspect.cleandoc(agent.function.__doc__ or ""),
            "",
            "In each turn call one tool, or answer. The transcript holds what was called and what came back. "
            "When turns_left is 1, answer.",
            "",
            "Tools:",
            *listed,
        ]
    )


def _not_called(**_: Any) -> NoReturn:
    raise NotImplementedError("A model call has no code of its own.")
