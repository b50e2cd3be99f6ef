"""The workflow as plain data: nodes, and references from their arguments to other nodes' outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

from .errors import InvalidGraph

INPUT = "$"
"""Prefix of a reference to one of the graph's inputs: `$ticket`."""


class Frozen(BaseModel):
    """Never changed once made. Constants may be any object."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)


class Ref(Frozen):
    """A node's output (`draft`), or an input (`$ticket`), and the attributes or keys to follow from there."""

    of: str
    path: tuple[str | int, ...] = ()


class Const(Frozen):
    """A value known when the graph was drawn."""

    value: Any


class Many(Frozen):
    """A list of arguments, some of which are references."""

    items: tuple[Arg, ...]


Arg = Ref | Const | Many


class Guard(Frozen):
    """A node runs only if the truth of `condition` is `expected`."""

    condition: Ref
    expected: bool


class Node(Frozen):
    """One call, or with `body` one run of that graph for every item of the list given as argument `over`.

    Args:
        id: unique in its graph.
        calls: name of the declared function; the executor looks it up.
        args: by parameter name.
        guards: all must hold, otherwise the node is skipped and its value is None.
        body, over: for a map. Its value is the list of the outputs of those children that finished, in order.
    """

    id: str
    calls: str
    args: dict[str, Arg]
    guards: tuple[Guard, ...] = ()
    body: Graph | None = None
    over: str = ""

    def references(self) -> Iterator[Ref]:
        """Every reference the node must wait for."""
        for guard in self.guards:
            yield guard.condition
        for arg in self.args.values():
            yield from references(arg)


class Graph(Frozen):
    """A drawn workflow. Nodes are in drawing order, which is a topological order.

    Raises:
        InvalidGraph: two nodes share an id, or one refers to something that does not come before it.
    """

    name: str
    inputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    output: Arg

    @model_validator(mode="after")
    def _refers_only_to_what_came_before(self) -> Graph:
        known = {INPUT + name for name in self.inputs}
        for node in self.nodes:
            if node.id in known or node.id.startswith(INPUT):
                raise InvalidGraph(
                    f"Two nodes of the workflow {self.name!r} are called {node.id!r}; ids must be unique."
                )
            for ref in node.references():
                if ref.of not in known:
                    raise InvalidGraph(
                        f"{node.id!r} in the workflow {self.name!r} needs {ref.of!r}, which is not an input and "
                        "does not come before it. Use a value of this workflow; a graph can have no cycle."
                    )
            known.add(node.id)
        for ref in references(self.output):
            if ref.of not in known:
                raise InvalidGraph(
                    f"The workflow {self.name!r} returns {ref.of!r}, which is none of its nodes or inputs."
                )
        return self


def references(arg: Arg) -> Iterator[Ref]:
    """Every reference inside an argument."""
    match arg:
        case Ref():
            yield arg
        case Many():
            for item in arg.items:
                yield from references(item)
        case Const():
            return
