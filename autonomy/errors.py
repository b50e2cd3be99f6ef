"""What can go wrong when deciding. Each message says what is wrong, why, and what to do."""

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


class BadDial(AutonomyError, ValueError):
    """The dial was set to what is not on it."""

    mend = "operator"


class BadGrant(AutonomyError, ValueError):
    """A grant that would loosen more than a grant may."""

    mend = "operator"


class NothingToAsk(AutonomyError, ValueError):
    """A question that no answer could settle: the action needs nobody's leave, may not run at all, or time is up."""


class NaiveTime(AutonomyError, ValueError):
    """A time came without its time zone, so it can't be compared with when a question was asked."""
