"""What a graph looked like when a run was started, and whether a run can go on with one that was changed since."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from rheostat.dag import Graph

_TAKES, _RETURNS = "what it takes", "what it returns"
_DIGEST_CHARS = 16


def shape(graph: Graph) -> dict[str, str]:
    """A digest of each node, of all inside it, and of what the graph takes and returns.

    Constants that are not plain data count by their type alone.
    """
    nodes = {node.id: node.model_dump_json(fallback=_type_name) for node in graph.nodes}
    around = {_TAKES: ", ".join(graph.inputs), _RETURNS: graph.output.model_dump_json(fallback=_type_name)}
    return {name: sha256(text.encode()).hexdigest()[:_DIGEST_CHARS] for name, text in (nodes | around).items()}


def digest(shape: Mapping[str, str]) -> str:
    """One digest of a whole shape."""
    return sha256("\n".join(f"{name} {of_node}" for name, of_node in shape.items()).encode()).hexdigest()


@dataclass(frozen=True)
class Difference:
    """What was changed between two shapes."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def hits(self, nodes: Iterable[str]) -> list[str]:
        """Which of the nodes that came up in a run are no longer what they were; and what it takes, if that is not."""
        gone = {*self.removed, *self.changed}
        came_up = dict.fromkeys([_TAKES, *(_outermost(node) for node in nodes)])
        return [name for name in came_up if name in gone]

    def __str__(self) -> str:
        """In words."""
        parts = {"added": self.added, "removed": self.removed, "changed": self.changed}
        return "; ".join(f"{how}: {_named(names)}" for how, names in parts.items() if names)


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> Difference:
    """What was changed since `before`."""
    return Difference(
        added=tuple(name for name in now if name not in before),
        removed=tuple(name for name in before if name not in now),
        changed=tuple(name for name in now if name in before and now[name] != before[name]),
    )


_MOST_NAMED = 8


def _named(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_NAMED
    return ", ".join(names[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _outermost(node: str) -> str:
    """The node of the graph itself in which a node of a map, loop or subgraph stands."""
    return re.split(r"[\[/]", node, maxsplit=1)[0]


def _type_name(value: object) -> str:
    return type(value).__name__
