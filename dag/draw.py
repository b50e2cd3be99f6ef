"""Draws a Graph by calling the workflow's function once: each declared function it calls becomes a node.

The calls return promises. A promise may be passed on, and its attributes and items may be taken; anything that would
need the value itself (an `if`, a loop, arithmetic) raises an error that says what to use instead.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NoReturn, TypeVar, cast

from .errors import DrawError
from .graph import INPUT, Arg, Const, Graph, Guard, Many, Map, Node, Ref

T = TypeVar("T")

_drawing: ContextVar[Drawing | None] = ContextVar("drawing", default=None)


class Promise:
    """The output a node will have. Its attributes and items are promises too."""

    __slots__ = ("_ref",)

    def __init__(self, ref: Ref) -> None:
        object.__setattr__(self, "_ref", ref)

    def __getattr__(self, name: str) -> Promise:
        if name.startswith("__"):
            raise AttributeError(name)
        return Promise(Ref(of=self._ref.of, path=(*self._ref.path, name)))

    def __getitem__(self, key: str | int) -> Promise:
        if not isinstance(key, str | int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _misused(self, "slicing it", "a function node that takes the list and returns the part")
        return Promise(Ref(of=self._ref.of, path=(*self._ref.path, key)))

    def __repr__(self) -> str:
        return f"<promise of {describe(self._ref)}>"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise _misused(self, f"setting its {name!r}", "a function node that returns a changed copy")

    def __bool__(self) -> bool:
        raise _misused(self, "an `if`, `and`, `or` or `not` on it", "when(condition, lambda: ...)")

    def __iter__(self) -> NoReturn:
        raise _misused(self, "looping over it", "node.each(items, ...)")

    def __len__(self) -> int:
        raise _misused(self, "its length", "a function node")

    def __contains__(self, item: object) -> NoReturn:
        raise _misused(self, "an `in` on it", "a function node that returns a bool, and when(...)")

    def __call__(self, *args: object, **kwargs: object) -> NoReturn:
        """Refuses: the value that would be called is not there yet."""
        raise _misused(self, "calling its methods", "a function node that calls the method")

    def __str__(self) -> str:
        raise _misused(self, "making text of it", "a function node, or pass it to the model as an argument")

    def __format__(self, spec: str) -> NoReturn:
        raise _misused(self, "putting it into an f-string", "a function node, or pass it to the model as an argument")

    def _compute(self, *_: object) -> NoReturn:
        raise _misused(self, "computing or comparing with it", "a function node (and when(...) for a comparison)")

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _compute
    __floordiv__ = __mod__ = __pow__ = __neg__ = __abs__ = __int__ = __float__ = __index__ = _compute
    __lt__ = __le__ = __gt__ = __ge__ = __and__ = __or__ = __xor__ = __invert__ = _compute
    __eq__ = __ne__ = _compute  # pyright: ignore[reportAssignmentType]
    __hash__ = None  # pyright: ignore[reportAssignmentType]


def describe(ref: Ref) -> str:
    """A reference as a person would write it: `draft.subject`."""
    steps = "".join(f".{s}" if isinstance(s, str) else f"[{s}]" for s in ref.path)
    return ref.of.removeprefix(INPUT) + steps


def _misused(promise: Promise, what: str, instead: str) -> DrawError:
    return DrawError(
        f"{describe(reference(promise))!r} has no value yet: the workflow is being drawn, not run, so {what} "
        f"can't work here. Use {instead} instead."
    )


def reference(promise: Promise) -> Ref:
    """The reference a promise stands for."""
    return cast(Ref, object.__getattribute__(promise, "_ref"))


def as_arg(value: object) -> Arg:
    """An argument of a call, as plain data: promises become references, also inside lists and tuples."""
    if isinstance(value, Promise):
        return reference(value)
    if isinstance(value, list | tuple):
        items = tuple(as_arg(item) for item in cast("list[object]", value))
        if any(not isinstance(item, Const) for item in items):
            return Many(items=items)
    return Const(value=value)


class Drawing:
    """The graph under the pen."""

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.guards: tuple[Guard, ...] = ()

    def call(self, name: str, args: Mapping[str, object]) -> Promise:
        """Adds a node that calls the declared function `name`."""
        return self._add(Node(id=self._free(name), calls=name, args=_args(args), guards=self.guards))

    def map(self, body: Graph, over: str, args: Mapping[str, object]) -> Promise:
        """Adds a node that runs `body` for every item of the list in `args[over]`."""
        return self._add(
            Node(
                id=self._free(body.name),
                calls=body.name,
                args=_args(args),
                guards=self.guards,
                body=body,
                runs=Map(over=over),
            )
        )

    @contextmanager
    def guarded(self, condition: Ref, expected: bool) -> Generator[None]:
        """Nodes added inside run only if `condition` is `expected`."""
        before = self.guards
        self.guards = (*before, Guard(condition=condition, expected=expected))
        try:
            yield
        finally:
            self.guards = before

    def _add(self, node: Node) -> Promise:
        self.nodes.append(node)
        return Promise(Ref(of=node.id))

    def _free(self, name: str) -> str:
        taken = {node.id for node in self.nodes}
        if name not in taken:
            return name
        return next(f"{name}#{n}" for n in range(2, len(taken) + 3) if f"{name}#{n}" not in taken)


def _args(args: Mapping[str, object]) -> dict[str, Arg]:
    return {name: as_arg(value) for name, value in args.items()}


def drawing() -> Drawing | None:
    """The drawing in progress in this thread or task, or None when no workflow is being drawn."""
    return _drawing.get()


def draw(name: str, function: Callable[..., object], inputs: tuple[str, ...]) -> Graph:
    """Draws the graph of a workflow by calling `function` with a promise for every input.

    Raises:
        DrawError: it used an output as a value.
        InvalidGraph: what it drew does not hold together.
    """
    sheet = Drawing()
    token = _drawing.set(sheet)
    try:
        output = function(**{name: Promise(Ref(of=INPUT + name)) for name in inputs})
    finally:
        _drawing.reset(token)
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
        if isinstance(value, Promise) and any(
            reference(value) == Ref(of=node.id) for node in sheet.nodes[drawn_before:]
        ):
            return value
        # An input, a constant or a part of an output is there even if the branch does not run: the gate hides it then.
        return cast("T | None", sheet.call(GATE, {"value": value}))


GATE = "gate"
"""Name of the built-in node that passes its argument on; guarded, it makes any value optional."""
