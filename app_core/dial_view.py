"""What each level of the dial would have meant for past runs, to be looked at. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rheostat.autonomy import (
    HABIT,
    Burden,
    Decision,
    Dial,
    Difference,
    Earned,
    Level,
    Policy,
    Ruling,
    Suggestion,
    burden,
    differences,
    earned,
    suggestions,
    wanting,
    what_if,
)


@dataclass(frozen=True)
class Fate:
    """What became of one action, and what would have.

    Args:
        action: what was proposed, in a line.
        was: the ruling on it.
        said: what people said, if they were asked.
        asked_at: the levels at which a person is asked.
        refused: whether it is refused, at whatever level.
    """

    action: str
    was: Ruling
    said: str
    asked_at: tuple[Level, ...]
    refused: bool


@dataclass(frozen=True)
class DialView:
    """The dial beside some runs of one workflow.

    Args:
        title: whose workflow it is.
        runs: how many of them proposed an action.
        stands: where the dial stood at the end of the newest.
        was: what there was of asking. `at` is what there would have been at each level, with nothing set apart.
        differences: what each rule of another policy would have changed where the dial stood.
        fates: of each action.
        unlike: decisions that come out otherwise when they are taken again with nothing changed: they were made by
            another version of rheostat or of the app's rules.
    """

    title: str
    runs: int
    stands: Level
    was: Burden
    at: dict[Level, Burden]
    differences: tuple[Difference, ...]
    fates: tuple[Fate, ...]
    unlike: int


def dial_view(
    title: str, runs: Iterable[Sequence[Decision]], *, stands: Level, policy: Policy | None = None
) -> DialView:
    """Counts what there was and what there would have been.

    Args:
        title: whose runs they are.
        runs: the decisions of each.
        stands: where the dial stands now.
        policy: to decide by in place of what was in force; None for that.
    """
    acting = [run for run in runs if run]
    found = [decision for run in acting for decision in run]
    return DialView(
        title=title,
        runs=len(acting),
        stands=stands,
        was=burden(found),
        at={level: burden(found, dial=Dial(level=level), policy=policy) for level in Level},
        differences=() if policy is None else differences(found, policy),
        fates=tuple(_fate(decision, policy) for decision in found if decision.first),
        unlike=sum(what_if(decision) != decision.verdict for decision in found),
    )


def _fate(decision: Decision, policy: Policy | None) -> Fate:
    at = {level: what_if(decision, dial=Dial(level=level), policy=policy).ruling for level in Level}
    return Fate(
        action=decision.action.summary or decision.action.tool,
        was=decision.verdict.ruling,
        said=decision.said,
        asked_at=tuple(level for level, ruling in at.items() if ruling in (Ruling.ASK, Ruling.ASK_TWO)),
        refused=Ruling.DENY in at.values(),
    )


@dataclass(frozen=True)
class Record:
    """What one kind of action has earned, and how many more runs it takes until that says something."""

    earned: Earned
    wanting: int


@dataclass(frozen=True)
class EarnedView:
    """What people's answers say of the dial. Nothing is moved.

    Args:
        runs: how many were looked at.
        records: of each kind of action.
        suggestions: where to move the dial.
    """

    runs: int
    records: tuple[Record, ...]
    suggestions: tuple[Suggestion, ...]


def earned_view(runs: Sequence[Sequence[Decision]]) -> EarnedView:
    """Takes stock of the answers in some runs."""
    found = earned(decision for run in runs for decision in run)
    return EarnedView(len(runs), tuple(Record(one, wanting(one)) for one in found), suggestions(found))


def as_json(seen: DialView) -> dict[str, Any]:
    """A view of the dial as plain data."""
    return {
        "workflow": seen.title,
        "runs": seen.runs,
        "actions": seen.was.actions,
        "stands": int(seen.stands),
        "was": _burden(seen.was, seen.runs),
        "levels": [
            {"level": int(level), "name": level.name.lower(), **_burden(there, seen.runs)}
            for level, there in seen.at.items()
        ],
        "rules": [{**asdict(one), "sentence": one.sentence} for one in seen.differences],
        "fates": [
            {
                "action": fate.action,
                "was": fate.was.name.lower(),
                "said": fate.said,
                "asked_at": [int(level) for level in fate.asked_at],
                "refused": fate.refused,
            }
            for fate in seen.fates
        ],
        "unlike": seen.unlike,
    }


def _burden(there: Burden, runs: int) -> dict[str, Any]:
    return {
        **asdict(there),
        "asks_per_run": there.asked / runs if runs else 0.0,
        "kinds_per_run": there.kinds / runs if runs else 0.0,
    }


def earned_as_json(seen: EarnedView) -> dict[str, Any]:
    """What was earned as plain data."""
    return {
        "runs": seen.runs,
        "habit": HABIT,
        "kinds": [_record(record) for record in seen.records],
        "suggestions": [
            {
                "app": one.kind.app,
                "tool": one.kind.tool,
                "risk": one.kind.risk.name.lower(),
                "way": one.way,
                "level": int(one.level),
                "why": list(one.why),
            }
            for one in seen.suggestions
        ],
    }


def _record(record: Record) -> dict[str, Any]:
    plain = asdict(record.earned)
    kind = plain.pop("kind")
    return {**kind, "risk": record.earned.kind.risk.name.lower(), **plain, "wanting": record.wanting}
