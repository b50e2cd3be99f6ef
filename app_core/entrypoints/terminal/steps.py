"""A plan on the screen. Its steps are a table: lanes for the graph, the way of each, what it takes and what it took."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from ...plan_view import PlanView, Step, flat
from .console import indented, text
from .lanes import MARKS, lanes
from .plan import SIGNED, SIGNS, between, copies, facts_of, mark, refused, shortener, standing, took_s, way
from .words import seconds, usd

_ROOMY, _ROOMIER = 96, 120
_LEAST = 12
_MOST_LANES = 12
_MOST_AFTER = 3
_STYLES = {"done": "good", "failed": "bad", "cancelled": "bad", "unknown": "bad", "not run": "quiet", "running": ""}


def drawn(seen: PlanView) -> RenderableType:
    """A plan as a person reads it, before it is run."""
    parts: list[RenderableType] = [text((seen.title, "heading")), Text(), facts_of(seen), Text()]
    if wrong := refused(seen.plan):
        parts += [indented(text((wrong, "bad"))), Text()]
    if seen.notes:
        parts += [indented(text((" ".join(seen.notes), "quiet"))), Text()]
    return Group(*parts, Steps(seen))


class Steps:
    """The graph, one step a line, and what the columns mean: as many as fit on the screen there is.

    Args:
        seen: the plan.
    """

    def __init__(self, seen: PlanView) -> None:
        self._seen = seen

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        seen, width = self._seen, options.max_width
        both = width >= (_ROOMIER if seen.view else _ROOMY)
        rows = list(_rows(seen))
        columns = list(_columns(seen, wide=width >= _ROOMY, both=both, after=seen.drawn and not _lanes_fit(seen)))
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="label", pad_edge=False)
        table.add_column("step", no_wrap=True, overflow="ellipsis")
        for column in columns:
            table.add_column(column.name, justify="right" if column.figure else "left", no_wrap=column.figure)
        for step, label in rows:
            table.add_row(label, *(column.cell(step) for column in columns))
        yield table
        forecasts = f" · forecasts: {'P50–P90' if both else 'P50'}" if seen.plan else ""
        yield text((f"{MARKS[True]} on the longest way · cost of all copies, time of one{forecasts}", "quiet"))
        if seen.view is not None:
            yield text((SIGNED, "quiet"))


@dataclass(frozen=True)
class _Column:
    name: str
    cell: Callable[[Step], RenderableType]
    figure: bool = True


def _columns(seen: PlanView, *, wide: bool, both: bool, after: bool) -> Iterator[_Column]:
    """What there is to say of each step.

    Args:
        seen: the plan.
        wide: whether there is room for more than the least.
        both: whether there is room for both ends of a forecast.
        after: whether it must be said in words what a step comes after.
    """
    ran, planned, short = seen.view is not None, seen.plan is not None, shortener(seen)
    yield _Column("way", lambda step: _OneLine(text((short(way(step)), "" if step.way else "quiet"))), figure=False)
    if any(copies(step) for step in flat(seen.steps)) and (wide or not ran):
        yield _Column("", lambda step: text((copies(step), "quiet")))
    if ran:
        yield _Column("standing", _standing, figure=False) if wide else _Column("", _sign)
        yield _Column("cost", lambda step: text(usd(step.actual.cost_usd) if step.actual and step.actual.calls else ""))
    if planned:
        yield _Column("forecast" if ran else "cost", lambda step: text(between(step.cost_usd, usd, both=both)))
    if ran:
        yield _Column("time", lambda step: text(took_s(step.actual)))
    if planned:
        yield _Column("forecast" if ran else "time", lambda step: text(between(step.latency_s, seconds, both=both)))
    if after:
        yield _Column("after", lambda step: _OneLine(text((_after(step), "quiet"))), figure=False)


def _rows(seen: PlanView) -> Iterator[tuple[Step, Text]]:
    """Each step, and its name after the lanes; where these don't fit, with its mark alone."""
    beside = dict((step.id, before) for step, before in lanes(seen.steps)) if _lanes_fit(seen) else {}
    for step in flat(seen.steps):
        indent = "  " * step.id.count("/") if seen.drawn else ""
        before = beside.get(step.id, f"{indent}{MARKS[step.critical]} ")
        name = (step.name if seen.drawn else step.id, "key" if step.critical else "")
        yield step, text((before, "quiet"), name, (f" {mark(step)}".rstrip(), "quiet"))


def _lanes_fit(seen: PlanView) -> bool:
    return seen.drawn and all(len(before) <= 2 * _MOST_LANES for _, before in lanes(seen.steps))


def _after(step: Step) -> str:
    named = [id.rpartition("/")[2] for id in step.after]
    more = len(named) - _MOST_AFTER
    return ", ".join(named[:_MOST_AFTER]) + (f" and {more} more" if more > 0 else "")


def _standing(step: Step) -> RenderableType:
    """A word, with the number of copies; signs where they fared differently, since words take too much room here."""
    if step.actual is None:
        return Text()
    actual = step.actual
    signs = [(f"{number} {SIGNS[status]} ", _style(status)) for status, number in actual.copies.items()]
    return text(*signs) if len(signs) > 1 else text((standing(actual), _style(actual.status)))


def _sign(step: Step) -> RenderableType:
    return text((SIGNS[step.actual.status], _style(step.actual.status)) if step.actual else "")


def _style(status: str) -> str:
    return _STYLES.get(status, "waits")


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
