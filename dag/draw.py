"""Draws a Graph by calling the workflow's function once: each declared function it calls becomes a node.

The calls return promises. A promise may be passed on, and its attributes and items may be taken; anything that would
need the value itself (an `if`, a loop, arithmetic) raises an error that says what to use instead. So does passing it
where its type can't fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from .errors import DrawError
from .graph import INPUT, Graph, Guard, Inline, Loop, Map, Node, OnFailure, Ref
from .promise import Promise, as_arg, describe, promised_type, reference
from .types import Signature, item, misfit, of_value, spelled, union

T = TypeVar("T")

UNKNOWN = Signature({})
"""Of a function without annotations."""

_drawing: ContextVar[Drawing | None] = ContextVar("drawing", default=None)


class Drawing:
    """The graph under the pen."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.guards: tuple[Guard, ...] = ()
        self._names = Counter[str]()

    def call(
        self,
        name: str,
        args: Mapping[str, object],
        signature: Signature = UNKNOWN,
        *,
        optional: bool = False,
        on_failure: OnFailure = "block",
    ) -> Promise:
        """Adds a node that calls the declared function `name`.

        Raises:
            DrawError: an argument can't be of the type that the function takes.
        """
        _check_types(name, args, signature)
        node = self._node(name, args).model_copy(update={"optional": optional, "on_failure": on_failure})
        return self._add(node, union([signature.gives, None]) if optional else signature.gives)

    def map(self, body: Graph, over: str, args: Mapping[str, object], signature: Signature = UNKNOWN) -> Promise:
        """Adds a node that runs `body` for every item of the list in `args[over]`. Raises what `call` raises."""
        _check_types(body.name, args, signature, over=over)
        return self._add(self._node(body.name, args, body, Map(over=over)), list[signature.gives])

    def loop(
        self,
        body: Callable[..., object],
        args: Mapping[str, object],
        *,
        until: Callable[[Any], object],
        at_most: int,
        name: str,
        signature: Signature = UNKNOWN,
    ) -> Promise:
        """Adds a node that runs what `body` draws again and again, its output going in as the first argument.

        Args:
            body: is called once, with promises, like a workflow.
            args: of the first turn.
            until: is called once, with the promise of a turn's output; gives what must be true to end.
            at_most: turns.
            name: of the node.
            signature: of the body.

        Raises:
            DrawError: a type can't fit, `until` gives no promise, or there is no turn.
        """
        carry, ends = next(iter(args)), list[Ref]()
        if at_most < 1:
            raise DrawError(f"{name}() can't loop {at_most} times. Give `at_most` at least one turn.")
        _check_types(name, args, signature)
        if why := misfit(signature.gives, signature.takes.get(carry, Any)):
            raise DrawError(f"{name}() can't loop: a turn's output is the next one's {carry!r}, and {why}.")

        def turn(**inputs: object) -> object:
            output = body(**inputs)
            done = until(output)
            if not isinstance(done, Promise):
                raise DrawError(
                    f"{name}() can't loop: `until` gave {done!r}, which is the same in every turn. Give a part of the "
                    "output it is called with, or what a function node makes of it."
                )
            ends.append(reference(done))
            return output

        drawn = draw(name, turn, tuple(args), signature)
        return self._add(
            self._node(name, args, drawn, Loop(carry=carry, until=ends[0], at_most=at_most)), signature.gives
        )

    def inline(
        self,
        body: Graph,
        args: Mapping[str, object],
        signature: Signature = UNKNOWN,
        *,
        optional: bool = False,
        on_failure: OnFailure = "block",
    ) -> Promise:
        """Adds a node that runs `body` once. Raises what `call` raises."""
        _check_types(body.name, args, signature)
        node = self._node(body.name, args, body, Inline())
        node = node.model_copy(update={"optional": optional, "on_failure": on_failure})
        return self._add(node, union([signature.gives, None]) if optional else signature.gives)

    def check(self, name: str, args: Mapping[str, object], signature: Signature) -> None:
        """Raises DrawError if an argument can't be of the type that the function `name` takes."""
        _check_types(name, args, signature)

    @contextmanager
    def guarded(self, condition: Ref, expected: bool) -> Generator[None]:
        """Nodes added inside run only if `condition` is `expected`."""
        before = self.guards
        self.guards = (*before, Guard(condition=condition, expected=expected))
        try:
            yield
        finally:
            self.guards = before

    def _add(self, node: Node, gives: Any) -> Promise:
        self.nodes.append(node)
        return Promise(Ref(of=node.id), gives)

    def _node(
        self, name: str, args: Mapping[str, object], body: Graph | None = None, runs: Map | Loop | Inline | None = None
    ) -> Node:
        given = {parameter: as_arg(value) for parameter, value in args.items()}
        return Node(id=self._free(name), calls=name, args=given, guards=self.guards, body=body, runs=runs)

    def _free(self, name: str) -> str:
        self._names[name] += 1
        return name if self._names[name] == 1 else f"{name}#{self._names[name]}"


