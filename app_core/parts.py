"""What of a tool's effect can be accepted by itself: the items of a list, or the places where a text changes."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from rheostat.autonomy import Action, Part, hunks_of, items_of
from rheostat.dag import Labeled

from .act import values
from .declare import AnyTool
from .run_errors import AppFailed, BadDeclaration


def parts_of(tool: AnyTool, action: Action, arguments: Mapping[str, Labeled]) -> tuple[Part, ...]:
    """The parts of an action, as its tool divides it; empty for the whole or nothing.

    Args:
        tool: which is called.
        action: as proposed.
        arguments: what its node was given.

    Raises:
        AppFailed: what tells the text that is replaced gives none.
    """
    return tuple(part for name in _divided(tool) for part in _of(tool, name, action, arguments))


def check_parts(tool: AnyTool) -> None:
    """Raises BadDeclaration if `parts` names what the tool does not take."""
    unknown = sorted(set(_divided(tool)) - set(tool.signature.takes))
    if unknown:
        raise BadDeclaration(
            f"{tool.name}() has no parameter {', '.join(unknown)}.",
            "`parts` names what a person may accept piece by piece.",
            f"Choose from {', '.join(tool.signature.takes)}.",
        )


def _divided(tool: AnyTool) -> Iterator[str]:
    return iter([tool.parts] if isinstance(tool.parts, str) else tool.parts) if tool.parts else iter(())


def _of(tool: AnyTool, name: str, action: Action, arguments: Mapping[str, Labeled]) -> tuple[Part, ...]:
    value = next((argument.value for argument in action.arguments if argument.name == name), None)
    if isinstance(tool.parts, str):
        return items_of(name, value) if isinstance(value, list) else ()
    return hunks_of(name, _before(tool, name, values(tool, action, arguments)), value) if isinstance(value, str) else ()


def _before(tool: AnyTool, name: str, given: Mapping[str, Any]) -> str:
    """The text that a call would replace, as the app tells it."""
    assert not isinstance(tool.parts, str)
    function = tool.parts[name]
    wanted = inspect.signature(function).parameters.values()
    takes_all = any(each.kind is inspect.Parameter.VAR_KEYWORD for each in wanted)
    before: Any = function(**(given if takes_all else {each.name: given[each.name] for each in wanted}))
    if not isinstance(before, str):
        raise AppFailed(
            f"What tells the text that {name} of {tool.name}() replaces gave {type(before).__name__}.",
            "It has to give a text, empty for none.",
        )
    return before
