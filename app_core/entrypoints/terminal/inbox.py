"""What waits for people, over all runs: one question a row."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from rheostat.autonomy import Risk, Ruling, Taint

from ...inbox import Waiting
from .console import text
from .record import columns
from .words import seconds


def listed(waiting: Iterable[Waiting], now_s: float) -> RenderableType:
    """Questions, one a row. `now_s` in epoch seconds."""
    table = columns("what", "risk", "who", ">waits", ">left", "run", "question")
    for each in waiting:
        table.add_row(
            text(f"{each.app}: {each.summary}"),
            _risk(each),
            text((_who(each), "quiet")),
            text(_rounded(now_s - each.asked_at)),
            _left(each, now_s),
            text(each.run),
            text((each.question, "quiet")),
        )
    return table


def details(each: Waiting, now_s: float) -> dict[str, Any]:
    """A question as plain data, for `--json`."""
    times = {
        name: datetime.fromtimestamp(at, UTC).isoformat()
        for name, at in (("asked_at", each.asked_at), ("expires_at", each.expires_at))
    }
    words = {
        "risk": Risk(each.risk).name.lower(),
        "taint": Taint(each.taint).name.lower(),
        "ruling": Ruling(each.ruling).name.lower(),
    }
    return {**each._asdict(), **words, **times, "is_over": now_s >= each.expires_at}


def _risk(each: Waiting) -> Text:
    risk = Risk(each.risk).name.lower()
    return text((f"{risk}, steered", "bad")) if each.taint == Taint.STEERED else text(risk)


def _who(each: Waiting) -> str:
    roles = f"{', '.join(each.roles)}" if each.roles else ""
    people = f"{each.people} people" if each.people > 1 else ""
    return ", ".join(filter(None, [people, roles])) or "anybody who may"


def _left(each: Waiting, now_s: float) -> Text:
    left_s = each.expires_at - now_s
    return text(_rounded(left_s)) if left_s > 0 else text(("over: a no", "waits"))


def _rounded(duration_s: float) -> str:
    days = int(duration_s // 86_400)
    return f"{days} d" if days else seconds(max(0.0, duration_s))
