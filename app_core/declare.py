"""What `@app.source`, `@app.llm`, `@app.tool` and the others make of a function: a typed node that draws itself."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, wraps
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar, cast, get_type_hints

from rheostat.autonomy import Json, Raised, Risk, Rule, Ruling
from rheostat.context import Document, Section, Trust
from rheostat.dag import Choice, Drawing, Graph, OnFailure, Signature, draw, drawing

from .hints import is_path
from .run_errors import BadDeclaration
from .shape import shape

if TYPE_CHECKING:
    from pydantic import TypeAdapter

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")
Same = TypeVar("Same")

Preview = Callable[..., Json]


@dataclass(frozen=True, eq=False)
class Declared(Generic[First, Rest, Result]):
    """A function of an App. Called in a workflow it adds a node to the graph; elsewhere it runs, or says why not.

    `timeout_s` are the seconds after which it is given up; None for never.
    """

    function: Callable[Concatenate[First, Rest], Result]
    name: str
    timeout_s: float | None = None

    def __call__(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        """Adds a node to the graph that is being drawn; outside a workflow, runs the function."""
        sheet = drawing()
        if sheet is None:
            return self._outside(first, *rest, **named)
        return cast(Result, self._drawn(sheet, self._bind(first, *rest, **named)))

    def each(self, items: Sequence[First], /, *rest: Rest.args, **named: Rest.kwargs) -> list[Result]:
        """Maps over a list: one node per item, each going on as soon as it can.

        Gives the results of those that finished, in order; the run's `failures` tell about the others.
        """
        sheet = drawing()
        if sheet is None:
            return [self._outside(item, *rest, **named) for item in items]
        bound = self._bind(cast(First, items), *rest, **named)
        body = draw(self.name, self._alone, tuple(bound), self.signature)
        return cast("list[Result]", sheet.map(body, next(iter(bound)), bound, self.signature))

    def optional(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result | None:
        """Adds a node that may be left out: its value is None if money, time or an input is missing, or if it fails."""
        sheet = drawing()
        if sheet is None:
            return self._outside(first, *rest, **named)
        return cast(Result, self._drawn(sheet, self._bind(first, *rest, **named), "let go"))

    def essential(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        """Adds a node without which the rest is worth nothing: if it fails, the whole run is stopped."""
        sheet = drawing()
        if sheet is None:
            return self._outside(first, *rest, **named)
        return cast(Result, self._drawn(sheet, self._bind(first, *rest, **named), "stop"))

    def loop(
        self: Declared[Same, Rest, Same], *, until: Callable[[Same], bool], at_most: int = 3
    ) -> Callable[Concatenate[Same, Rest], Same]:
        """Repeats itself, each time with its last result as first argument: `improve.loop(until=...)(text, rules)`.

        Args:
            until: takes a result and gives a bool in it, or what a function node makes of it; true ends the loop.
            at_most: turns, after which the loop ends with the last result all the same.

        Returns:
            A function with the arguments of this one.
        """

        def looped(first: Same, /, *rest: Rest.args, **named: Rest.kwargs) -> Same:
            sheet = drawing()
            if sheet is not None:
                bound = self._bind(first, *rest, **named)
                name, signature = self.name, self.signature
                promise = sheet.loop(self._alone, bound, until=until, at_most=at_most, name=name, signature=signature)
                return cast(Same, promise)
            for _ in range(at_most):
                first = self._outside(first, *rest, **named)
                if until(first):
                    break
            return first

        return looped

    def _alone(self, **inputs: object) -> object:
        sheet = drawing()
        assert sheet is not None
        return self._drawn(sheet, inputs)

    def _drawn(self, sheet: Drawing, args: dict[str, object], on_failure: OnFailure = "block") -> object:
        optional = on_failure == "let go"
        return sheet.call(self.name, args, self.signature, optional=optional, on_failure=on_failure)

    def _inlined(self, sheet: Drawing, graph: Graph, args: dict[str, object], on_failure: OnFailure) -> object:
        optional = on_failure == "let go"
        return sheet.inline(graph, args, self.signature, optional=optional, on_failure=on_failure)

    def _outside(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        return self.function(first, *rest, **named)

    def _bind(self, *args: object, **kwargs: object) -> dict[str, object]:
        try:
            bound = inspect.signature(self.function).bind(*args, **kwargs)
        except TypeError as error:
            raise BadDeclaration(
                f"{self.name}() was called with the wrong arguments.",
                f"{error}.".capitalize(),
                "Mend the call in the workflow.",
            ) from None
        return dict(bound.arguments)

    @cached_property
    def hints(self) -> dict[str, Any]:
        """The types of the parameters and of the result, `Annotated` included."""
        try:
            return get_type_hints(self.function, include_extras=True)
        except NameError as error:
            raise BadDeclaration(
                f"A type in the signature of {self.name}() can't be found.",
                f"{error}.".capitalize(),
                "Define it at the top of the module, and import it outside `if TYPE_CHECKING`.",
            ) from None

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(inspect.signature(self.function).parameters)

    @cached_property
    def signature(self) -> Signature:
        """What it takes and gives, for the check of types while a workflow is drawn."""
        parameters = inspect.signature(self.function).parameters
        takes = {name: self.hints.get(name, Any) for name in parameters if name != KEY}
        needs = frozenset(name for name in takes if parameters[name].default is inspect.Parameter.empty)
        return Signature(takes, self.hints.get("return", Any), needs)

    def codec(self, name: str) -> TypeAdapter[Any]:
        """Turns a parameter's value, or with "return" the result, into JSON and back."""
        if name not in self._codecs:
            self._codecs[name] = self._make_codec(name)
        return self._codecs[name]

    @cached_property
    def _codecs(self) -> dict[str, TypeAdapter[Any]]:
        return {}

    def _make_codec(self, name: str) -> TypeAdapter[Any]:
        from pydantic import TypeAdapter
        from pydantic.errors import PydanticUserError

        if name not in self.hints:
            what = "result" if name == "return" else f"parameter {name!r}"
            raise BadDeclaration(
                f"The {what} of {self.name}() has no type.", "Without one it can't be kept in the Log.", "Annotate it."
            )
        try:
            return TypeAdapter(self.hints[name])
        except PydanticUserError as error:
            raise BadDeclaration(
                f"{name!r} of {self.name}() can't be kept in the Log.",
                f"Its type is not one that pydantic can make JSON of ({error.message}).",
                "Use a pydantic model, a dataclass or a plain type.",
            ) from None


