"""A plan in words: what it takes and how good it is, how a step is run, and what became of it."""

from collections.abc import Callable
from typing import NamedTuple

from rich.console import RenderableType

from rheostat.dag import Plan, Spread, calls

from ...plan_view import Actual, PlanView, Step, flat
from .preview import facts
from .receipt import best
from .words import seconds, usd

_MOST_NAMED = 12
_WORTH_SAYING_S = 0.05
_KINDS = {"model": "model", "tool": "tool", "source": "source", "code": "code", "copies": "", "unknown": ""}

SIGNS = {
    "done": "✓",
    "running": "▸",
    "not run": "–",
    "failed": "✕",
    "cancelled": "✕",
    "unknown": "?",
    "undoing": "?",
    "undone": "◐",
    "partial": "◐",
    "waiting": "◐",
    "declined": "◐",
    "let go": "◐",
}
"""What stands for a status where there is no room for the word."""
SIGNED = "✓ done, ✕ failed, ◐ partial, waits or left out, ▸ runs, – not run"

Amount = Callable[[float], str]


class Said(NamedTuple):
    """One thing to say of the whole: its label, the figure, and what else there is to it."""

    label: str
    value: str
    more: str = ""


def said(seen: PlanView) -> list[Said]:
    """What there is to say of the whole."""
    plan, run = seen.plan, seen.view
    lines = [Said("models", ", ".join(seen.models))] if seen.models else []
    if plan is not None:
        lines.append(Said("budget", _budget(plan)))
        lines.append(_beside("cost", plan.cost_usd, run.spent_usd if run else None, usd))
        lines.append(_beside("time", plan.latency_s, run.worked_s if run else None, seconds))
        lines.append(Said("quality", f"{100 * plan.quality:.0f} % of what is possible"))
        lines += [Said("plan", best(plan.gap), _limit(plan))] if plan.feasible else []
        lines.append(Said("longest way", _way(seen)))
    lines += [Said("planned anew", why) for why in seen.replanned]
    return [*lines, *([Said("more", run.more)] if run and run.more else [])]


def facts_of(seen: PlanView) -> RenderableType:
    """The same, on the screen."""
    return facts((label, "; ".join(filter(None, (value, more)))) for label, value, more in said(seen))


def refused(plan: Plan | None) -> str:
    """Why nothing can be planned within the budget, and what could be; "" if something can."""
    if plan is None or plan.feasible:
        return ""
    cheapest, fastest = usd(plan.cheapest_usd), seconds(plan.fastest_s)
    if plan.budget.seconds is None:
        least = f"The cheapest takes {cheapest}."
    elif plan.budget.usd is None:
        least = f"The fastest takes {fastest}."
    else:
        least = f"The cheapest takes {cheapest} if time does not matter, the fastest {fastest} if money does not."
    return (
        f"No plan is expected to keep to {_budget(plan)} in nine runs of ten. {least} Give more, or offer other "
        "models. This is the plan that exceeds the budget least."
    )


def between(spread: Spread | None, amount: Amount, *, both: bool = True) -> str:
    """A forecast, from its median to its 90th percentile; one figure where they look the same, none for nothing."""
    if spread is None or not spread.p90:
        return ""
    low, high = amount(spread.p50), amount(spread.p90)
    return low if low == high or not both else f"{low}–{high}"


def way(step: Step) -> str:
    """How a step is run, or what it is where it calls no model."""
    return step.way or _KINDS[step.kind]


def shortener(seen: PlanView) -> Callable[[str], str]:
    """Takes the providers off the models' names, for where there is little room; not if two would then be the same."""
    choices = [step.chosen.choice for step in flat(seen.steps) if step.chosen and step.chosen.choice]
    short = {call.model: call.model.rpartition("/")[2] for choice in choices for call in calls(choice)}
    if len(set(short.values())) < len(short):
        return lambda way: way

    def shortened(way: str) -> str:
        for model in sorted(short, key=len, reverse=True):
            way = way.replace(model, short[model])
        return way

    return shortened


def copies(step: Step) -> str:
    """How many copies of it there are to be: `× 12`, `≈ 5` if that is a guess, `↻ 2.5` turns of a loop; "" for one."""
    if step.inside and not step.repeats:
        return ""
    sign = "↻" if step.repeats == "loop" else "×"
    if step.count is None:
        return sign if step.repeats else ""
    sign = sign if step.known or step.repeats == "loop" else "≈"
    return f"{sign} {step.count:.3g}" if step.repeats or step.count != 1 else ""


def mark(step: Step) -> str:
    """What may keep it from running: `if` a condition does not hold, or `optional`."""
    return "if" if step.guarded else "optional" if step.optional else ""


def took_s(actual: Actual | None) -> str:
    """The time of one copy, if it took any to speak of."""
    taken_s = actual.median_s if actual else None
    return seconds(taken_s) if taken_s is not None and taken_s >= _WORTH_SAYING_S else ""


def standing(actual: Actual) -> str:
    """What became of the copies: `done`, `5 done`, or `9 done, 1 failed`."""
    if sum(actual.copies.values()) < 2:
        return actual.status
    return ", ".join(f"{number} {status}" for status, number in actual.copies.items())


def tried(actual: Actual) -> str:
    """What was tried of a choice: `passed: local 8 of 12, gpt-4o 4 of 4`."""
    parts = ", ".join(f"{part.name} {part.passed} of {part.tried}" for part in actual.parts)
    return f"passed: {parts}" if parts else ""


def _budget(plan: Plan) -> str:
    limits = [usd(plan.budget.usd)] if plan.budget.usd is not None else []
    limits += [seconds(plan.budget.seconds)] if plan.budget.seconds is not None else []
    return " and ".join(limits) or "none"


def _beside(label: str, forecast: Spread, actual: float | None, amount: Amount) -> Said:
    told = f"P50 {amount(forecast.p50)}, P90 {amount(forecast.p90)}"
    return Said(label, told) if actual is None else Said(label, amount(actual), f"the forecast was {told}")


def _limit(plan: Plan) -> str:
    limits = [name for name, worth in (("money", plan.usd_worth), ("time", plan.second_worth)) if worth > 0]
    return f"more {' or '.join(limits)} would buy more quality" if limits else ""


def _way(seen: PlanView) -> str:
    named = [step.name for step in seen.critical]
    if len(named) > _MOST_NAMED:
        named = [*named[: _MOST_NAMED - 1], f"… {len(named) - _MOST_NAMED} more …", named[-1]]
    return " → ".join(named)
