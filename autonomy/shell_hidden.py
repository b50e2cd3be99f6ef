"""Commands that run others: seen through where that is sure, and named where it is not."""

from collections.abc import Sequence
from typing import NamedTuple

from .shell import Command


class Seen(NamedTuple):
    """What a command runs: other commands, scripts that have to be read yet, and what can't be seen."""

    commands: Sequence[Command] = ()
    scripts: Sequence[str] = ()
    opaque: Sequence[str] = ()


def seen_through(command: Command) -> Seen:
    """What is really run by a command."""
    return Seen([command])