def _check_types(name: str, args: Mapping[str, object], signature: Signature, *, over: str = "") -> None:
    """Raises DrawError if an argument can't be of the type that the function takes; a map takes a list of those."""
    for parameter, value in args.items():
        wanted = signature.takes.get(parameter, Any)
        _check_type(value, Sequence[wanted] if parameter == over else wanted, name, parameter)


def _check_type(value: object, wanted: Any, name: str, parameter: str) -> None:
    given = promised_type(value) if isinstance(value, Promise) else of_value(value)
    if misfit(given, wanted):
        raise DrawError(
            f"{_source(value)} {spelled(given)}, but {name}() takes {spelled(wanted)} as {parameter!r}. "
            "Pass what it takes, or put a function node in between."
        )
    if isinstance(value, list | tuple):
        for one in cast("list[object]", value):
            _check_type(one, item(wanted), name, parameter)


def _source(value: object) -> str:
    if not isinstance(value, Promise):
        return f"{value!r:.80} is"
    ref = reference(value)
    if ref.of.startswith(INPUT) or ref.path:
        return f"{describe(ref)!r} is"
    return f"{ref.of.partition('#')[0]}() gives"


def drawing() -> Drawing | None:
    """The drawing in progress in this thread or task, or None when no workflow is being drawn."""
    return _drawing.get()


def draw(name: str, function: Callable[..., object], inputs: tuple[str, ...], signature: Signature = UNKNOWN) -> Graph:
    """Draws the graph of a workflow by calling `function` with a promise for every input.

    Args:
        name: of the graph.
        function: calls declared functions, and returns a promise, or what holds promises.
        inputs: its parameters.
        signature: their types, and that of what it returns.

    Raises:
        DrawError: it used an output as a value, or one where its type can't fit, or it calls itself.
        InvalidGraph: what it drew does not hold together.
    """
    sheet = Drawing()
    token = _drawing.set(sheet)
    try:
        promises = {each: Promise(Ref(of=INPUT + each), signature.takes.get(each, Any)) for each in inputs}
        output = function(**promises)
    except RecursionError:
        raise DrawError(f"{name}() draws itself without end. Use node.loop(...), which has a bound.") from None
    finally:
        _drawing.reset(token)
    if isinstance(output, Promise) and misfit(promised_type(output), signature.gives):
        given = f"{_source(output)} {spelled(promised_type(output))}"
        raise DrawError(f"{given}, but {name}() is to return {spelled(signature.gives)}. Mend one of the two.")
    return Graph(name=name, inputs=inputs, nodes=tuple(sheet.nodes), output=as_arg(output))


def when(condition: bool, then: Callable[[], T]) -> T | None:
    """Runs the nodes that `then` draws only if `condition`, the output of a node, turns out true; otherwise gives None.

    Raises:
        DrawError: used outside a workflow, or with a condition that is no node's output.
    """
    sheet = drawing()
    promised = cast(object, condition)
    if sheet is None or not isinstance(promised, Promise):
        raise DrawError(
            "when() draws a branch on the output of a node, inside a workflow. Outside, or on a plain value, use `if`."
        )
    drawn_before = len(sheet.nodes)
    with sheet.guarded(reference(promised), expected=True):
        value = then()
        gives = union([promised_type(value) if isinstance(value, Promise) else of_value(value), None])
        if isinstance(value, Promise) and any(
            reference(value) == Ref(of=node.id) for node in sheet.nodes[drawn_before:]
        ):
            return cast("T | None", Promise(reference(value), gives))
        # An input, a constant or a part of an output is there even if the branch does not run: the gate hides it then.
        return cast("T | None", sheet.call(GATE, {"value": value}, Signature({}, gives)))


GATE = "gate"
"""Name of the built-in node that passes its argument on; guarded, it makes any value optional."""
