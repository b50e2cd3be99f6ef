"""From a tool's arguments to an Action, and from a granted Action back to arguments. Nothing here has an effect."""

from collections.abc import Mapping
from hashlib import sha256
from inspect import signature
from typing import Any

from pydantic import ValidationError

from rheostat.autonomy import Action, Argument, Json, plain, quoted
from rheostat.context import Trust
from rheostat.dag import Labeled

from .declare import KEY, Tool
from .label import Label, join

_SUMMARY_CHARS = 80


def propose(
    tool: Tool[Any, ..., Any], arguments: Mapping[str, Labeled], *, node: str, run: str, declared: bool = True
) -> Action:
    """The action that calling `tool` with these arguments proposes, with the provenance of each.

    Args:
        tool: which is called.
        arguments: by parameter.
        node, run: where.
        declared: whether the builder's workflow calls it, rather than one that somebody else wrote.
    """
    return Action(
        tool=tool.name,
        arguments=tuple(_argument(tool, name, value) for name, value in arguments.items()),
        risk=tool.risk,
        node=node,
        run=run,
        declared=declared,
        read_untrusted=join(value.label for value in arguments.values()).read_untrusted,
        summary=_summary(tool, arguments),
    )


def _argument(tool: Tool[Any, ..., Any], name: str, value: Labeled) -> Argument:
    label: Label = value.label
    untrusted = label.trust is Trust.UNTRUSTED
    return Argument(
        name=name,
        value=tool.codec(name).dump_python(value.data, mode="json"),
        control=name in tool.control,
        untrusted=untrusted,
        vouched_by="" if untrusted else label.by,
        secret=label.secret,
    )


def _summary(tool: Tool[Any, ..., Any], arguments: Mapping[str, Labeled]) -> str:
    control = (
        f"{name} {plain(str(arguments[name].data))[:_SUMMARY_CHARS]}" for name in arguments if name in tool.control
    )
    return f"{tool.name.replace('_', ' ')}: {', '.join(control)}".rstrip(": ")


def calling(tool: Tool[Any, ..., Any], action: Action, given: Mapping[str, Labeled], key: str) -> dict[str, Any]:
    """The keyword arguments for doing a granted action.

    Raises pydantic's ValidationError if an edit does not fit the parameter's type.
    """
    return values(tool, action, given) | ({KEY: key} if tool.honours_key else {})


def values(tool: Tool[Any, ..., Any], action: Action, given: Mapping[str, Labeled]) -> dict[str, Any]:
    """What an action's arguments are: the original objects, or the edited values made into such.

    Raises pydantic's ValidationError if an edit does not fit the parameter's type.
    """
    arguments = dict[str, Any]()
    for argument in action.arguments:
        before = _argument(tool, argument.name, given[argument.name])
        unchanged = before.value == argument.value
        data = given[argument.name].data
        arguments[argument.name] = data if unchanged else tool.codec(argument.name).validate_python(argument.value)
    return arguments


def unfit_edit(tool: Tool[Any, ..., Any], edits: Mapping[str, Json]) -> str:
    """Why new values for arguments are not what the tool takes, as a sentence; empty if they are."""
    for name, value in edits.items():
        try:
            tool.codec(name).validate_python(value)
        except ValidationError as error:
            return f"{name} can't be {quoted(value)}: {error.errors()[0]['msg']}."
    return ""


def previewed(tool: Tool[Any, ..., Any], arguments: Mapping[str, Labeled], key: str) -> Json:
    """What the effect under a key would do, as the tool describes it; None if it has no preview."""
    if tool.preview is None:
        return None
    wanted = {KEY: key} if KEY in signature(tool.preview).parameters else {}
    return tool.preview(**{name: value.data for name, value in arguments.items()}, **wanted)


def key_of(run: str, node: str) -> str:
    """The idempotency key of a node's effect: the same whenever the same node of the same run is done again."""
    return sha256(f"rheostat effect v1\n{run}\n{node}".encode()).hexdigest()[:32]
