"""Trust that is earned: how often people said yes to a kind of action, and what that says of the dial.

Intervals are exact ones (C. J. Clopper and E. S. Pearson, "The use of confidence or fiducial limits illustrated in the
case of the binomial", 1934): they hold at least as often as they say. Nothing here moves a dial.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import count
from math import exp, lgamma, log, log1p
from typing import Literal

from .decision import Decision, Kind
from .level import Level
from .rule import Ruling
from .shown import plain
from .taint import Taint
from .verdict import TABLE
from .what_if import what_if

SURE = 0.95
"""How sure an interval is."""

HABIT = 0.93
"""The share of all prompts that people accept, whatever is in them (Anthropic, on Claude Code, 2026). A yes says
something of the action only where they come more often than that."""

MIN_DAYS = 5
"""Different days on which people must have said yes, before more is suggested: a good week, not a good hour."""

CEILING = Level.SHARE
"""No suggestion goes further: what can't be undone stays with people until they say otherwise unasked."""


@dataclass(frozen=True)
class Earned:
    """What is on record of one kind of action.

    Args:
        kind: which. What outside text may steer is left out: no level lets it go.
        level: where the dial stood for the last of them.
        accepted: as they were proposed; edited, rejected, unanswered: the others that people were asked about.
        alone: went without a person.
        regretted: done, with or without a person, and somebody wanted them undone.
        runs: with an answer since the last regret, each counted once, since answers of one sitting are much alike.
        clean: those of `runs` in which every answer was a plain yes.
        days: different days of the clean ones.
        low, high: between which the share of clean runs lies, with 95 % confidence; 0 and 1 where nothing is known.
        checks: had passed on what every one of the accepted ones rests on.
        spared: of the questions, how many the dial would have spared at the level of `next_level`.
    """

    kind: Kind
    level: Level
    accepted: int
    edited: int
    rejected: int
    unanswered: int
    alone: int
    regretted: int
    runs: int
    clean: int
    days: int
    low: float
    high: float
    checks: tuple[str, ...]
    spared: int

    @property
    def answered(self) -> int:
        """How many people said something to."""
        return self.accepted + self.edited + self.rejected


@dataclass(frozen=True)
class Suggestion:
    """To move the dial for one tool. Only a person does.

    Args:
        kind: whose record speaks for it.
        level: where to.
        way: up or down.
        why: sentences for the person.
    """

    kind: Kind
    level: Level
    way: Literal["up", "down"]
    why: tuple[str, ...]


def share(yes: int, of: int, sure: float = SURE) -> tuple[float, float]:
    """Between which bounds a share lies, with at least this confidence. Of nothing, nothing is known: 0 and 1."""
    tail = (1 - sure) / 2
    low = _least(lambda p: _chance(yes, of, p) >= tail) if yes else 0.0
    high = _least(lambda p: 1 - _chance(yes + 1, of, p) <= tail) if yes < of else 1.0
    return low, high


def earned(decisions: Iterable[Decision]) -> tuple[Earned, ...]:
    """The record of each kind of action, those that people were asked about most first."""
    kinds = dict[Kind, list[Decision]]()
    for decision in sorted(decisions, key=lambda decision: decision.at):
        if decision.verdict.taint is not Taint.STEERED and decision.verdict.ruling is not Ruling.DENY:
            kinds.setdefault(decision.kind, []).append(decision)
    return tuple(sorted((_earned(kind, of) for kind, of in kinds.items()), key=lambda one: -one.answered))


def suggestions(records: Iterable[Earned], *, ceiling: Level = CEILING) -> tuple[Suggestion, ...]:
    """What the records say for moving the dial.

    Args:
        records: of all kinds, from `earned`.
        ceiling: no suggestion goes further.
    """
    return tuple(found for one in records if (found := _down(one) or _up(one, ceiling)) is not None)


def next_level(kind: Kind) -> Level:
    """The lowest level at which nobody is asked about a kind of action."""
    return next(level for level in Level if TABLE[level][kind.risk] < Ruling.ASK)


def wanting(one: Earned) -> int:
    """How many more runs with nothing but a yes it takes until the answers say more than habit does."""
    tail = (1 - SURE) / 2
    return next(more for more in count() if _chance(one.clean + more, one.runs + more, HABIT) < tail)


