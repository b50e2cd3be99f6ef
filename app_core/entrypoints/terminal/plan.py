"""A plan on the screen: what it takes and how good it is, and the workflow's graph with a way to run each step."""

from collections.abc import Callable

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from rheostat.dag import Plan, Spread

from ...plan_view import Actual, PlanView, Step, flat
from .console import indented, text
from .lanes import MARKS, lanes
from .preview import facts
from .receipt import best
from .words import seconds, usd

_ROOMY = 96
_LEAST = 12
_MOST_LANES = 12
_MOST_NAMED = 12
_MOST_AFTER = 3
_WIDEST_AFTER = 30
_KINDS = {"model": "model", "tool": "tool", "source": "source", "code": "code", "copies": ""}
_STYLES = {"done": "good", "failed": "bad", "cancelled": "bad", "not run": "quiet", "running": ""}

Amount = Callable[[float], str]


def drawn(seen: PlanView) -> RenderableType:
    """A plan as a person reads it, before or after it was run."""
    parts: list[RenderableType] = [text((seen.title, "heading")), Text(), facts(said(seen)), Text()]
    if wrong := refused(seen.plan):
        parts += [indented(text((wrong, "bad"))), Text()]
    for note in seen.notes:
        parts += [indented(text((note, "quiet"))), Text()]
    return Group(*parts, steps(seen))


def steps(seen: PlanView) -> RenderableType:
    """The graph, one step a line, and what the columns mean."""
    legend = f"{MARKS[True]} on the longest way · cost of all copies, time of one"
    if seen.plan:
        legend += " · forecasts are P50–P90"
    return Group(_Steps(seen), text((legend, "quiet")))


def said(seen: PlanView) -> list[tuple[str, str]]:
    """What there is to say of the whole, by label."""
    plan, run = seen.plan, seen.view
    lines = [("models", ", ".join(seen.models))] if seen.models else []
    if plan is not None:
        lines.append(("budget", _budget(plan)))
        lines.append(("cost", _beside(plan.cost_usd, run.spent_usd if run else None, usd)))
        lines.append(("time", _beside(plan.latency_s, run.worked_s if run else None, seconds)))
        lines.append(("quality", f"{plan.quality:.0%} of what is possible".replace("%", " %")))
        lines.append(("plan", f"{best(plan.gap)}{_limit(plan)}"))
        lines.append(("longest way", _way(seen)))
    lines += [("planned anew", why) for why in seen.replanned]
    return [*lines, *([("more", run.more)] if run and run.more else [])]


def refused(plan: Plan | None) -> str:
    """Why nothing can be planned within the budget, and what could be; "" if something can."""
    if plan is None or plan.feasible:
        return ""
    return (
        f"No plan is expected to keep to {_budget(plan)} in nine runs of ten. It would take {usd(plan.cheapest_usd)} "
        f"if time did not matter, and {seconds(plan.fastest_s)} if money did not. Give more, or offer other models. "
        "Shown is the plan that exceeds the budget least."
    )


def between(spread: Spread, amount: Amount, *, both: bool = True) -> str:
    """A forecast, from its median to its 90th percentile; one figure where they look the same."""
    low, high = amount(spread.p50), amount(spread.p90)
    return low if low == high or not both else f"{low}–{high}"


def way(step: Step) -> str:
    """How a step is run, or what it is where it calls no model."""
    return step.way or _KINDS[step.kind]


def copies(step: Step) -> str:
    """How many copies of it there are to be: `× 12`, `↻ 2.5` turns of a loop; "" for one that runs once."""
    sign = "↻" if step.repeats == "loop" else "×"
    if step.count is None:
        return sign if step.repeats else ""
    return f"{sign} {step.count:.3g}" if step.repeats or step.count != 1 else ""


def mark(step: Step) -> str:
    """What may keep it from running: `if` a condition does not hold, or `optional`."""
    return "if" if step.guarded else "optional" if step.optional else ""


def took_s(actual: Actual | None) -> str:
    """The time of one copy."""
    return seconds(actual.median_s) if actual and actual.median_s is not None else ""


def standing(actual: Actual) -> str:
    """What became of the copies: `done`, or `9 done, 1 failed`."""
    if len(actual.copies) < 2:
        return actual.status
    return ", ".join(f"{number} {status}" for status, number in actual.copies.items())


def tried(actual: Actual) -> str:
    """What was tried of a choice: `local 8 of 12, gpt-4o 4 of 4` passed."""
    return ", ".join(f"{part.name} {part.passed} of {part.tried}" for part in actual.parts)


