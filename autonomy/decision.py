"""A decision as it was taken: the action, the verdict, all that the verdict rests on, and what came of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from .action import Action, Risk
from .dial import Dial
from .grant import Grant
from .policy import Policy
from .rule import Rule, Ruling
from .verdict import Verdict

Said = Literal["", "accepted", "edited", "rejected", "no answer"]
"""What people said to a question; "" where none was asked or it still waits."""


@dataclass(frozen=True)
class Kind:
    """Actions that are alike: the same tool of the same app, at the same risk, that decides over the same things.

    Args:
        app, tool: which.
        risk: of the action, raised by its arguments where the tool says so.
        control: the names of its control arguments, sorted.
    """

    app: str
    tool: str
    risk: Risk
    control: tuple[str, ...] = ()


@dataclass(frozen=True)
class Decision:
    """One decision on record. `what_if` takes it again.

    Args:
        action, verdict: what was proposed, and what was ruled on it.
        dial, policy, grants: as they stood then.
        own: the rules that no policy holds: of the tool itself, and of what had happened to the action before.
        passed: the checks that had passed on what the action rests on.
        app, by: whose action it is, and on whose behalf.
        at: when it was taken.
        approvers: how many people could approve, where the policy names none.
        first: nothing about this action of this node had been decided before. One that is not came of the dial, the
            grants or the policy having changed meanwhile, of an answer, or of a crash.
        said: what people said, if they were asked.
        regretted: it was done, and somebody wanted it undone.
    """

    action: Action
    verdict: Verdict
    dial: Dial
    app: str
    at: datetime
    policy: Policy = field(default_factory=Policy)
    grants: tuple[Grant, ...] = ()
    own: tuple[Rule, ...] = ()
    passed: tuple[str, ...] = ()
    by: str = ""
    approvers: int = 1
    first: bool = True
    said: Said = ""
    regretted: bool = False

    @property
    def kind(self) -> Kind:
        """What it was a decision about."""
        control = tuple(sorted(argument.name for argument in self.action.arguments if argument.control))
        return Kind(self.app, self.action.tool, self.action.risk, control)

    @property
    def asked(self) -> bool:
        """Whether people were asked."""
        return self.verdict.ruling in (Ruling.ASK, Ruling.ASK_TWO)
