"""Who decides: the dial, rules and taint give a verdict; a person's approval fits one exact action, once."""

from .action import Action, Argument, Risk
from .answer import Again, Granted, Open, Refused, Standing, answer, misfit
from .canonical import Json
from .decision import Decision, Kind, Said
from .dial import Dial
from .digest import digest
from .earned import HABIT, Earned, Suggestion, earned, next_level, share, suggestions, wanting
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
from .hours import Hours
from .level import Level
from .look_alike import look_alike
from .policy import Patience, Policy
from .question import Approval, Question, ask, like_this
from .raised import Raised
from .rule import Rule, Ruling
from .shell import Shell, read_shell
from .shell_risk import risk_of_shell
from .shown import plain, quoted
from .taint import Taint, taint_of
from .verdict import TABLE, Verdict, verdict
from .what_if import Burden, Difference, burden, differences, what_if

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
    "Burden",
    "ChangedSince",
    "Decision",
    "Dial",
    "Difference",
    "Earned",
    "Grant",
    "GrantScope",
    "Granted",
    "HABIT",
    "Hours",
    "Json",
    "Kind",
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
    "Said",
    "Shell",
    "Standing",
    "Suggestion",
    "TABLE",
    "Taint",
    "UnfitValue",
    "UnknownRisk",
    "Verdict",
    "answer",
    "ask",
    "burden",
    "differences",
    "digest",
    "earned",
    "like_this",
    "look_alike",
    "misfit",
    "next_level",
    "plain",
    "quoted",
    "read_shell",
    "risk_of_shell",
    "share",
    "suggestions",
    "taint_of",
    "verdict",
    "wanting",
    "what_if",
]