def _budget(plan: Plan) -> str:
    limits = [usd(plan.budget.usd)] if plan.budget.usd is not None else []
    limits += [seconds(plan.budget.seconds)] if plan.budget.seconds is not None else []
    return " and ".join(limits) or "none"


def _beside(forecast: Spread, actual: float | None, amount: Amount) -> str:
    told = f"P50 {amount(forecast.p50)}, P90 {amount(forecast.p90)}"
    return told if actual is None else f"{amount(actual)}; the forecast was {told}"


def _limit(plan: Plan) -> str:
    limits = [name for name, worth in (("money", plan.usd_worth), ("time", plan.second_worth)) if worth > 0]
    return f"; more {' or '.join(limits)} would buy more quality" if limits and plan.feasible else ""


def _way(seen: PlanView) -> str:
    named = [step.name for step in seen.critical]
    if len(named) > _MOST_NAMED:
        named = [*named[: _MOST_NAMED - 1], f"… {len(named) - _MOST_NAMED} more …", named[-1]]
    return " → ".join(named)


class _OneLine:
    """Words that take what room there is, and no second line, which would break the lanes beside them."""

    def __init__(self, words: Text) -> None:
        self._words = words

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        words = self._words.copy()
        words.truncate(options.max_width, overflow="ellipsis")
        yield words

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(min(_LEAST, self._words.cell_len), self._words.cell_len)


class _Steps:
    """The table of steps: what fits beside one another on the screen there is.

    Args:
        seen: the plan.
    """

    def __init__(self, seen: PlanView) -> None:
        self._seen = seen

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = list(lanes(self._seen.steps))
        wide = not self._seen.drawn or max(len(before) for _, before in rows) > 2 * _MOST_LANES
        columns = self._columns(roomy=options.max_width >= _ROOMY, after=wide and self._seen.drawn)
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="label", pad_edge=False)
        table.add_column("step", no_wrap=True, overflow="ellipsis")
        for name in columns:
            right = name.startswith(">")
            most = _WIDEST_AFTER if name == "after" else None
            table.add_column(name.strip("> "), justify="right" if right else "left", no_wrap=right, max_width=most)
        for step, before in rows:
            before = "  " * step.id.count("/") + f"{MARKS[step.critical]} " if wide else before
            name = step.name if self._seen.drawn else step.id
            label = text(
                (before, "quiet"), (name, "key" if step.critical else ""), (f" {mark(step)}".rstrip(), "quiet")
            )
            table.add_row(label, *(cell(step) for cell in columns.values()))
        yield table

    def _columns(self, *, roomy: bool, after: bool) -> dict[str, Callable[[Step], RenderableType]]:
        """How to fill each column."""
        seen = self._seen
        columns: dict[str, Callable[[Step], RenderableType]] = {}
        columns["way"] = lambda step: _OneLine(text((way(step), "" if step.way else "quiet")))
        if any(copies(step) for step in flat(seen.steps)):
            columns[">  "] = lambda step: text((copies(step), "quiet"))
        if seen.view is not None:
            columns["standing"] = lambda step: _standing(step)
            columns[">cost"] = lambda step: text(usd(step.actual.cost_usd) if step.actual and step.actual.calls else "")
        if seen.plan is not None:
            columns[">forecast" if seen.view else ">cost"] = lambda step: _cost(step, both=roomy)
        if seen.view is not None:
            columns[">time"] = lambda step: text(took_s(step.actual))
        if seen.plan is not None:
            columns[">forecast " if seen.view else ">time"] = lambda step: _time(step, both=roomy)
        if after:
            columns["after"] = lambda step: text((_after(step), "quiet"))
        return columns


def _after(step: Step) -> str:
    named = [id.rpartition("/")[2] for id in step.after]
    return ", ".join(named[:_MOST_AFTER]) + (
        f" and {len(named) - _MOST_AFTER} more" if len(named) > _MOST_AFTER else ""
    )


def _standing(step: Step) -> Text:
    if step.actual is None:
        return Text()
    return text((standing(step.actual), _STYLES.get(step.actual.status, "waits")))


def _cost(step: Step, *, both: bool) -> Text:
    spread = step.cost_usd
    return text(between(spread, usd, both=both) if spread and spread.p90 else "")


def _time(step: Step, *, both: bool) -> Text:
    spread = step.latency_s
    return text(between(spread, seconds, both=both) if spread and spread.p90 else "")
