"""A workflow that somebody wrote as JSON, an LLM say, of the functions of an App."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, ParamSpec, TypeVar

from rheostat.dag import Drawing, Graph, WrittenGraph, read_graph

from .declare import AnyDeclared, Workflow
from .label import untrusted

First = TypeVar("First")
Rest = ParamSpec("Rest")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False, kw_only=True)
class Written(Workflow[First, Rest, Result]):
    """A workflow that was read, not drawn. Called inside another workflow it is one node, which holds its graph."""

    read: Graph

    @cached_property
    def graph(self) -> Graph:
        """As it was read."""
        return self.read

    def _drawn(self, sheet: Drawing, args: dict[str, object], *, optional: bool = False) -> object:
        return sheet.inline(self.read, args, self.signature, optional=optional)


def read_workflow(
    name: str,
    data: str | bytes | Mapping[str, Any] | WrittenGraph,
    *,
    takes: Mapping[str, Any],
    gives: Any,
    trusted: bool,
    declared: Mapping[str, AnyDeclared],
) -> Written[Any, ..., Any]:
    """A workflow of the functions in `declared`. Raises InvalidGraph if it can't be run."""
    graph = read_graph(
        name,
        data,
        takes=takes,
        known={each.name: each.signature for each in declared.values()},
        graphs={each.name: each.graph for each in declared.values() if isinstance(each, Workflow)},
        gives=gives,
        label=None if trusted else untrusted(f"the workflow {name}"),
    )
    return Written(function=_signed(name, takes, gives), name=name, read=graph)


def _signed(name: str, takes: Mapping[str, Any], gives: Any) -> Any:
    """A function with this signature, which nobody calls: the workflow's graph is there already."""

    def written(**_: object) -> NoReturn:
        raise NotImplementedError(f"{name}() is a graph, and has no code.")

    parameters = [
        inspect.Parameter(each, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=hint)
        for each, hint in takes.items()
    ]
    signed: Any = written
    signed.__signature__ = inspect.Signature(parameters, return_annotation=gives)
    signed.__annotations__ = {**takes, "return": gives}
    signed.__name__ = name
    return signed
