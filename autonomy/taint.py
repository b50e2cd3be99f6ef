"""May text from outside be steering an action?"""

from enum import IntEnum

from .action import Action, Argument
from .shown import quoted


class Taint(IntEnum):
    """How far untrusted text reaches into an action. Only control arguments can be steered; content can't."""

    CLEAN = 0
    """No untrusted text was read."""
    TAINTED = 1
    """Untrusted text was read, but somebody vouches for every control argument it went into."""
    STEERED = 2
    """A control argument is not vouched for, or no node declares the effect."""


def taint_of(action: Action) -> tuple[Taint, tuple[str, ...]]:
    """The taint of an action, and the reasons for it in sentences a person can read."""
    steering = _steering(action)
    if steering:
        return Taint.STEERED, steering
    vouching = tuple(
        f"{quoted(argument.name)} holds untrusted text; {quoted(argument.vouched_by)} vouches for it."
        for argument in action.arguments
        if argument.control and argument.untrusted
    )
    if vouching:
        return Taint.TAINTED, vouching
    if action.read_untrusted or any(argument.untrusted for argument in action.arguments):
        return Taint.TAINTED, ("Untrusted text was read, but it decides neither who, where nor how much.",)
    return Taint.CLEAN, ("No untrusted text was read.",)


def _steering(action: Action) -> tuple[str, ...]:
    undeclared = () if action.declared else (_undeclared(action),)
    chosen = tuple(
        f"{quoted(argument.name)} is {quoted(argument.value)}, which untrusted text may have chosen; "
        "nobody vouches for it."
        for argument in action.arguments
        if _may_be_steered(argument)
    )
    led = tuple(
        f"{quoted(argument.name)} leads to {quoted(link)}, which untrusted text may have chosen; nobody vouches for it."
        for argument in action.arguments
        for link in argument.links
    )
    return undeclared + chosen + led


def _undeclared(action: Action) -> str:
    return f"Nobody called for {quoted(action.tool)}: neither a node of the workflow nor the user's words."


def _may_be_steered(argument: Argument) -> bool:
    return argument.control and argument.untrusted and not argument.vouched_by
