"""What a workflow gets from the functions it calls while it is drawn: the promise of a value, not the value."""

from __future__ import annotations

from typing import Any, NoReturn, cast

from .errors import DrawError
from .graph import INPUT, Arg, Const, Many, Ref
from .types import part


class Promise:
    """The output a node will have, and its type. Its attributes and items are promises too."""

    __slots__ = ("_hint", "_ref")

    def __init__(self, ref: Ref, hint: Any = Any) -> None:
        object.__setattr__(self, "_ref", ref)
        object.__setattr__(self, "_hint", hint)

    def __getattr__(self, name: str) -> Promise:
        if name.startswith("__"):
            raise AttributeError(name)
        return _taken(self, name)

    def __getitem__(self, key: str | int) -> Promise:
        if not isinstance(key, str | int):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise _misused(self, "slicing it", "a function node that takes the list and returns the part")
        return _taken(self, key)

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


def promised_type(promise: Promise) -> Any:
    """The type that the promised value will have; Any where nothing is known."""
    return object.__getattribute__(promise, "_hint")


def _taken(promise: Promise, step: str | int) -> Promise:
    ref = reference(promise)
    hint, why_not = part(promised_type(promise), step)
    if why_not:
        raise DrawError(f"{describe(ref)!r} can't give its {step!r}: {why_not}. Take what its type has.")
    return Promise(Ref(of=ref.of, path=(*ref.path, step)), hint)


def as_arg(value: object) -> Arg:
    """An argument of a call, as plain data: promises become references, also inside lists and tuples."""
    if isinstance(value, Promise):
        return reference(value)
    if isinstance(value, list | tuple):
        items = tuple(as_arg(item) for item in cast("list[object]", value))
        if any(not isinstance(item, Const) for item in items):
            return Many(items=items)
    return Const(value=value)
