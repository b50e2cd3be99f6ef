"""A workflow that somebody wrote as JSON, an LLM say, of the functions of an App."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NoReturn, ParamSpec, TypeVar

from rheostat.dag import Drawing, Graph, OnFailure, Signature, WrittenGraph, read_graph

from .agent import Agent
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
    # Parts of an agent have a dot in their names, and are nobody else's to call.
    known = {each.name: each for each in declared.values() if each.name.isidentifier()}
    graphs = {each.name: each.graph for each in known.values() if isinstance(each, Workflow | Agent)}
    graph = read_graph(
        name,
        data,
        takes=takes,
        known={each.name: _signature(each, each.name in graphs) for each in known.values()},
        graphs=graphs,
        gives=gives,
        label=None if trusted else untrusted(f"the workflow {name}"),
    )
    function = signed(name, takes, gives, says="", does=_not_called)
    return Written(function=function, name=name, read=graph)


def _signature(declared: AnyDeclared, is_graph: bool) -> Signature:
    """What it takes. A graph needs all of its inputs: there is no code that would fill a default in."""
    signature = declared.signature
    return replace(signature, needs=frozenset(signature.takes)) if is_graph else signature


def _not_called(**_: Any) -> NoReturn:
    raise NotImplementedError("A workflow that was read is a graph, and has no code.")
