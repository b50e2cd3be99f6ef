"""Where a run stands. Built and changed by `step` alone; everybody else reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, cast

from .desk import Desk
from .drift import Drift
from .graph import INPUT, Arg, Const, Graph, Many, Node, Ref
from .ledger import Ledger
from .limits import Limits
from .plan import Plan

_NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Labeled:
    """A value on an edge and its label, which the room never looks into; `fields` has those of single attributes."""

    data: Any
    label: Any = None
    fields: Mapping[str, Any] = field(default_factory=lambda: _NO_FIELDS)


NOTHING = Labeled(None)
"""What a node has while it has no value."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The value of a node that failed or was declined, for those who can deal with it."""

    reason: str


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
    CANCELLED = "cancelled"


ENDED = frozenset({Status.DONE, Status.SKIPPED, Status.DECLINED, Status.FAILED, Status.BLOCKED, Status.CANCELLED})
WITH_VALUE = frozenset({Status.DONE, Status.SKIPPED})


@dataclass(slots=True)
class Instance:
    """A node in one scope. `id` is its path: `judge`, `review[3]/judge`, `sub/judge`.

    Args:
        missing: how many of the nodes that it waits for have not ended.
        inside: the scopes of its body that were opened; `open_inside` of them have not closed.
    """

    id: str
    node: Node
    scope: Scope
    missing: int = 0
    status: Status = Status.PENDING
    value: Labeled = NOTHING
    reason: str = ""
    inside: Sequence[Scope] = ()
    open_inside: int = 0


@dataclass(slots=True)
class Scope:
    """One run of a graph: of the whole workflow, or of the body of the node that is its `owner`.

    Args:
        prefix: goes before the ids of its nodes.
        inputs: by name. The copies of a map share them, but for `own`: the input of that name is `own_value`.
        open_nodes: how many of its nodes have not ended.
    """

    prefix: str
    graph: Graph
    inputs: Mapping[str, Labeled]
    owner: Instance | None = None
    own: str = ""
    own_value: Labeled = NOTHING
    open_nodes: int = 0

    def input(self, name: str) -> Labeled | None:
        """One of its inputs; None if nobody gave it."""
        return self.own_value if name == self.own else self.inputs.get(name)


@dataclass(slots=True)
class State:
    """One run.

    Args:
        graph: what is run.
        join: combines labels; handed in, because only the caller knows what they mean.
        limits: what may happen at the same time.
        plan: the last that was made.
        deadline_s: seconds of work that the run may take; `worked_s` those in which some node was at work.
        now_s: the last Ticked; None before the first.
        desk: who waits to be let through. `drift`: how far things have gone from the plan.
        complete: whether every node has ended.
        stopped: why it was called off, or which failure stopped it; "" if it was not.
    """

    graph: Graph
    join: Callable[[Sequence[Any]], Any]
    limits: Limits = field(default_factory=Limits)
    ledger: Ledger = field(default_factory=Ledger)
    nodes: dict[str, Instance] = field(default_factory=dict[str, Instance])
    root: Scope | None = None
    complete: bool = False
    stopped: str = ""
    deadline_s: float | None = None
    plan: Plan | None = None
    now_s: float | None = None
    worked_s: float = 0.0
    desk: Desk = field(default_factory=Desk)
    drift: Drift = field(default_factory=Drift)

    def result(self) -> Labeled | None:
        """The workflow's output, or None while it has none or because a node it needs has failed."""
        return None if self.root is None else self.output(self.root)

    def output(self, scope: Scope) -> Labeled | None:
        """What a scope's graph gives; None if something that it needs has no value."""
        value, author = self.resolve(scope, scope.graph.output), scope.graph.label
        if value is None or author is None:
            return value
        return Labeled(value.data, self.join([value.label, author]))

    def arguments(self, node_id: str) -> dict[str, Labeled]:
        """The arguments of a node that is ready or was so before, resolved, by parameter name.

        Raises:
            ValueError: one of them has no value yet.
        """
        at = self.nodes[node_id]
        given = self.given(at)
        if given is None:
            raise ValueError(f"{node_id!r} has no arguments yet: something that it needs has no value.")
        return given

    def given(self, at: Instance) -> dict[str, Labeled] | None:
        """A node's arguments, resolved; None if one of them has no value."""
        values = dict[str, Labeled]()
        for name, arg in at.node.args.items():
            value = self.resolve(at.scope, arg)
            if value is None:
                return None
            values[name] = value
        author = at.scope.graph.label
        if author is None:
            return values
        return {name: Labeled(value.data, self.join([value.label, author])) for name, value in values.items()}

    def having(self, *statuses: Status) -> list[Instance]:
        """The nodes with one of these statuses, in the order in which they came up."""
        return [node for node in self.nodes.values() if node.status in statuses]

    def resolve(self, scope: Scope, arg: Arg) -> Labeled | None:
        """The value of an argument in a scope, with its label; None if something it refers to has no value."""
        match arg:
            case Const():
                return Labeled(arg.value, self.join(()))
            case Many():
                found = [self.resolve(scope, item) for item in arg.items]
                parts = [part for part in found if part is not None]
                if len(parts) < len(found):
                    return None
                return Labeled([part.data for part in parts], self.join([part.label for part in parts]))
            case Ref():
                whole = self._value(scope, arg.of)
                return whole if whole is None or not arg.path else _part(whole, arg.path)

    def _value(self, scope: Scope, of: str) -> Labeled | None:
        if of.startswith(INPUT):
            return scope.input(of.removeprefix(INPUT))
        node = self.nodes[scope.prefix + of]
        return node.value if node.status in WITH_VALUE else None


def _part(whole: Labeled, path: Sequence[str | int]) -> Labeled | None:
    """Takes attributes and items one after the other: `("lines", 0, "text")`. None where there is no such part."""
    data: Any = whole.data
    try:
        for step in path:
            data = _taken(data, step)
    except Exception:  # a property may raise anything, and no value may stop the core
        return None
    return Labeled(data, whole.fields.get(str(path[0]), whole.label))


def _taken(data: Any, step: str | int) -> Any:
    if isinstance(step, int):
        return data[step]
    return cast(Any, data)[step] if isinstance(data, Mapping) else getattr(data, step)
