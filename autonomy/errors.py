"""What can go wrong when deciding. Each message says what is wrong, why, and what to do."""

from collections.abc import Sequence
from typing import ClassVar, Literal


class AutonomyError(Exception):
    """Anything this room refuses to do. `mend` says who can put it right."""

    mend: ClassVar[Literal["builder", "model", "operator"]] = "builder"


class UnknownRisk(AutonomyError, ValueError):
    """A tool was declared with a risk that is not on the scale."""


class UnfitValue(AutonomyError, ValueError):
    """A value can't be part of an action, because it could not be written to the Log and read back unchanged."""

    mend = "model"


class BadRule(AutonomyError, ValueError):
    """A rule that would not do what its author means. It is refused when it is made, not when it is needed."""

    mend = "operator"


class BadPolicy(AutonomyError, ValueError):
    """A policy that can't be read, or that contradicts itself. Nothing is decided by a part of it.

    Args:
        problems: a sentence each.
        path: the file, if it is one.
    """

    mend = "operator"
    stops_run = True

    def __init__(self, *problems: str, path: str = "") -> None:
        self.problems = problems
        self.path = path
        where = f"The policy {path} can't be used, so nothing runs by it:\n" if path else ""
        super().__init__(where + "\n".join(problems))


class BadDial(AutonomyError, ValueError):
    """The dial was set to what is not on it."""

    mend = "operator"


class BadGrant(AutonomyError, ValueError):
    """A grant that would loosen more than a grant may."""

    mend = "operator"


class UnknownGrant(AutonomyError, LookupError):
    """No grant of this id is there to be revoked."""

    mend = "operator"

    def __init__(self, id: str) -> None:
        super().__init__(f"There is no grant {id!r}, so nothing was revoked. List those there are.")


class GrantsUnreadable(AutonomyError):
    """The grants that are kept can't be read or written, so nobody knows which of them was revoked."""

    mend = "operator"
    stops_run = True

    def __init__(self, path: str, why: str) -> None:
        super().__init__(
            f"The grants in {path} can't be used: {why}. What they let go could have been revoked, so nothing goes by "
            "them. Free the file or the disk; if it is damaged, put a copy in its place, or move it away to have none."
        )


class NothingToAsk(AutonomyError, ValueError):
    """A question that no answer could settle: the action needs nobody's leave, may not run at all, or time is up."""


class NaiveTime(AutonomyError, ValueError):
    """A time came without its time zone, so it can't be compared with when a question was asked."""


class NotKept(AutonomyError):
    """What stands at a path could not be kept, so nothing may change it yet."""

    mend = "operator"

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} can't be kept as it is: {why}. Nothing was changed. Mend that, then try again.")


class NoRoom(NotKept):
    """What stands at a path could not be kept, because the disk is full."""

    stops_run = True


class ChangedSince(AutonomyError):
    """Files are no longer as an effect left them. `paths` says which; nothing was touched.

    Putting back what stood there before would lose what somebody has done since.
    """

    mend = "operator"

    def __init__(self, paths: Sequence[str]) -> None:
        self.paths = tuple(paths)
        super().__init__(
            f"Changed since: {', '.join(paths)}. Putting back what stood there before would lose that, so nothing was "
            "touched. Save it elsewhere and take it away, or leave it as it is."
        )


class NotRestored(AutonomyError):
    """What stood at some paths could not be put back, or not all of it; the message says how far it came."""

    mend = "operator"


class NoSandbox(AutonomyError):
    """No command can be run in a sandbox here; the message says what stands in the way."""

    mend = "operator"


class BadSandbox(AutonomyError, ValueError):
    """A sandbox that would not hold, or would hide what the command needs, is refused when it is declared."""


class NotApplied(AutonomyError):
    """What a command did in the sandbox was not done in earnest; the message says why.

    `touched` tells whether some of it may have been.
    """

    mend = "model"

    def __init__(self, message: str, *, touched: bool = False) -> None:
        self.touched = touched
        super().__init__(message)


class Unreached(AutonomyError, OSError):
    """A domain that may be reached leads to no address of the internet."""

    mend = "operator"
