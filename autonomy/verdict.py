"""Who decides: the dial's table, raised by taint and by rules. Total, pure and independent of the rules' order."""

from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from .action import Action, Risk
from .grant import Grant
from .level import Level
from .look_alike import look_alike
from .rule import Rule, Ruling
from .rulebook import speaking
from .shown import plain, quoted
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
        decided_by: "the dial", "the arguments", "taint", "rule NAME": the first in this order that alone gives the
            ruling; or "grant ID", if that lets it go.
        why: its reason, in a sentence or two.
        rules: names of all the rules that spoke, sorted.
        spoke: these rules themselves, in that order: what the Log needs to take a decision again.
        passed: the checks that had passed on what the action rests on, sorted.
        people: how many different people have to accept, if somebody is asked.
        roles: each of these must be among their roles, sorted.
        four_eyes: the one on whose behalf the run acts does not count.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ruling: Ruling
    level: Level
    taint: Taint
    reasons: tuple[str, ...]
    decided_by: str
    why: str = ""
    rules: tuple[str, ...] = ()
    spoke: tuple[Rule, ...] = ()
    passed: tuple[str, ...] = ()
    people: int = 1
    roles: tuple[str, ...] = ()
    four_eyes: bool = False


class _Voice(NamedTuple):
    """One party to a decision: the least ruling it accepts."""

    speaker: str
    at_least: Ruling
    reasons: tuple[str, ...]


_at_least = attrgetter("at_least")


def verdict(
    level: Level,
    action: Action,
    *,
    rules: Sequence[Rule] = (),
    grants: Sequence[Grant] = (),
    passed: Collection[str] = (),
    app: str = "",
    by: str = "",
    now: datetime | None = None,
    approvers: int = 1,
) -> Verdict:
    """Rules on an action. Total: without a word on who or when, it asks rather more.

    Args:
        level: the dial for this action.
        action: what is proposed.
        rules: each only raises the ruling; their order means nothing.
        grants: each may let an action go that somebody would be asked about; what is steered or denied it never does.
        passed: checks that passed on what the action rests on; a grant may ask for one.
        app: whose action it is.
        by: on whose behalf; "" if nobody knows.
        now: an aware time; None, or one without its zone, if nobody knows: then no grant holds and every rule with
            hours speaks.
        approvers: how many people could approve here. With one, or none, AskTwo becomes Ask.
    """
    taint, taint_reasons = taint_of(action)
    spoke = speaking(rules, action, by=by, now=now)
    voices = [
        _Voice("the dial", TABLE[level][action.risk], _DIAL_REASONS[level][action.risk]),
        _Voice("the arguments", *_what_they_show(action)),
        _Voice("taint", _floor(level, action.risk, taint), taint_reasons),
        *[_Voice(f"rule {rule.name}", rule.raises_to, (rule.why,)) for rule in spoke],
    ]
    decisive = max(voices, key=_at_least)
    ruling = decisive.at_least
    # All of it is known to be sound: to check the rules once more would take longer than to find them.
    ruled = Verdict.model_construct(
        ruling=ruling,
        level=level,
        taint=taint,
        reasons=tuple([reason for voice in voices for reason in voice.reasons]),
        decided_by=decisive.speaker,
        why=" ".join(decisive.reasons),
        rules=tuple(dict.fromkeys([rule.name for rule in spoke])),
        spoke=tuple(spoke),
        passed=tuple(sorted(passed)),
        **_asking(ruling, spoke),
    )
    ruled = _by_who_is_there(ruled, approvers)
    if ruled.ruling not in (_ASK, _ASK_TWO) or taint is Taint.STEERED or action.opaque:
        return ruled
    covering = [
        grant
        for grant in grants
        if grant.covers(action, taint, app=app, now=now, passed=passed) and _reaches(grant, ruled, by)
    ]
    # Two may share an id, of a run and of the store; in whatever order they come, it is one verdict.
    return _let_go(ruled, min(covering, key=lambda grant: (grant.id, grant.model_dump_json()))) if covering else ruled


def _what_they_show(action: Action) -> tuple[Ruling, tuple[str, ...]]:
    """What can be seen from an action's arguments: that nothing can, or that one is not what it looks like."""
    look_alikes = tuple(
        f"{quoted(argument.name)} is {quoted(argument.value)}: {seen}"
        for argument in action.arguments
        if argument.control and (seen := look_alike(argument.value))
    )
    why = action.why or ("It can't be seen what this would do.",) if action.opaque else action.why
    return _ASK if action.opaque or look_alikes else _ALLOW, (*why, *look_alikes)


def _asking(ruling: Ruling, spoke: Sequence[Rule]) -> dict[str, Any]:
    """Who has to accept: as many, and in all the roles, that any rule wants."""
    if ruling not in (_ASK, _ASK_TWO):
        return {}
    asking = _that_ask(spoke)
    least = 2 if ruling is _ASK_TWO else 1
    return {
        "people": max([least, *[rule.people for rule in asking]]),
        "roles": tuple(sorted({rule.role for rule in asking if rule.role})),
        "four_eyes": any([rule.four_eyes for rule in asking]),
    }


def _by_who_is_there(ruled: Verdict, approvers: int) -> Verdict:
    """Where fewer can approve than are wanted, all of them have to."""
    there = max(1, approvers)
    if ruled.people <= there:
        return ruled
    wanted, present = (_COUNTED.get(number, number) for number in (ruled.people, there))
    update = {
        "ruling": Ruling.ASK if there == 1 and ruled.ruling is Ruling.ASK_TWO else ruled.ruling,
        "people": there,
        "reasons": (*ruled.reasons, f"This asks for {wanted} people, but only {present} can approve here."),
    }
    return ruled.model_copy(update=update)


def _that_ask(spoke: Sequence[Rule]) -> list[Rule]:
    return [rule for rule in spoke if rule.at_least in (_ASK, _ASK_TWO)]


def _reaches(grant: Grant, ruled: Verdict, by: str) -> bool:
    """Whether those who gave a grant, in the face of all the rules that ask now, would do if they were asked now."""
    givers = {person.casefold() for person in grant.by}
    if ruled.four_eyes:
        givers = givers - {by.casefold()} if by else set[str]()
    return (
        {rule.name for rule in _that_ask(ruled.spoke)} <= set(grant.rules)
        and set(ruled.roles) <= set(grant.roles)
        and len(givers) >= ruled.people
    )


def _let_go(ruled: Verdict, grant: Grant) -> Verdict:
    """Loosened to being told of, never to silence."""
    given = f"{' and '.join(map(plain, grant.by))} granted this until {grant.expires_at:%Y-%m-%d %H:%M %Z}"
    reason = f"{given}: {grant.why}" if grant.why else f"{given}."
    update = {
        "ruling": Ruling.NOTIFY,
        "reasons": (*ruled.reasons, reason),
        "decided_by": f"grant {grant.id}",
        "why": reason,
        "people": 1,
        "roles": (),
        "four_eyes": False,
    }
    return ruled.model_copy(update=update)


_COUNTED = {1: "one", 2: "two"}


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


_DIAL_REASONS = {
    level: {
        risk: (f"At level {level} ({level.name.lower()}) the dial {_DOES[ruling]} {_KINDS[risk]}.",)
        for risk, ruling in row.items()
    }
    for level, row in TABLE.items()
}
