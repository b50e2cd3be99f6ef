"""Whether a value of one type can go where another is wanted, as far as their annotations tell.

Only what can't fit in any case is called a misfit: `Reply` given where `str` is wanted. What may fit at run time
(`Reply | None` where `Reply` is wanted, a base class, a protocol, anything without a type) is let through.
"""

from __future__ import annotations

import types
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, is_dataclass
from functools import reduce
from typing import (
    Annotated,
    Any,
    Literal,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

_UNIONS = (Union, types.UnionType)
_LISTS = (Sequence, Set)
# What Python lets pass for something wider though it is no subclass.
_WIDER: dict[type, tuple[type, ...]] = {bool: (float, complex), int: (float, complex), float: (complex,)}


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives, as its annotations say.

    Args:
        takes: type of each parameter, in order; Any where there is none.
        gives: type of the result.
        needs: the parameters without a default.
    """

    takes: Mapping[str, Any]
    gives: Any = Any
    needs: frozenset[str] = frozenset()


def misfit(given: Any, wanted: Any) -> str:
    """Why no value of type `given` can go where `wanted` is; empty if one can, or if the types don't tell.

    Args:
        given, wanted: types as annotations hold them: classes, unions, `list[...]`, literals.

    Returns:
        A clause like "Reply is no str".
    """
    given, wanted = _plain(given), _plain(wanted)
    if given is Any or wanted is Any or wanted is object:
        return ""
    why = f"{spelled(given)} is no {spelled(wanted)}"
    if get_origin(given) in _UNIONS:
        return why if all(misfit(one, wanted) for one in get_args(given)) else ""
    if get_origin(wanted) in _UNIONS:
        return why if all(misfit(given, one) for one in get_args(wanted)) else ""
    if get_origin(given) is Literal:
        return why if all(_misfits_literal(value, wanted) for value in get_args(given)) else ""
    if get_origin(wanted) is Literal:
        return why if all(misfit(given, type(value)) for value in get_args(wanted)) else ""
    if not _related(_class(given), _class(wanted)):
        return why
    return why if _parts_misfit(given, wanted) else ""


def spelled(hint: Any) -> str:
    """A type as a builder would write it: `list[Reply]`, `str | None`."""
    hint = _plain(hint)
    if hint is types.NoneType or hint is None:
        return "None"
    origin, args = get_origin(hint), get_args(hint)
    if origin in _UNIONS:
        return " | ".join(spelled(one) for one in args)
    if origin is Literal:
        return " | ".join(repr(value) for value in args)
    name = getattr(origin or hint, "__name__", "") or str(hint)
    if origin is None or not args or isinstance(args[0], list):
        return name
    return f"{name}[{', '.join('...' if one is ... else spelled(one) for one in args)}]"


def part(hint: Any, step: str | int) -> tuple[Any, str]:
    """The type of an attribute, key or item of a value, and why there can be none; Any where the types don't tell."""
    hint = _plain(hint)
    if get_origin(hint) in _UNIONS:
        found = [part(one, step) for one in get_args(hint)]
        there = [one for one, why in found if not why]
        return (union(there), "") if there else (Any, found[0][1])
    if isinstance(step, int):
        return _item(hint, step), ""
    owner = _class(hint)
    if owner is Any or _is(owner, Mapping):
        return _value_at(hint, step)
    fields = _fields(owner)
    if step in fields:
        return fields[step], ""
    found = getattr(owner, step, None)
    if isinstance(found, property) and found.fget is not None:
        return _hints(found.fget).get("return", Any), ""
    closed = is_dataclass(owner) or _is_closed_model(owner) or owner is types.NoneType
    missing = f"{spelled(hint)} has no {step!r}" if closed and found is None else ""
    return Any, missing


def item(hint: Any) -> Any:
    """The type of a list's items; Any where the types don't tell."""
    return _item(_plain(hint), 0, several=True)


def union(hints: Sequence[Any]) -> Any:
    """The type of a value that has one of these types; Any if one of them is not known, or if there is none."""
    if not hints or any(_plain(hint) is Any for hint in hints):
        return Any
    try:
        return reduce(lambda one, other: one | other, hints)
    except TypeError:
        return Any


def of_value(value: object) -> Any:
    """The type of a value that is known already."""
    if value is None:
        return types.NoneType
    return Literal[value] if type(value) in (str, int, bool) else type(value)


def _plain(hint: Any) -> Any:
    """A type without aliases and annotations around it; Any for what can't be compared."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif hasattr(hint, "__supertype__"):
            hint = hint.__supertype__
        elif hasattr(hint, "__value__"):
            hint = hint.__value__
        elif hint is None:
            return types.NoneType
        elif isinstance(hint, TypeVar | str) or hint is ...:
            return Any
        else:
            return hint


def _class(hint: Any) -> Any:
    """The class behind a type; Any if there is none."""
    found = get_origin(hint) or hint
    if is_typeddict(found):
        return dict
    return cast(Any, found) if isinstance(found, type) and found is not type else Any


def _is(cls: Any, of: Any) -> bool:
    try:
        return issubclass(cls, of)
    except TypeError:  # a protocol with attributes, say
        return True


def _related(given: Any, wanted: Any) -> bool:
    if given is Any or wanted is Any or getattr(wanted, "_is_protocol", False) or getattr(given, "_is_protocol", False):
        return True
    return _is(given, wanted) or _is(wanted, given) or any(_is(wide, wanted) for wide in _WIDER.get(given, ()))


def _misfits_literal(value: object, wanted: Any) -> bool:
    if get_origin(wanted) is Literal:
        return value not in get_args(wanted)
    return bool(misfit(type(value), wanted))


def _parts_misfit(given: Any, wanted: Any) -> bool:
    """Whether the items can't fit; of an empty list they would, but nobody passes that on purpose."""
    mine, theirs = get_args(given), get_args(wanted)
    if not mine or not theirs:
        return False
    owner, other = _class(given), _class(wanted)
    if _is(owner, Mapping) and _is(other, Mapping):
        return len(mine) == len(theirs) and any(misfit(a, b) for a, b in zip(mine, theirs, strict=True))
    if owner is tuple and other is tuple and ... not in (*mine, *theirs):
        return len(mine) != len(theirs) or any(misfit(a, b) for a, b in zip(mine, theirs, strict=True))
    if any(_is(owner, kind) for kind in _LISTS) and any(_is(other, kind) for kind in _LISTS):
        return bool(misfit(item(given), item(wanted)))
    return False


def _item(hint: Any, at: int, *, several: bool = False) -> Any:
    owner, args = _class(hint), get_args(hint)
    if owner is str:
        return str
    if owner is Any or not args:
        return Any
    if owner is tuple:
        if several or ... in args:
            return union([one for one in args if one is not ...])
        return args[at] if -len(args) <= at < len(args) else Any
    if _is(owner, Mapping):
        return args[0] if several else args[-1]
    return args[0] if any(_is(owner, kind) for kind in _LISTS) else Any


def _value_at(hint: Any, key: str) -> tuple[Any, str]:
    owner = get_origin(hint) or hint
    if is_typeddict(owner):
        fields = _hints(owner)
        return (fields[key], "") if key in fields else (Any, f"{spelled(hint)} has no {key!r}")
    args = get_args(hint)
    return (args[1] if len(args) == 2 else Any), ""


def _fields(owner: Any) -> dict[str, Any]:
    return {name: hint for name, hint in _hints(owner).items() if not name.startswith("_")}


def _hints(of: Any) -> dict[str, Any]:
    try:
        return get_type_hints(of, include_extras=True)
    except Exception:  # a name that only a type checker can see
        return {}


def _is_closed_model(owner: Any) -> bool:
    from pydantic import BaseModel

    return _is(owner, BaseModel) and owner.model_config.get("extra") != "allow"
