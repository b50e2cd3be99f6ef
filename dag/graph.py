"""The workflow as plain data: nodes, and references from their arguments to other nodes' outputs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import InvalidGraph

INPUT = "$"
"""Prefix of a reference to one of the graph's inputs: `$ticket`."""


class Frozen(BaseModel):
    """Never changed once made. Constants may be any object."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


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


class Map(Frozen):
    """The body runs once for each item of the list given as argument `over`, all side by side.

    The node's value is the list of the outputs of those runs that gave one, in order.
    """

    over: str


class Loop(Frozen):
    """The body runs again and again, each time with its last output as input `carry`.

    Args:
        carry: the argument that the first turn starts from.
        until: a value in the body; the loop ends after the turn in which it is true.
        at_most: turns, after which it ends in any case. The node's value is the last turn's output.
    """

    carry: str
    until: Ref
    at_most: int = Field(ge=1)


class Inline(Frozen):
    """The body runs once, and its output is the node's value."""


OnFailure = Literal["block", "let go", "tell", "stop"]
"""What a node's failure means: what needs it can't run; or goes on with None, or with a Failure that says why; or the
whole run is stopped."""


class Node(Frozen):
    """One call; or with `body` runs of a graph of its own.

    Args:
        id: unique in its graph.
        calls: name of the declared function; the executor looks it up.
        args: by parameter name.
        guards: all must hold, otherwise the node is skipped and its value is None.
        body: a graph whose inputs are the `args`; `runs` says how often it runs.
        optional: may be left out when money, time or one of its inputs is missing; its value is None then.
        on_failure: what follows if it fails.
    """

    id: str
    calls: str
    args: dict[str, Arg]
    guards: tuple[Guard, ...] = ()
    body: Graph | None = None
    runs: Map | Loop | Inline | None = None
    optional: bool = False
    on_failure: OnFailure = "block"

    def references(self) -> Iterator[Ref]:
        """Every reference the node must wait for."""
        for guard in self.guards:
            yield guard.condition
        for arg in self.args.values():
            yield from references(arg)

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """The nodes of its graph that it waits for, each once."""
        return tuple(dict.fromkeys(ref.of for ref in self.references() if not ref.of.startswith(INPUT)))

    @model_validator(mode="after")
    def _body_fits(self) -> Node:
        if (self.body is None) != (self.runs is None):
            raise InvalidGraph(f"{self.id!r} must have both a body and a way to run it, or neither.")
        if self.body is None:
            return self
        own = self.runs.over if isinstance(self.runs, Map) else self.runs.carry if isinstance(self.runs, Loop) else ""
        missing = sorted({*self.body.inputs, *([own] if own else [])} - self.args.keys())
        if missing:
            raise InvalidGraph(f"{self.id!r} runs a graph that needs {', '.join(missing)}. Give it as argument.")
        if isinstance(self.runs, Loop) and not self.body.knows(self.runs.until):
            raise InvalidGraph(f"{self.id!r} loops until {self.runs.until.of!r}, which is not in its body.")
        return self


class Graph(Frozen):
    """A drawn workflow. Nodes are in drawing order, which is a topological order.

    Args:
        name: of the workflow, or of the function that a body runs.
        inputs: names of what it is given.
        nodes: what it consists of.
        output: what it gives.
        label: joined to every argument of its nodes, where the graph was written by someone who is to be trusted less
            than the builder. Not part of the graph as data.

    Raises:
        InvalidGraph: two nodes share an id, or one refers to something that does not come before it.
    """

    name: str
    inputs: tuple[str, ...]
    nodes: tuple[Node, ...]
    output: Arg
    label: Any = Field(default=None, exclude=True)

    def knows(self, ref: Ref) -> bool:
        """Whether a reference is to one of the graph's nodes or inputs."""
        return ref.of in self.by_id or (ref.of.startswith(INPUT) and ref.of.removeprefix(INPUT) in self.inputs)

    @cached_property
    def by_id(self) -> dict[str, Node]:
        """The nodes by their ids."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def dependents(self) -> dict[str, tuple[str, ...]]:
        """The nodes that wait for a node, by its id; only for those that some node waits for."""
        found: dict[str, list[str]] = {}
        for node in self.nodes:
            for needed in node.needs:
                found.setdefault(needed, []).append(node.id)
        return {needed: tuple(waiting) for needed, waiting in found.items()}

    @model_validator(mode="after")
    def _refers_only_to_what_came_before(self) -> Graph:
        known = {INPUT + name for name in self.inputs}
        for node in self.nodes:
            if node.id in known or node.id.startswith(INPUT):
                raise InvalidGraph(
                    f"Two nodes of the workflow {self.name!r} are called {node.id!r}; ids must be unique."
                )
            if "/" in node.id or "[" in node.id:
                raise InvalidGraph(f"A node can't be called {node.id!r}: / and [ are for the copies that a map makes.")
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
