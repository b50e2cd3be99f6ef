"""Who let what happen, on a page; and what came of looking at Logs."""

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from ...audit import Entry
from ...heads import Examined
from .console import indented, text
from .record import columns
from .words import count, moment

_STYLES = {
    "done": "good",
    "undone": "good",
    "asked": "waits",
    "unknown": "waits",
    "refused": "bad",
    "rejected": "bad",
    "failed": "bad",
    "not undone": "bad",
    "erased": "bad",
}

_WHO = {
    "dial": "the dial",
    "arguments": "what it holds",
    "taint": "who chose its arguments",
    "time": "nobody in time",
}

_NAMES_ARGUMENTS = {"asked", "refused", "done", "failed", "unknown"}


def drawn(run: str, entries: Sequence[Entry]) -> RenderableType:
    """What was decided, done and undone in a run, one thing a row; the first column says which record proves it."""
    table = columns(">record", "when", "what", "of what, by whom, and why")
    for entry in entries:
        table.add_row(
            text((str(entry.seq), "quiet")),
            text((moment(entry.at), "quiet")),
            text((entry.what, _STYLES.get(entry.what, ""))),
            _told(entry),
        )
    return Group(text((f"Audit of run {run}", "heading")), Text(), table)


def _told(entry: Entry) -> Text:
    who = _who(entry)
    said = text(entry.action or entry.node or entry.tool, f", by {who}" if who else "")
    for line in (*(entry.control if entry.what in _NAMES_ARGUMENTS else ()), entry.why):
        if line:
            said.append("\n").append(text((line, "quiet")))
    return said


def _who(entry: Entry) -> str:
    if entry.sort in ("rule", "grant"):
        return f"{entry.sort} {entry.by}"
    level = f" at level {entry.level}" if entry.sort == "dial" and entry.level is not None else ""
    return entry.by or f"{_WHO.get(entry.sort, '')}{level}"


def examined(logs: Sequence[Examined], *, heads: bool) -> RenderableType:
    """What came of looking at Logs. `heads`: they were held against heads."""
    damaged = [log for log in logs if log.faults]
    parts = list[RenderableType]()
    for log in damaged:
        parts.append(text((f"Run {log.run}", "bad")))
        parts += [indented(text(fault.sentence)) for fault in log.faults]
    records = sum(log.records for log in logs)
    looked = f"{count(records, 'record')} of {count(len(logs), 'run')}"
    if damaged:
        parts.append(text((f"{looked}: {len(damaged)} {'is' if len(damaged) == 1 else 'are'} not as written.", "bad")))
    else:
        parts.append(text((f"{looked}: as written.", "good")))
    erased = sum(1 for log in logs if log.erased)
    if erased:
        parts.append(text((f"{count(erased, 'run')} of these {'was' if erased == 1 else 'were'} erased.", "quiet")))
    newer = sum(1 for log in logs if log.against is None)
    if not heads:
        parts.append(text(("That none was cut short or written anew shows only against heads: --head FILE.", "quiet")))
    elif newer:
        parts.append(text((f"Of {count(newer, 'run')} the file has no head.", "quiet")))
    return Group(*parts)
