"""Who decides: the dial's table, raised by taint and by rules. Total, pure and independent of the rules' order."""

from collections.abc import Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from .action import Action, Risk
from .level import Level
from .rule import Rule, Ruling
from .taint import Taint, taint_of

_ALLOW, _NOTIFY, _ASK, _ASK_TWO = Ruling.ALLOW, Ruling.NOTIFY, Ruling.ASK, Ruling.ASK_TWO

TABLE: dict[Level, dict[Risk, Ruling]] = {
    level: dict(zip(Risk, row, strict=True))
    for level, row in {
        # read, local, outward, irreversible
        Level.PROPOSE: (_NOTIFY, _ASK, _ASK, _ASK_TWO),
        Level.EDIT: (_ALLOW, _NOTIFY, _ASK, _ASK),
        Level.SHARE: (_ALLOW, _ALLOW, _NOTIFY, _ASK),
        Level.DELEGATE: (_ALLOW, _ALLOW, _ALLOW, _NOTIFY),
        Level.ALONE: (_ALLOW, _ALLOW, _ALLOW, _ALLOW),
    }.items()
}
"""The dial: what each level does with each risk while nothing is steered and no rule speaks."""


class Verdict(BaseModel):
    """The ruling on one action, and why.

    Args:
        ruling: what may become of the action.
        level: the dial when it was decided.
        taint: how far untrusted text reaches into the action.
        reasons: sentences for the person who is asked, or told.
        decided_by: "the dial", "taint", or "rule NAME": the first in this order that alone gives the ruling.
        rules: names of all the rules that spoke, sorted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ruling: Ruling
    level: Level
    taint: Taint
    reasons: tuple[str, ...]
    decided_by: str
    rules: tuple[str, ...] = ()


class _Voice(NamedTuple):
    """One party to a decision: the least ruling it accepts."""

    speaker: str
    at_least: Ruling
    reasons: tuple[str, ...]


def verdict(level: Level, action: Action, *, rules: Sequence[Rule] = (), approvers: int = 1) -> Verdict:
    """Rules on an action.

    Args:
        level: the dial.
        action: what is proposed.
        rules: each only raises the ruling; their order means nothing.
        approvers: how many people could approve here. With one, or none, AskTwo becomes Ask.
    """
    taint, taint_reasons = taint_of(action)
    speaking = [rule for rule in rules if rule.matches(action)]
    voices = [
        _Voice("the dial", TABLE[level][action.risk], (_dial_reason(level, action.risk),)),
        _Voice("taint", _floor(level, action.risk, taint), taint_reasons),
        *sorted({_Voice(f"rule {rule.name}", rule.at_least, (rule.why,)) for rule in speaking}),
    ]
    ruling = max(voice.at_least for voice in voices)
    decided_by = next(voice.speaker for voice in voices if voice.at_least == ruling)
    reasons = tuple(reason for voice in voices for reason in voice.reasons)
    if ruling is Ruling.ASK_TWO and approvers < 2:
        ruling, reasons = Ruling.ASK, (*reasons, "This asks for two people, but only one can approve here.")
    return Verdict(
        ruling=ruling,
        level=level,
        taint=taint,
        reasons=reasons,
        decided_by=decided_by,
        rules=tuple(sorted({rule.name for rule in speaking})),
    )


def _floor(level: Level, risk: Risk, taint: Taint) -> Ruling:
    """The least ruling for a taint, however high the dial: what is steered always reaches a person."""
    if taint is not Taint.STEERED:
        return Ruling.ALLOW
    return Ruling.ASK_TWO if risk is Risk.IRREVERSIBLE and level <= Level.SHARE else Ruling.ASK


_DOES = {
    Ruling.ALLOW: "allows",
    Ruling.NOTIFY: "tells you of",
    Ruling.ASK: "asks a person before",
    Ruling.ASK_TWO: "asks two people before",
}

_KINDS = {
    Risk.READ: "reading",
    Risk.LOCAL: "a change that can be undone and nobody else sees",
    Risk.OUTWARD: "an effect that others see",
    Risk.IRREVERSIBLE: "an effect that can't be undone",
}


def _dial_reason(level: Level, risk: Risk) -> str:
    return f"At level {level} ({level.name.lower()}) the dial {_DOES[TABLE[level][risk]]} {_KINDS[risk]}."
