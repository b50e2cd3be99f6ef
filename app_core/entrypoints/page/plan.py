"""A plan, or a run beside its plan, as one HTML page: the graph as a drawing, and a table of its steps."""

from collections.abc import Callable
from itertools import count

from rich.cells import cell_len, set_cell_size

from ...plan_view import PlanView, Step, flat
from ..terminal.plan import SIGNED, SIGNS, between, copies, mark, refused, said, shortener, standing, took_s, tried, way
from ..terminal.words import harmless, seconds, usd
from .layers import HEADER, PADDING, Box, Segment, Sheet, sheet
from .written import Facts, written

_CELLS_OF_NAME = {True: 25, False: 18}
"""Columns for the name of a step that calls a model, and of any other."""
_CELLS_OF_WAY = 31
_TONES = {"done": "ok", "failed": "no", "cancelled": "no", "unknown": "no", "running": "run", "not run": "idle"}


def page(seen: PlanView) -> str:
    """The page. Whatever names and reasons hold, it shows and does nothing: hidden characters are written out."""
    return written("plan.html.j2", _facts(seen))


def _facts(seen: PlanView) -> Facts:
    numbers = count(1)
    anchors = {step.id: f"s{next(numbers)}" for step in flat(seen.steps)}
    return {
        "title": seen.title,
        "run": f"{seen.view.run} · {seen.view.standing()}" if seen.view else "",
        "wrong": refused(seen.plan),
        "facts": [fact._asdict() | {"label": fact.label.capitalize()} for fact in said(seen)],
        "note": " ".join(seen.notes),
        "sheet": _sheet(sheet(seen.steps), anchors, shortener(seen)) if seen.drawn else None,
        "top": HEADER,
        "left": PADDING,
        "signed": SIGNED,
        "ran": seen.view is not None,
        "rows": [_row(step, anchors) for step in flat(seen.steps)],
    }


def _sheet(drawn: Sheet, anchors: dict[str, str], short: Callable[[str], str]) -> Facts:
    return {
        "width": drawn.width,
        "height": drawn.height,
        "boxes": [_box(box, anchors, short) for box in drawn.boxes],
        "segments": [
            {"path": _path(piece), "critical": piece.critical, "ends": piece.ends} for piece in drawn.segments
        ],
    }


def _box(box: Box, anchors: dict[str, str], short: Callable[[str], str]) -> Facts:
    step = box.step
    shown = _figures(step)
    badge = shown["count"]
    return {
        **shown,
        "x": box.x,
        "y": box.y,
        "width": box.width,
        "height": box.height,
        "id": anchors[step.id],
        "name": _cut(
            step.name,
            _CELLS_OF_NAME[bool(box.inside) or step.calls_model] - cell_len(badge) - (2 if shown["sign"] else 0),
        ),
        "title": " · ".join(filter(None, (step.id, way(step), shown["standing"], shown["reason"]))),
        "way": _cut(short(way(step)), _CELLS_OF_WAY),
        "holds": _sheet(box.inside, anchors, short) if box.inside else None,
        "model": step.calls_model,
    }


def _row(step: Step, anchors: dict[str, str]) -> Facts:
    actual = step.actual
    slowest = seconds(actual.slowest_s) if actual and actual.slowest_s is not None else ""
    passing = step.chosen.forecast.quality if step.chosen and step.way else None
    return {
        **_figures(step),
        "id": anchors[step.id],
        "depth": step.id.count("/"),
        "name": step.name,
        "mark": mark(step),
        "way": way(step),
        "parts": tried(actual) if actual else "",
        "slowest": slowest if took_s(actual) not in ("", slowest) else "",
        "quality": "" if passing is None else f"{100 * passing:.0f} %",
        "after": ", ".join(id.rpartition("/")[2] for id in step.after),
    }


def _figures(step: Step) -> Facts:
    """What a box and a row both say."""
    actual = step.actual
    return {
        "count": copies(step),
        "cost": between(step.cost_usd, usd),
        "time": between(step.latency_s, seconds),
        "took_usd": usd(actual.cost_usd) if actual and actual.calls else "",
        "took_time": took_s(actual),
        "standing": standing(actual) if actual else "",
        "reason": actual.reason if actual else "",
        "tone": _TONES.get(actual.status, "maybe") if actual else "",
        "sign": SIGNS[actual.status] if actual else "",
        "critical": step.critical,
    }


def _cut(words: str, cells: int) -> str:
    """What fits, once hidden characters are written out."""
    shown = " ".join(harmless(words).split())
    return shown if cell_len(shown) <= cells else f"{set_cell_size(shown, max(1, cells - 1)).rstrip()}…"


def _path(piece: Segment) -> str:
    if piece.y1 == piece.y2:
        return f"M{piece.x1:.0f} {piece.y1:.1f}H{piece.x2:.0f}"
    middle = (piece.x1 + piece.x2) / 2
    return (
        f"M{piece.x1:.0f} {piece.y1:.1f}C{middle:.0f} {piece.y1:.1f} {middle:.0f} {piece.y2:.1f} "
        f"{piece.x2:.0f} {piece.y2:.1f}"
    )
