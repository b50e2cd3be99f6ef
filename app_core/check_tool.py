"""What a tool's declaration must hold together: names of parameters, and how it is undone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from .declare import KEY, AnyTool
from .parts import check_parts
from .run_errors import BadDeclaration
from .weigh import check_weighing

EFFECT = "effect"
"""Name of the parameter by which an undo is given the result of what it takes back."""

AnyToolT = TypeVar("AnyToolT", bound=AnyTool)


def checked_tool(tool: AnyToolT) -> AnyToolT:
    """The tool, if its declaration holds together. Raises BadDeclaration."""
    _check_names(tool, "control", tool.control, "the parameters that say who, where or how much")
    _check_names(tool, "paths", tool.paths, "the parameters that name files")
    _check_names(tool, "changes", tool.changes, "the parameters that name the files which it changes")
    check_weighing(tool)
    check_parts(tool)
    for function in (tool.undo, tool.preview_undo):
        if function is not None:
            _check_undo(tool, function)
    _check_ways_back(tool)
    return tool


def _check_names(tool: AnyTool, option: str, named: Iterable[str], what: str) -> None:
    unknown = set(named) - set(tool.parameters)
    if unknown:
        raise BadDeclaration(
            f"{tool.name}() has no parameter {', '.join(sorted(unknown))}.",
            f"`{option}` names {what}.",
            f"Choose from {', '.join(p for p in tool.parameters if p != KEY)}.",
        )


def _check_undo(tool: AnyTool, function: Callable[..., Any]) -> None:
    """What takes an effect back is given what is known of it, and can ask for nothing else."""
    known = (*tool.parameters, EFFECT, KEY)
    name = getattr(function, "__name__", "undo")
    if EFFECT in tool.parameters:
        raise BadDeclaration(
            f"{tool.name}() has a parameter `{EFFECT}`.", f"{name}() gets its result by that name.", "Rename it."
        )
    unknown = [wanted for wanted in _wanted(function) if wanted not in known]
    if unknown:
        raise BadDeclaration(
            f"{name}() wants {', '.join(unknown)}.",
            f"Of what {tool.name}() has done nothing is known by that name.",
            f"Choose from {', '.join(dict.fromkeys(known))}.",
        )


def _wanted(function: Callable[..., Any]) -> Iterator[str]:
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
            yield f"*{parameter.name}" if parameter.kind is not parameter.POSITIONAL_ONLY else parameter.name
        elif parameter.default is parameter.empty or parameter.name == KEY:
            yield parameter.name


def _check_ways_back(tool: AnyTool) -> None:
    if tool.changes and tool.undo is not None:
        raise BadDeclaration(
            f"{tool.name}() says twice how it is undone.",
            "What `changes` names is put back by itself.",
            "Leave out `undo`, or `changes`.",
        )
    if tool.preview_undo is not None and tool.undo is None:
        raise BadDeclaration(f"{tool.name}() shows an undo that it does not have.", "", "Give it `undo`, too.")
    if tool.status is not None and tool.hints.get("return") in (None, type(None)):
        raise BadDeclaration(
            f"{tool.name}() gives no result.",
            "None from its `status` means that nothing was done, so the two could not be told apart.",
            "Have it return something, such as a receipt.",
        )
