"""The part of an App that declares what has effects, or waits for people: tools, persons and agents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar

from rheostat.autonomy import Json, Raised, Risk, Rule
from rheostat.context import Trust

from .agent import Agent, checked
from .check_tool import checked_tool
from .declare import AnyDeclared, Declared, Person, Source, Tool, asking, named_by
from .file_tools import FileTools, file_tools
from .granting import Granting
from .run_errors import BadDeclaration

if TYPE_CHECKING:
    from rheostat.autonomy.io import Allowance

    from .shell_tool import Ran

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")
AnyNode = TypeVar("AnyNode", bound=AnyDeclared)

RiskWord = Literal["read", "local", "outward", "irreversible"]
TrustWord = Literal["trusted", "untrusted"]


class Acting(Granting):
    """What an App may do to the world, and whom it asks."""

    def tool(
        self,
        *,
        risk: RiskWord | None = None,
        control: Iterable[str] | None = None,
        preview: Callable[..., Json] | None = None,
        rules: Iterable[Rule] = (),
        timeout_s: float | None = None,
        undo: Callable[..., Any] | None = None,
        preview_undo: Callable[..., Json] | None = None,
        status: Callable[[str], Any] | None = None,
        changes: Iterable[str] = (),
        raises: Callable[..., str | Risk | Raised] | None = None,
        cost: Callable[..., float] | None = None,
        paths: Iterable[str] = (),
        parts: str | Mapping[str, Callable[..., str]] = "",
        trust: TrustWord = "trusted",
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Tool[First, Rest, Result]]:
        """Declares an action. Calling it in a workflow proposes an effect, on which the dial rules.

        A parameter `idempotency_key: str = ""` promises that calls with one key have one effect; without it an effect
        that a crash cut off is never repeated without a person's word.

        Args:
            risk: "read", "local" (undoable, seen by nobody else), "outward" (others see it) or "irreversible"; None if
                nobody knows, which counts as the worst.
            control: the parameters that say who, where or how much; the rest is content. None for no parameter, or for
                all of them if the risk is unknown.
            preview: takes the same arguments and says, as JSON, what would happen. It may refuse by raising.
            rules: when it is to ask although the dial would not.
            timeout_s: seconds after which a person is asked, since nobody knows what became of it; None for never.
            undo: takes the effect back. It is given, by the names of its parameters, the tool's arguments, its result
                as `effect` and its `idempotency_key`. It may refuse by raising.
            preview_undo: takes the same and says, as JSON, what taking it back would do.
            status: takes an idempotency key and gives the result, None if nothing was done; it is asked after a crash.
            changes: the parameters that name files which it changes: they are put back to undo it.
            raises: takes the same arguments, or some of them, and says the risk of this very call.
            cost: takes the same and says what the effect costs in USD. What costs anything counts as irreversible.
            paths: the parameters that name files, besides those whose type is a Path: rules speak of where they lead.
            parts: what may be accepted piece by piece: a list's parameter; or by a text's, what tells what it replaces.
            trust: "untrusted" if text from outside comes with its result: it fetches a page, say.
        """
        asked: dict[str, Any] = {"preview": preview, "undo": undo, "preview_undo": preview_undo, "status": status}
        options: dict[str, Any] = asked | {
            "risk": Risk.IRREVERSIBLE if risk is None else Risk.parse(risk),
            "rules": tuple(rules),
            "timeout_s": timeout_s,
            "changes": tuple(changes),
            "raises": raises,
            "cost": cost,
            "paths": frozenset(paths),
            "parts": parts,
            "trust": Trust[trust.upper()],
        }

        def declare(function: Callable[Concatenate[First, Rest], Result]) -> Tool[First, Rest, Result]:
            named = named_by(function) if risk is control is None else frozenset(control or ())
            return checked_tool(self._declare(function, Tool, control=named, **options))

        return declare

    def files(self, root: Path) -> FileTools:
        """Declares three tools for the text files in a folder: `write_file`, `replace_in_file` and `delete_file`.

        They are local, show what they would do line by line, and can be undone. No path leads them out of the folder.
        """
        return file_tools(self.tool, root)

    def shell(
        self,
        folder: Path,
        *,
        domains: Iterable[str] = (),
        readable: Iterable[Path] = (),
        closed: Iterable[str] = (".env",),
        allowance: Allowance | None = None,
        trusted: bool = False,
    ) -> Tool[str, [], Ran]:
        """Declares a tool `shell(command)` that runs commands in a folder, in a sandbox, and can be undone.

        A command is tried out first, and what it changed there is shown where a person is asked; accepting makes these
        very changes. Where no sandbox can run here, each command is asked about and runs as you.

        Args:
            folder: what commands see of your files, and may change.
            domains: what they may reach over TLS, such as "docs.python.org" or "*.python.org"; else no network.
            readable: further folders that they may read.
            closed: what they may not read in the folder.
            allowance: the time, memory, processes and disk that a command may take.
            trusted: whether what stands in the folder is trusted; else what commands say may not steer an action.

        Raises BadSandbox if the folder is missing, or holds your home, or a domain is none.
        """
        from .shell_tool import shell_tool

        options: dict[str, Any] = {"domains": domains, "readable": readable, "closed": closed}
        return checked_tool(self._add(shell_tool(folder, **options, allowance=allowance, trusted=trusted)))

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
