"""The App: where a builder declares a vertical, and where it is run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar, overload

from rheostat.autonomy import Json, Level, Risk, Rule
from rheostat.context import Section, Trust

from .declare import KEY, Check, Declared, Function, Llm, Score, Source, Tool, Workflow
from .drive import Decide, Watch
from .run import Run
from .run_errors import BadDeclaration
from .vertical import Vertical

if TYPE_CHECKING:
    from .log import Store
    from .ports import Gateway

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")
Decorator = Callable[[Callable[Concatenate[First, Rest], Result]], Declared[First, Rest, Result]]

TrustWord = Literal["trusted", "untrusted"]
RiskWord = Literal["read", "local", "outward", "irreversible"]


class App(Vertical):
    """A vertical: its sources, model calls, checks, tools and workflows.

    Args:
        name: what people call it; a run remembers it.
        gateway: how models are called; by default litellm and the embedded model.
        store: where Logs are kept; by default one SQLite file in the user's data folder, or in `RHEOSTAT_HOME`.
    """

    def __init__(self, name: str, *, gateway: Gateway | None = None, store: Store | None = None) -> None:
        super().__init__(name, _where(sys._getframe(1).f_globals), gateway, store)  # pyright: ignore[reportPrivateUsage]

    @overload
    def source(
        self, function: Callable[Concatenate[First, Rest], Result], /, *, trust: TrustWord = ...
    ) -> Source[First, Rest, Result]: ...
    @overload
    def source(
        self, function: None = None, /, *, trust: TrustWord = ...
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Source[First, Rest, Result]]: ...
    def source(self, function: Any = None, /, *, trust: TrustWord = "trusted") -> Any:
        """Declares private data: a function that gives Snippets (for `llm(context=...)`) or any other value.

        Args:
            function: as a bare decorator.
            trust: "untrusted" for text from outside, which may try to steer the model.
        """
        return self._declare(function, Source, trust=Trust[trust.upper()])

    def function(self, function: Callable[Concatenate[First, Rest], Result]) -> Function[First, Rest, Result]:
        """Declares plain code as a node: no model, no effect."""
        return self._declare(function, Function)

    @overload
    def llm(self, function: Callable[Concatenate[First, Rest], Result], /) -> Llm[First, Rest, Result]: ...
    @overload
    def llm(
        self,
        function: None = None,
        /,
        *,
        context: Iterable[Source[Any, ..., Any]] = ...,
        sections: Iterable[Section] = ...,
        window_tokens: int | None = ...,
        answer_tokens: int = ...,
        again: int = ...,
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Llm[First, Rest, Result]]: ...
    def llm(
        self,
        function: Any = None,
        /,
        *,
        context: Iterable[Source[Any, ..., Any]] = (),
        sections: Iterable[Section] = (),
        window_tokens: int | None = None,
        answer_tokens: int = 600,
        again: int = 2,
    ) -> Any:
        """Declares a model call. The docstring is the instruction; arguments and result are typed by the signature.

        Args:
            function: as a bare decorator; its body is never run.
            context: sources of Snippets. Each is called with the arguments of the same name.
            sections: parts of the prompt with a share of the window, which Snippets name: what stays the same from
                call to call, a conversation, the rest.
            window_tokens: the most that prompt and answer may take; None for all that the model has.
            answer_tokens: the most that the answer may take.
            again: how often an unusable answer is sent back with what is wrong with it.
        """
        return self._declare(
            function,
            Llm,
            context=tuple(context),
            sections=tuple(sections),
            window_tokens=window_tokens,
            answer_tokens=answer_tokens,
            again=again,
        )

    def check(
        self, of: Llm[Any, ..., Any], *, vouches: Iterable[str] = (), at_least: float = 1.0
    ) -> Callable[[Callable[Rest, float | Score]], Callable[Rest, float | Score]]:
        """Declares a verifiable reward for the answers of a model call.

        The function takes any of the call's arguments by name, and the answer as its other parameter. It gives a number
        in [0, 1], or a Score with the evidence that the model is told when it falls short.

        Args:
            of: the model call.
            vouches: fields of the answer that this check makes trustworthy, so that they may steer an action.
            at_least: what passes.
        """

        def declare(function: Callable[Rest, float | Score]) -> Callable[Rest, float | Score]:
            of.checks.append(Check(function, getattr(function, "__name__", "check"), tuple(vouches), at_least))
            return function

        return declare

    def tool(
        self,
        *,
        risk: RiskWord,
        control: Iterable[str] = (),
        preview: Callable[..., Json] | None = None,
        rules: Iterable[Rule] = (),
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Tool[First, Rest, Result]]:
        """Declares an action. Calling it in a workflow proposes an effect, on which the dial rules.

        A parameter `idempotency_key: str = ""` promises that calls with one key have one effect; without it an effect
        that a crash cut off is never repeated without a person's word.

        Args:
            risk: "read", "local" (undoable, seen by nobody else), "outward" (others see it) or "irreversible".
            control: the parameters that say who, where or how much; the rest is content.
            preview: takes the same arguments and says, as JSON, what would happen. It may refuse by raising.
            rules: when it is to ask although the dial would not.
        """

        def declare(function: Callable[Concatenate[First, Rest], Result]) -> Tool[First, Rest, Result]:
            tool: Tool[First, Rest, Result] = self._declare(
                function,
                Tool,
                risk=Risk.parse(risk),
                control=frozenset(control),
                preview=preview,
                rules=tuple(rules),
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

    def workflow(self, function: Callable[Concatenate[First, Rest], Result]) -> Workflow[First, Rest, Result]:
        """Declares a workflow: called once, with promises, to draw the graph; then run as often as you like."""
        return self._declare(function, Workflow)

    def run(
        self,
        workflow: Workflow[Any, ..., Result],
        /,
        *,
        dial: Level | int = Level.EDIT,
        budget_usd: float | None = None,
        deadline_s: float | None = None,
        model: str | None = None,
        approvers: int = 1,
        decide: Decide | None = None,
        watch: Watch | None = None,
        **inputs: Any,
    ) -> Run[Result]:
        """Runs a workflow until it has ended or waits for a person.

        Args:
            workflow: of this App.
            dial: how far to go alone, 0 to 4.
            budget_usd: the most that model calls may cost; None for no cap.
            deadline_s: seconds of work, waiting for people not counted; None for no deadline.
            model: any litellm name, `local` or `gguf:PATH`; None for what is found first.
            approvers: how many people could approve; with one, what asks two people asks one.
            decide: asks a person at once. Without it, or if it gives None, the run waits.
            watch: is told of every event once it is in the Log.
            inputs: the workflow's arguments.

        Raises:
            BadInput: an argument is missing, unknown or does not fit the signature.
            UnknownModel, UnknownPrice: the model can't be used.
        """
        terms = {"budget_usd": budget_usd, "deadline_s": deadline_s, "approvers": approvers, "level": dial}
        run = Run[Result].start(self, workflow, inputs, terms, model)
        return run.resume(decide=decide, watch=watch)

    def open(self, run: str) -> Run[Any]:
        """A run of this App, as its Log tells it. Nothing is done until one of its methods is called.

        Raises:
            UnknownRun, DamagedLog.
        """
        return Run(self, run)

    def _declare(self, function: Any, kind: Any, **options: Any) -> Any:
        def declare(function: Any) -> Any:
            declared = kind(function=function, name=function.__name__, **options)
            _check_signature(declared)
            if declared.name in self.declared:
                raise BadDeclaration(
                    f"Two functions of the app {self.name!r} are called {declared.name}().",
                    "A graph knows a function by its name.",
                    "Rename one.",
                )
            self.declared[declared.name] = declared
            return declared

        return declare if function is None else declare(function)


def _check_signature(declared: Declared[Any, ..., Any]) -> None:
    if not declared.parameters:
        raise BadDeclaration(
            f"{declared.name}() takes no argument.",
            "Values flow through a graph by arguments.",
            "Give it at least one.",
        )


def _where(module: dict[str, Any]) -> str:
    """How another process finds the module that declares an App: by name, or by file if it was run as a script."""
    name = str(module.get("__name__", ""))
    if name != "__main__":
        return name
    spec = module.get("__spec__")  # that of `python -m NAME`
    return str(spec.name if spec else module.get("__file__", name))
