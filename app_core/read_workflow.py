"""A workflow that somebody wrote as JSON, an LLM say, of the functions of an App."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn, ParamSpec, TypeVar

from rheostat.dag import Drawing, Graph, OnFailure, WrittenGraph, read_graph

from .declare import AnyDeclared, Workflow
from .label import untrusted
from .signed import signed

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

    def _drawn(self, sheet: Drawing, args: dict[str, object], on_failure: OnFailure = "block") -> object:
        return self._inlined(sheet, self.read, args, on_failure)


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
    function = signed(name, takes, gives, says="", does=_not_called)
    return Written(function=function, name=name, read=graph)


def _not_called(**_: Any) -> NoReturn:
    raise NotImplementedError("A workflow that was read is a graph, and has no code.")
