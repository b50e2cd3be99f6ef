"""What can go wrong with a redline. Each error is a sentence that says what is wrong, why, and what to do.

RedlineError
├── Refused      the change can't be made as asked; nothing was written
├── NotVerified  the result did not hold what was promised; nothing was written
└── NotWritten   the disk or its permissions; the old file is whole
"""

from typing import ClassVar

from ..errors import Mend, RheostatError
from .change import Change


class RedlineError(RheostatError):
    """Anything that keeps a redline from being written. `mend` says who can put it right."""

    mend: ClassVar[Mend] = "operator"


class Refused(RedlineError):
    """A change that can't be made exactly, or a contract that is not the one that was reviewed.

    Args:
        reason: a sentence.
        change: the change at fault, so that a caller may leave it out and write the rest; None if all are hit.
    """

    def __init__(self, reason: str, change: Change | None = None) -> None:
        super().__init__(reason)
        self.change = change


class NotVerified(RedlineError):
    """The redline, read back, did not give the old text when rejected or the new one when accepted."""

    mend: ClassVar[Mend] = "builder"


class NotWritten(RedlineError):
    """The file system refused. What stood at the path before is untouched."""

    stops_run: ClassVar[bool] = True
