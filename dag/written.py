"""The form in which somebody writes a graph as JSON, an LLM say. `read_graph` makes a Graph of it.

```json
{"nodes": [{"id": "reply", "calls": "draft", "args": {"ticket": {"ref": "ticket"}, "tone": {"value": "kind"}}},
           {"id": "sent", "calls": "send", "args": {"to": {"ref": "ticket.sender"}, "reply": {"ref": "reply"}},
            "when": {"ref": "reply.needed"}}],
 "output": {"ref": "sent"}}
```
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

_NAME = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
_PATH = r"^[A-Za-z][A-Za-z0-9_]{0,63}(\.([A-Za-z][A-Za-z0-9_]{0,63}|[0-9]{1,6})){0,8}$"


class _Written(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RefTo(_Written):
    """A value of another node or of the inputs, or a part of it: `draft`, `ticket.sender`, `lines.0.text`."""

    ref: str = Field(pattern=_PATH)

    @property
    def of(self) -> str:
        """The node or input that it starts from."""
        return self.ref.partition(".")[0]


class Plain(_Written):
    """A value that the graph's author chose."""

    value: Any


class Several(_Written):
    """A list of values."""

    items: tuple[WrittenArg, ...]


def _kind(data: object) -> str | None:
    if isinstance(data, Mapping):
        return next((key for key in ("ref", "value", "items") if key in data), None)
    return next((key for key in ("ref", "value", "items") if hasattr(data, key)), None)


WrittenArg = Annotated[
    Annotated[RefTo, Tag("ref")] | Annotated[Plain, Tag("value")] | Annotated[Several, Tag("items")],
    Discriminator(
        _kind,
        custom_error_type="argument",
        custom_error_message='an argument is {"ref": "node.part"}, {"value": 1} or {"items": [...]}',
    ),
]


class Condition(RefTo):
    """The node runs only if the value is true, or with `is_true` false, only if it is not."""

    is_true: bool = True


class Turns(_Written):
    """The node's function runs again, its result as its first argument, until `until` in the result is true.

    Args:
        until: a part of the result, `good` or `report.done`; empty for the result itself.
        at_most: turns.
    """

    until: str = Field(default="", pattern=rf"^$|{_PATH}")
    at_most: int = Field(ge=1)


class WrittenNode(_Written):
    """One call of a known function.

    Args:
        id: what other nodes refer to it by.
        calls: name of the function.
        args: by the names of its parameters.
        each: the parameter that gets one item after the other of the list it is given; the results are a list.
        loop: repeats the function.
        when: a condition.
        optional: may be left out; its value is null then.
    """

    id: str = Field(pattern=_NAME)
    calls: str = Field(max_length=200)
    args: dict[str, WrittenArg] = Field(default_factory=dict)
    each: str | None = None
    loop: Turns | None = None
    when: Condition | None = None
    optional: bool = False

    def references(self) -> Iterator[RefTo]:
        """Every reference in it."""
        if self.when is not None:
            yield self.when
        for arg in self.args.values():
            yield from references(arg)


class WrittenGraph(_Written):
    """A graph as it is written. As result type of an LLM node it lets a model write one."""

    nodes: tuple[WrittenNode, ...] = Field(min_length=1)
    output: WrittenArg


def references(arg: WrittenArg) -> Iterator[RefTo]:
    """Every reference in an argument."""
    if isinstance(arg, RefTo):
        yield arg
    elif isinstance(arg, Several):
        for item in arg.items:
            yield from references(item)
