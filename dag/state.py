"""Where a run stands. Built and changed by `step` alone; everybody else reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, cast

from .graph import Arg, Const, Graph, Many, Node, Ref
from .ledger import Ledger


@dataclass(frozen=True, slots=True)
class Labeled:
    """A value on an edge and its label, which the room never looks into; `fields` has those of single attributes."""

    data: Any
    label: Any = None
    fields: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Status(StrEnum):
    """What became of a node."""

    PENDING = "pending"
    READY = "ready"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    SKIPPED = "skipped"
    DECLINED = "declined"
    FAILED = "failed"
    BLOCKED = "blocked"


ENDED = frozenset({Status.DONE, Status.SKIPPED, Status.DECLINED, Status.FAILED, Status.BLOCKED})
WITH_VALUE = frozenset({Status.DONE, Status.SKIPPED})


@dataclass(slots=True)
class Instance:
    """A node in one scope: the graph itself, or one item of a map. `id` is its path: `one_rule[3]/judge`."""

    id: str
    node: Node
    scope: Scope
    missing: int = 0
    status: Status = Status.PENDING
    value: Labeled = field(default_factory=lambda: Labeled(None))
    reason: str = ""
    children: list[Scope] = field(default_factory=list["Scope"])
    open_children: int = 0


@dataclass(slots=True)
class Scope:
    """One instantiation of a graph. `prefix` goes before its nodes' ids; `owner` is the map it belongs to."""

    prefix: str
    graph: Graph
    owner: Instance | None = None
    open_nodes: int = 0


@dataclass(slots=True)
class State:
    """One run.

    Args:
        graph: what is run.
        join: combines labels; handed in, because only the caller knows what they mean.
    """

    graph: Graph
    join: Callable[[Sequence[Any]], Any]
    ledger: Ledger = field(default_factory=Ledger)
    nodes: dict[str, Instance] = field(default_factory=dict[str, Instance])
    inputs: dict[str, Labeled] = field(default_factory=dict[str, Labeled])
    waiting_for: dict[str, list[Instance]] = field(default_factory=dict[str, "list[Instance]"])
    root: Scope | None = None
    complete: bool = False
    deadline_s: float | None = None

    def result(self) -> Labeled | None:
        """The workflow's output, or None while it has none or because a node it needs has failed."""
        if self.root is None or not self.available(self.root, self.graph.output):
            return None
        return self.resolve(self.root, self.graph.output)

    def arguments(self, node_id: str) -> dict[str, Labeled]:
        """The arguments of a ready node, resolved, by parameter name."""
        at = self.nodes[node_id]
        return {name: self.resolve(at.scope, arg) for name, arg in at.node.args.items()}

    def having(self, *statuses: Status) -> list[Instance]:
        """The nodes with one of these statuses, in the order in which they came up."""
        return [node for node in self.nodes.values() if node.status in statuses]

    def available(self, scope: Scope, arg: Arg) -> bool:
        """Whether everything an argument refers to has a value."""
        match arg:
            case Ref():
                key = scope.prefix + arg.of
                return key in self.inputs or (key in self.nodes and self.nodes[key].status in WITH_VALUE)
            case Many():
                return all(self.available(scope, item) for item in arg.items)
            case Const():
                return True

    def resolve(self, scope: Scope, arg: Arg) -> Labeled:
        """The value of an argument in a scope, with its label."""
        match arg:
            case Const():
                return Labeled(arg.value, self.join(()))
            case Many():
                parts = [self.resolve(scope, item) for item in arg.items]
                return Labeled([p.data for p in parts], self.join([p.label for p in parts]))
            case Ref():
                key = scope.prefix + arg.of
                whole = self.inputs[key] if key in self.inputs else self.nodes[key].value
                if not arg.path:
                    return whole
                label = whole.fields.get(str(arg.path[0]), whole.label)
                return Labeled(follow(whole.data, arg.path), label)


def follow(value: Any, path: Sequence[str | int]) -> Any:
    """Takes attributes and items one after the other: `("lines", 0, "text")`."""
    for step in path:
        if isinstance(step, int) or isinstance(value, Mapping):
            value = cast(Any, value)[step]
        else:
            value = getattr(value, step)
    return value
