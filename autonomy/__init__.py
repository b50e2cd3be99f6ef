"""Who decides: the dial, rules and taint give a verdict; a person's approval fits one exact action, once."""

from .action import Action, Argument, Risk
from .answer import Again, Granted, Open, Refused, Standing, answer, misfit
from .canonical import Json
from .dial import Dial
from .digest import digest
from .errors import (
    AutonomyError,
    BadDial,
    BadGrant,
    BadRule,
    ChangedSince,
    NaiveTime,
    NothingToAsk,
    NotKept,
    NotRestored,
    UnfitValue,
    UnknownRisk,
)
from .grant import Bound, Grant, GrantScope
from .level import Level
from .look_alike import look_alike
from .policy import Patience, Policy
from .question import Approval, Question, ask, like_this
from .raised import Raised
from .rule import Hours, Rule, Ruling
from .shell import Shell, read_shell
from .shell_risk import risk_of_shell
from .shown import plain, quoted
from .taint import Taint, taint_of
from .verdict import TABLE, Verdict, verdict

__all__ = [
    "Action",
    "Again",
    "Approval",
    "Argument",
    "AutonomyError",
    "BadDial",
    "BadGrant",
    "BadRule",
    "Bound",
    "ChangedSince",
    "Dial",
    "Grant",
    "GrantScope",
    "Granted",
    "Hours",
    "Json",
    "Level",
    "NaiveTime",
    "NotKept",
    "NotRestored",
    "NothingToAsk",
    "Open",
    "Patience",
    "Policy",
    "Question",
    "Raised",
    "Refused",
    "Risk",
    "Rule",
    "Ruling",
    "Shell",
    "Standing",
    "TABLE",
    "Taint",
    "UnfitValue",
    "UnknownRisk",
    "Verdict",
    "answer",
    "ask",
    "digest",
    "like_this",
    "look_alike",
    "misfit",
    "plain",
    "quoted",
    "read_shell",
    "risk_of_shell",
    "taint_of",
    "verdict",
]
