"""A function whose signature is made, not written: for nodes that the house adds to a builder's."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any


def signed(name: str, takes: Mapping[str, Any], gives: Any, *, says: str, does: Callable[..., Any]) -> Any:
    """A function that looks as if it were written with this signature.

    Args:
        name: of the function.
        takes: type of each parameter, in order.
        gives: type of the result.
        says: its docstring.
        does: what it does, called by keyword.
    """

    def function(**given: Any) -> Any:
        return does(**given)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(each, kind, annotation=hint) for each, hint in takes.items()]
    made: Any = function
    made.__signature__ = inspect.Signature(parameters, return_annotation=gives)
    made.__annotations__ = {**takes, "return": gives}
    made.__name__, made.__doc__ = name, says
    return made
