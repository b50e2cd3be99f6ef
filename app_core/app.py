"""The App: where a builder declares a vertical, and where it is run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar, overload

from rheostat.autonomy import Dial, Grants, Level, Policy
from rheostat.context import Section, Trust
from rheostat.dag import Choice, Lessons, Limits, WrittenGraph, as_choice, calls, choice_name

from .acting import Acting, TrustWord
from .declare import Check, Declared, Function, Llm, Score, Source, Workflow
from .drive import Decide, Watch
from .inputs import as_dial
from .read_workflow import read_workflow
from .run import Run
from .run_errors import BadDeclaration, BadInput

if TYPE_CHECKING:
    from .log import Store
    from .ports import Gateway

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")
Decorator = Callable[[Callable[Concatenate[First, Rest], Result]], Declared[First, Rest, Result]]


class App(Acting):
    """A vertical: its sources, model calls, checks, tools and workflows.

    Args:
        name: what people call it; a run remembers it.
        gateway: how models are called; by default litellm and the embedded model.
        store: where Logs are kept; by default one SQLite file in the user's data folder, or in `RHEOSTAT_HOME`.
        lessons: where it is kept what runs teach, for the plans of later ones; by default another file there.
        limits: what one run may do at the same time, and what providers allow in a minute.
        policy: rules, and who may approve; or the file that says so, read whenever a run is taken up.
        grants: where grants are kept that hold in every run; by default another file there.
    """

    def __init__(
        self,
        name: str,
        *,
        gateway: Gateway | None = None,
        store: Store | None = None,
        lessons: Lessons | None = None,
        limits: Limits | None = None,
        policy: Policy | Path | None = None,
        grants: Grants | None = None,
    ) -> None:
        where = _where(sys._getframe(1).f_globals)  # pyright: ignore[reportPrivateUsage]
        super().__init__(name, where, gateway, store, lessons, limits or Limits(), policy=policy, grants=grants)

    @overload
    def source(
        self,
        function: Callable[Concatenate[First, Rest], Result],
        /,
        *,
        trust: TrustWord = ...,
        secret: bool = ...,
        timeout_s: float | None = ...,
    ) -> Source[First, Rest, Result]: ...
    @overload
    def source(
        self, function: None = None, /, *, trust: TrustWord = ..., secret: bool = ..., timeout_s: float | None = ...
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Source[First, Rest, Result]]: ...
    def source(
        self,
        function: Any = None,
        /,
        *,
        trust: TrustWord = "trusted",
        secret: bool = False,
        timeout_s: float | None = None,
    ) -> Any:
        """Declares private data: a function that gives Snippets (for `llm(context=...)`) or any other value.

        Args:
            function: as a bare decorator.
            trust: "untrusted" for text from outside, which may try to steer the model.
            secret: it holds what must not get out. What rests on it and others see counts as irreversible.
            timeout_s: seconds after which it is given up, called as a step of a workflow; None for never.
        """
        return self._declare(function, Source, trust=Trust[trust.upper()], secret=secret, timeout_s=timeout_s)

    @overload
    def function(
        self, function: Callable[Concatenate[First, Rest], Coroutine[Any, Any, Result]], /
    ) -> Function[First, Rest, Result]: ...
    @overload
    def function(self, function: Callable[Concatenate[First, Rest], Result], /) -> Function[First, Rest, Result]: ...
    @overload
    def function(
        self, function: None = None, /, *, timeout_s: float | None = ..., keep: bool = ...
    ) -> Callable[[Callable[Concatenate[First, Rest], Result]], Function[First, Rest, Result]]: ...
    def function(self, function: Any = None, /, *, timeout_s: float | None = None, keep: bool = False) -> Any:
        """Declares plain code as a node: no model, no effect.

        Args:
            function: as a bare decorator. One that is not async runs in a thread.
            timeout_s: seconds after which it is given up; None for never.
            keep: take over what it gave in another run, if its text and its arguments are the same.
        """
        return self._declare(function, Function, timeout_s=timeout_s, keep=keep)

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
        choices: Iterable[Choice | str] = ...,
        weight: float = ...,
        timeout_s: float | None = ...,
        keep: bool = ...,
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
        choices: Iterable[Choice | str] = (),
        weight: float = 1.0,
        timeout_s: float | None = None,
        keep: bool = False,
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
            choices: ways to run it, of which the plan takes one: models' names, `cascade`, `best_of`, `vote`,
                `council`, `fallback`, `retry`. Without any: what the run's models allow.
            weight: what a good answer here is worth, beside those of other calls.
            timeout_s: seconds after which it is given up, checks and asking again included; None for never.
            keep: take over the answer of another run, if arguments, models and texts are the same. What sources read
                is not looked at.
        """
        return self._declare(
            function,
            Llm,
            context=tuple(context),
            sections=tuple(sections),
            window_tokens=window_tokens,
            answer_tokens=answer_tokens,
            again=again,
            choices=_choices(choices),
            weight=weight,
            timeout_s=timeout_s,
            keep=keep,
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

    def workflow(self, function: Callable[Concatenate[First, Rest], Result]) -> Workflow[First, Rest, Result]:
        """Declares a workflow: called once, with promises, to draw the graph; then run as often as you like."""
        return self._declare(function, Workflow)

    def read_workflow(
        self,
        name: str,
        data: str | bytes | Mapping[str, Any] | WrittenGraph,
        /,
        *,
        takes: Mapping[str, Any],
        gives: Any = Any,
        trust: TrustWord = "untrusted",
    ) -> Workflow[Any, ..., Any]:
        """A workflow that somebody wrote as data, an LLM say. It may call what is declared so far, and nothing else.

        Args:
            name: of the workflow; another process that takes its run up must have read the same by the same name.
            data: the graph as JSON, or as a node whose result type is WrittenGraph gave it.
            takes: type of each input.
            gives: type that the output must have.
            trust: "trusted" only if its author may steer actions as you may. Otherwise nothing that it passes to an
                action is vouched for, and no action of it runs without a person.

        Raises:
            InvalidGraph: it can't be run; the message says why.
        """
        trusted = trust == "trusted"
        read = read_workflow(name, data, takes=takes, gives=gives, trusted=trusted, declared=self.declared)
        return self._add(read)

    def run(
        self,
        workflow: Workflow[Any, ..., Result],
        /,
        *,
        dial: Dial | Level | int = Level.EDIT,
        budget_usd: float | None = None,
        deadline_s: float | None = None,
        model: str | None = None,
        models: Iterable[str] = (),
        approvers: int = 1,
        by: str = "",
        decide: Decide | None = None,
        watch: Watch | None = None,
        **inputs: Any,
    ) -> Run[Result]:
        """Runs a workflow until it has ended or waits for a person.

        Args:
            workflow: of this App.
            dial: how far to go alone, 0 to 4; or a Dial, for tools and kinds of action with a level of their own.
            budget_usd: the most that model calls may cost; None for no cap.
            deadline_s: seconds of work, waiting for people not counted; None for no deadline.
            model: any litellm name, `local` or `gguf:PATH`; None for what is found first.
            models: several of them, among which the plan chooses for each call; instead of `model`.
            approvers: how many people could approve; with one, what asks two people asks one.
            by: on whose behalf; by default the login name, or who the run around this one is for.
            decide: asks a person at once. Without it, or if it gives None, the run waits.
            watch: is told of every event once it is in the Log.
            inputs: the workflow's arguments.

        Raises:
            BadInput: an argument is missing, unknown or does not fit the signature.
            BadPolicy: the policy can't be read, so nothing may be decided.
            UnknownModel, UnknownPrice: the model can't be used.
        """
        terms = {
            "budget_usd": budget_usd,
            "deadline_s": deadline_s,
            "approvers": approvers,
            "asked_by": by,
            "dial": as_dial(dial),
        }
        run = Run[Result].start(self, workflow, inputs, terms, _models(model, models))
        return run.resume(decide=decide, watch=watch)

    def open(self, run: str) -> Run[Any]:
        """A run of this App, as its Log tells it. Nothing is done until one of its methods is called.

        Raises:
            UnknownRun, DamagedLog.
        """
        return Run(self, run)


def _choices(given: Iterable[Choice | str]) -> tuple[Choice, ...]:
    if isinstance(given, str):
        raise BadDeclaration(f"choices can't be {given!r}.", "They are several.", f"Write choices=[{given!r}].")
    choices = tuple(map(as_choice, given))
    if nobody := next((choice for choice in choices if not calls(choice)), None):
        raise BadDeclaration(
            f"{choice_name(nobody)} is no way to run a model call.", "It asks nobody.", "Name a model."
        )
    return choices


def _models(model: str | None, models: Iterable[str]) -> tuple[str, ...]:
    """The models that a run may use, each once; none for what is found first."""
    if isinstance(models, str):
        raise BadInput(f"models can't be {models!r}.", "They are several.", f"Give models=[{models!r}], or model=.")
    named = tuple(dict.fromkeys(models))
    if model is not None and named:
        raise BadInput("Both model and models were given.", "One names the only one.", "Leave one of them out.")
    return named or (() if model is None else (model,))


def _where(module: dict[str, Any]) -> str:
    """How another process finds the module that declares an App: by name, or by file if it was run as a script."""
    name = str(module.get("__name__", ""))
    if name != "__main__":
        return name
    spec = module.get("__spec__")  # that of `python -m NAME`
    return str(spec.name if spec else module.get("__file__", name))
