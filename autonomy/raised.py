"""What the arguments of one call do to its risk."""

from typing import NamedTuple

from .action import Risk


class Raised(NamedTuple):
    """The risk that a call comes to by its arguments. It may raise what the tool declares, and never lowers it.

    Args:
        risk: of this very call.
        reasons: sentences for the person who is asked.
        opaque: it can't be seen what the call does, so it is asked about at every level.
    """

    risk: Risk
    reasons: tuple[str, ...] = ()
    opaque: bool = False
