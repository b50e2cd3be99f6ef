"""The part of an App that declares what has effects, or waits for people: tools, persons and agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar

from rheostat.autonomy import Json, Risk, Rule

from .agent import Agent, checked
from .declare import KEY, AnyDeclared, Declared, Person, Source, Tool, asking
from .run_errors import BadDeclaration
from .vertical import Vertical

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")
AnyNode = TypeVar("AnyNode", bound=AnyDeclared)

RiskWord = Literal["read", "local", "outward", "irreversible"]


class Acting(Vertical):
    """What an App may do to the world, and whom it asks."""

    def tool(
        self,
        *,
        risk: RiskWord,
        control: Iterable[str] = (),
        preview: Callable[..., Json] | None = None,
        rules: Iterable[Rule] = (),
        timeout_s: float | None = None,
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Tool[First, Rest, Result]]:
        """Declares an action. Calling it in a workflow proposes an effect, on which the dial rules.

        A parameter `idempotency_key: str = ""` promises that calls with one key have one effect; without it an effect
        that a crash cut off is never repeated without a person's word.

        Args:
            risk: "read", "local" (undoable, seen by nobody else), "outward" (others see it) or "irreversible".
            control: the parameters that say who, where or how much; the rest is content.
            preview: takes the same arguments and says, as JSON, what would happen. It may refuse by raising.
            rules: when it is to ask although the dial would not.
            timeout_s: seconds after which a person is asked, since nobody knows what became of it; None for never.
        """

        def declare(function: Callable[Concatenate[First, Rest], Result]) -> Tool[First, Rest, Result]:
            tool: Tool[First, Rest, Result] = self._declare(
                function,
                Tool,
                risk=Risk.parse(risk),
                control=frozenset(control),
                preview=preview,
                rules=tuple(rules),
                timeout_s=timeout_s,
            )
            unknown = tool.control - set(tool.parameters)
            if unknown:
                raise BadDeclaration(
                    f"{tool.name}() has no parameter {', '.join(sorted(unknown))}.",
                    "`control` names the parameters that say who, where or how much.",
                    f"Choose from {', '.join(p for p in tool.parameters if p != KEY)}.",
                )
            return tool

        return declare

    def person(self, function: Callable[Concatenate[First, Rest], First]) -> Person[First, Rest]:
        """Declares a wait for a person's word, at every level of the dial. The docstring is the question.

        The first argument is what is proposed; its type is the result's. The person accepts it, edits it or refuses;
        the value is what they accepted. The function's body is never run.
        """
        return self._add(asking(function))

    def agent(
        self,
        *,
        tools: Iterable[AnyDeclared],
        turns: int = 8,
        context: Iterable[Source[Any, ..., Any]] = (),
        answer_tokens: int = 600,
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Agent[First, Rest, Result]]:
        """Declares a bounded loop in which a model calls tools until it answers. The docstring is the instruction.

        Each call is a node of its own: an action is proposed like any other, and the dial rules on it. A tool that
        fails or is declined tells the model so.

        Args:
            tools: functions of this App that the model may call, one in a turn: tools, functions, sources, model calls.
            turns: the most model calls. Without an answer by then the node fails.
            context: sources of Snippets, as for `llm`.
            answer_tokens: the most that each turn's answer may take.
        """

        def declare(function: Callable[Concatenate[First, Rest], Result]) -> Agent[First, Rest, Result]:
            options: dict[str, Any] = {"context": tuple(context), "answer_tokens": answer_tokens}
            agent = checked(Agent(function, function.__name__, tools=tuple(tools), turns=turns, **options))
            self._add(agent)
            self._add(agent.think)
            self._add(agent.note)
            return agent

        return declare

    def _declare(self, function: Any, kind: Any, **options: Any) -> Any:
        def declare(function: Any) -> Any:
            return self._add(kind(function=function, name=function.__name__, **options))

        return declare if function is None else declare(function)

    def _add(self, declared: AnyNode) -> AnyNode:
        _check_signature(declared)
        if declared.name in self.declared:
            raise BadDeclaration(
                f"Two functions of the app {self.name!r} are called {declared.name}().",
                "A graph knows a function by its name.",
                "Rename one.",
            )
        self.declared[declared.name] = declared
        return declared


def _check_signature(declared: Declared[Any, ..., Any]) -> None:
    if not declared.parameters:
        raise BadDeclaration(
            f"{declared.name}() takes no argument.",
            "Values flow through a graph by arguments.",
            "Give it at least one.",
        )
