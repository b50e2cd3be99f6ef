"""What an eval measured, on the screen: for each step the ways to run it beside one another, and what that says."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from ...eval import Tally, findings, tallies
from ...eval_run import Eval
from .console import indented, text
from .record import columns
from .words import count, seconds, usd


def measured(found: Eval) -> RenderableType:
    """A table for each step, the sentences below it, and what was not measured."""
    parts: list[RenderableType] = []
    known, said = tallies(found.trials), findings(found.trials)
    for node in dict.fromkeys(tally.node for tally in known):
        parts += [text((node, "heading")), indented(_table([tally for tally in known if tally.node == node]))]
        parts += [indented(text(sentence)) for sentence in said.get(node, [])]
        parts.append(Text())
    return Group(*parts, *_notes(known, found))


def _table(known: list[Tally]) -> RenderableType:
    broken = any(tally.broken for tally in known)
    table = columns(
        "choice", ">passed", ">95 % interval", ">score", ">cost", ">P50", ">P90", *([">broken"] if broken else [])
    )
    for tally in known:
        table.add_row(
            text(tally.choice),
            *(map(text, _figures(tally)) if tally.runs else [Text()] * 6),
            *([text((str(tally.broken), "bad") if tally.broken else "")] if broken else []),
        )
    return table


def _figures(tally: Tally) -> list[str]:
    return [
        f"{tally.passed} of {tally.runs}",
        f"{tally.low:.0%} to {tally.high:.0%}",
        "" if tally.score is None else f"{tally.score:.2f}",
        usd(tally.cost_usd),
        seconds(tally.p50_s),
        seconds(tally.p90_s),
    ]


def _notes(known: list[Tally], found: Eval) -> Iterator[Text]:
    unchecked = dict.fromkeys(tally.node for tally in known if not tally.checked)
    for node in unchecked:
        yield text((f"{node} has no check, so any answer of its type passes. Declare one with @app.check.", "waits"))
    for node in found.unreached():
        why = "it stands behind an action, and an eval performs none, or behind a step that failed"
        yield text((f"{node} was never reached: {why}.", "waits"))
    for way, why in found.given_up.items():
        yield text((f"{way} was given up: {why}", "bad"))
    if found.stopped:
        yield text((f"Stopped after {found.runs} of {count(found.planned, 'run')}: {found.stopped}", "waits"))
    cost = f"{count(found.runs, 'run')} · {usd(found.spent_usd)}. Cost and times are of one run of the step."
    yield text((cost, "quiet"))
