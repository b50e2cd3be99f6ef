"""Who decides: the dial, rules and taint give a verdict; a person's approval fits one exact action, once."""

from .action import Action, Argument, Risk
from .answer import Again, Granted, Open, Refused, Standing, answer, misfit
from .canonical import Json
from .digest import digest
from .errors import AutonomyError, BadRule, NaiveTime, NothingToAsk, UnfitValue, UnknownRisk
from .level import Level
from .question import Approval, Question, alike, ask, likewise
from .rule import Rule, Ruling
from .shown import plain, quoted
from .taint import Taint, taint_of
from .verdict import TABLE, Verdict, verdict

__all__ = [
    "TABLE",
    "Action",
    "Again",
    "Approval",
    "Argument",
    "AutonomyError",
    "BadRule",
    "Granted",
    "Json",
    "Level",
    "NaiveTime",
    "NothingToAsk",
    "Open",
    "Question",
    "Refused",
    "Risk",
    "Rule",
    "Ruling",
    "Standing",
    "Taint",
    "UnfitValue",
    "UnknownRisk",
    "Verdict",
    "alike",
    "answer",
    "ask",
    "digest",
    "likewise",
    "misfit",
    "plain",
    "quoted",
    "taint_of",
    "verdict",
]