@dataclass(frozen=True, eq=False)
class Function(Declared[First, Rest, Result]):
    """Plain code: no model, no effect. Its result is as trusted as its arguments.

    With `keep`, other runs take over what it gave for the same arguments.
    """

    keep: bool = False


@dataclass(frozen=True, eq=False)
class Source(Declared[First, Rest, Result]):
    """Private data. Its result is as little trusted as the source itself, and as what it was asked with."""

    trust: Trust = Trust.TRUSTED
    secret: bool = False


@dataclass(frozen=True, eq=False)
class Check:
    """A verifiable reward for a model's answer. Passing it makes the fields in `vouches` trustworthy."""

    function: Callable[..., float | Score]
    name: str
    vouches: tuple[str, ...]
    at_least: float


@dataclass(frozen=True, slots=True)
class Score:
    """A check's result: `value` in [0, 1], and the evidence, which the model is told when it falls short."""

    value: float
    evidence: str = ""


@dataclass(frozen=True, eq=False)
class Llm(Declared[First, Rest, Result]):
    """A model call: the docstring is the instruction, the arguments and the sources' snippets are the context."""

    context: tuple[Source[Any, ..., Any], ...] = ()
    sections: tuple[Section, ...] = ()
    window_tokens: int | None = None
    answer_tokens: int = 600
    again: int = 2
    choices: tuple[Choice, ...] = ()
    weight: float = 1.0
    checks: list[Check] = field(default_factory=list[Check])
    keep: bool = False

    @cached_property
    def instruction(self) -> str:
        """What the model is told to do."""
        return inspect.cleandoc(self.function.__doc__ or "")

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """The parameters that go into the prompt; documents get there through a source, which picks the parts."""
        return tuple(name for name in self.parameters if self.hints.get(name) is not Document)

    def _outside(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        raise BadDeclaration(
            f"{self.name}() can't be called here.",
            "It calls a model, which needs a run and its budget.",
            "Use it inside a workflow, and app.run() that.",
        )


@dataclass(frozen=True, eq=False)
class Tool(Declared[First, Rest, Result]):
    """An action: calling it in a workflow proposes an effect, on which the dial rules."""

    risk: Risk = Risk.IRREVERSIBLE
    control: frozenset[str] = frozenset()
    preview: Preview | None = None
    rules: tuple[Rule, ...] = ()
    raises: Callable[..., str | Risk | Raised] | None = None
    cost: Callable[..., float] | None = None
    paths: frozenset[str] = frozenset()
    undo: Callable[..., Any] | None = None
    preview_undo: Preview | None = None
    status: Callable[[str], Any] | None = None
    changes: tuple[str, ...] = ()
    parts: str | Mapping[str, Callable[..., str]] = ""
    trust: Trust = Trust.TRUSTED

    @cached_property
    def path_names(self) -> frozenset[str]:
        """The parameters that name a file: those said to, and those whose type is a pathlib Path."""
        changed = {name for name in self.changes if self.signature.takes.get(name) is str}
        return self.paths | changed | {name for name, hint in self.signature.takes.items() if is_path(hint)}

    @property
    def honours_key(self) -> bool:
        """Whether the tool takes an `idempotency_key`, so that doing it again after a crash does nothing twice."""
        return KEY in self.parameters


@dataclass(frozen=True, eq=False)
class Person(Tool[First, Rest, First]):
    """A wait for a person's word: they accept, edit or refuse the first argument, and the value is what they said."""

    @property
    def honours_key(self) -> bool:
        """True: to hear again what was said has no effect."""
        return True


def named_by(function: Callable[..., Any]) -> frozenset[str]:
    """All that a function is to be told: each may say who, where or how much as long as nobody says which do."""
    return frozenset(inspect.signature(function).parameters) - {KEY}


def asking(function: Callable[Concatenate[First, Rest], First]) -> Person[First, Rest]:
    """A wait for a person's word, made of a function whose docstring is the question and whose body is never run."""
    question = inspect.cleandoc(function.__doc__ or "") or "A person's word is wanted."
    name = getattr(function, "__name__", "person")
    always = Rule(name="a person's word", tool=name, at_least=Ruling.ASK, why=question)
    first = next(iter(inspect.signature(function).parameters), "")

    def said(**arguments: Any) -> Any:
        return arguments[first]

    handing_on: Any = wraps(function)(said)
    return Person(handing_on, name, risk=Risk.READ, rules=(always,), parts=first)


KEY = "idempotency_key"
"""Name of the keyword parameter by which a tool promises that equal keys have one effect."""


@dataclass(frozen=True, eq=False)
class Workflow(Declared[First, Rest, Result]):
    """The graph of a vertical. Called inside another workflow its nodes become part of that."""

    def _drawn(self, sheet: Drawing, args: dict[str, object], on_failure: OnFailure = "block") -> object:
        if on_failure != "block":
            return self._inlined(sheet, self.graph, args, on_failure)
        sheet.check(self.name, args, self.signature)
        return cast(Any, self.function)(**args)

    def _outside(self, first: First, /, *rest: Rest.args, **named: Rest.kwargs) -> Result:
        raise BadDeclaration(
            f"{self.name}() can't be called here.", "It is a workflow.", f"Run it with app.run({self.name}, ...)."
        )

    @cached_property
    def graph(self) -> Graph:
        """Drawn once, by calling the function with promises."""
        return draw(self.name, self.function, self.parameters, self.signature)

    @cached_property
    def shape(self) -> dict[str, str]:
        """Digests of the graph's parts; see shape.py."""
        return shape(self.graph)


AnyDeclared = Declared[Any, ..., Any]
AnyTool = Tool[Any, ..., Any]
AnyWorkflow = Workflow[Any, ..., Any]
