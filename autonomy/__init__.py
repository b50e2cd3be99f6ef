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
    BadPolicy,
    BadRule,
    BadSandbox,
    ChangedSince,
    GrantsUnreadable,
    NaiveTime,
    NoRoom,
    NoSandbox,
    NotApplied,
    NothingToAsk,
    NotKept,
    NotRestored,
    UnfitValue,
    UnknownGrant,
    UnknownRisk,
)
from .grant import Bound, Grant, GrantScope
from .grants import Grants
from .hours import Hours
from .level import Level
from .look_alike import look_alike
from .part import MOST_PARTS, Part, hunks_of, items_of, with_parts
from .policy import Patience, Policy
from .provenance import Witness, vouched_by
from .question import Approval, Question, ask, like_this, together
from .raised import Raised
from .read_shell import read_shell
from .rule import Rule, Ruling
from .shell import Shell
from .shell_risk import risk_of_shell
from .shown import plain, quoted
from .taint import Taint, taint_of
from .team import Team, is_stranger, may_answer, roles_of, roles_wanting
from .trace import Traced, trace
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
    "BadPolicy",
    "BadRule",
    "BadSandbox",
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
    "Grants",
    "GrantsUnreadable",
    "HABIT",
    "Hours",
    "Json",
    "Kind",
    "Level",
    "MOST_PARTS",
    "NaiveTime",
    "NoSandbox",
    "NotApplied",
    "NoRoom",
    "NotKept",
    "NotRestored",
    "NothingToAsk",
    "Open",
    "Part",
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
    "Team",
    "Traced",
    "UnfitValue",
    "UnknownGrant",
    "UnknownRisk",
    "Verdict",
    "Witness",
    "answer",
    "ask",
    "burden",
    "differences",
    "digest",
    "earned",
    "hunks_of",
    "is_stranger",
    "items_of",
    "like_this",
    "look_alike",
    "may_answer",
    "misfit",
    "next_level",
    "plain",
    "quoted",
    "read_shell",
    "risk_of_shell",
    "roles_of",
    "roles_wanting",
    "share",
    "suggestions",
    "taint_of",
    "together",
    "trace",
    "verdict",
    "vouched_by",
    "wanting",
    "what_if",
    "with_parts",
]