def _earned(kind: Kind, decisions: Sequence[Decision]) -> Earned:
    """Of decisions in the order of time."""
    said = [decision.said for decision in decisions]
    accepted = [decision for decision in decisions if decision.said == "accepted"]
    runs = _since_regret(decisions)
    clean = [answers for answers in runs.values() if all(answer.said == "accepted" for answer in answers)]
    low, high = share(len(clean), len(runs))
    return Earned(
        kind=kind,
        level=decisions[-1].verdict.level,
        accepted=len(accepted),
        edited=said.count("edited"),
        rejected=said.count("rejected"),
        unanswered=said.count("no answer"),
        alone=sum(not decision.asked for decision in decisions),
        regretted=sum(decision.regretted for decision in decisions),
        runs=len(runs),
        clean=len(clean),
        days=len({answer.at.astimezone(UTC).date() for answers in clean for answer in answers}),
        low=low,
        high=high,
        checks=_passed_on_all(accepted),
        spared=sum(decision.asked and _is_spared(decision) for decision in decisions),
    )


def _passed_on_all(decisions: Sequence[Decision]) -> tuple[str, ...]:
    first, *others = [set(decision.passed) for decision in decisions] or [set[str]()]
    return tuple(sorted(first.intersection(*others)))


def _since_regret(decisions: Sequence[Decision]) -> dict[str, list[Decision]]:
    """The decisions that people answered, by run: those of the runs that began to decide after the last regret."""
    last = max((at for at, decision in enumerate(decisions) if decision.regretted), default=-1)
    before = {decision.action.run for decision in decisions[: last + 1]}
    runs = dict[str, list[Decision]]()
    for decision in decisions[last + 1 :]:
        if decision.said in ("accepted", "edited", "rejected") and decision.action.run not in before:
            runs.setdefault(decision.action.run, []).append(decision)
    return runs


def _is_spared(decision: Decision) -> bool:
    tools = {**decision.dial.tools, decision.action.tool: next_level(decision.kind)}
    return what_if(decision, dial=decision.dial.model_copy(update={"tools": tools})).ruling < Ruling.ASK


def _up(one: Earned, ceiling: Level) -> Suggestion | None:
    level = next_level(one.kind)
    enough = one.days >= MIN_DAYS and wanting(one) == 0
    if one.level >= level or level > ceiling or not one.spared or not enough:
        return None
    why = [
        f"People accepted {one.accepted} of {one.answered} as proposed.",
        f"In {one.clean} of {one.runs} runs, on {one.days} days, they did nothing else: {_interval(one)}.",
        f"They accept {HABIT:.0%} of whatever they are asked; this is more.",
        f"At level {level} ({level.name.lower()}) {one.spared} of the questions would have been spared.",
    ]
    if one.checks:
        named = " and ".join(map(plain, one.checks))
        why.append(f"All that they accepted had passed {named}: a grant that asks for this is narrower.")
    return Suggestion(one.kind, level, "up", tuple(why))


def _down(one: Earned) -> Suggestion | None:
    asking = [level for level in Level if TABLE[level][one.kind.risk] >= Ruling.ASK]
    if not asking or one.level <= asking[-1]:
        return None
    why = list[str]()
    if one.regretted:
        why.append(f"{one.regretted} of these had to be undone, or should have been.")
    if one.high < HABIT:
        why.append(
            f"Where they were asked, people accepted all in {one.clean} of {one.runs} runs: {_interval(one)}. "
            f"They accept {HABIT:.0%} of whatever they are asked."
        )
    if not why:
        return None
    level = asking[-1]
    why.append(f"At level {level} ({level.name.lower()}) a person is asked first.")
    return Suggestion(one.kind, level, "down", tuple(why))


def _interval(one: Earned) -> str:
    return f"{one.low:.0%} to {one.high:.0%} of the time, with 95 % confidence"


def _chance(yes: int, of: int, p: float) -> float:
    """The chance of at least so many yeses, if each comes with the chance p."""
    if yes <= 0 or not 0 < p < 1:
        return float(yes <= 0 or p >= 1 and yes <= of)
    terms = (
        lgamma(of + 1) - lgamma(k + 1) - lgamma(of - k + 1) + k * log(p) + (of - k) * log1p(-p)
        for k in range(yes, of + 1)
    )
    return min(1.0, sum(map(exp, terms)))


def _least(holds: Callable[[float], bool]) -> float:
    """The least number from 0 to 1 for which something holds that holds for every greater one, too."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
