"""One prompt on the screen: what it is made of, what was kept and left out, and the words with their origins."""

import re
from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from rheostat.context import Ambiguous, Cited, NotThere, Origin, Receipt

from ...events import Packed
from ...prompt_view import PromptView, parts, where
from .bars import Bar, Stacked, parts_table
from .console import indented, text
from .preview import facts
from .prompt_text import PromptText
from .receipt import best, receipt, several, what_if
from .words import count

_FILLED = 16
"""Columns of the bar that says how full a window is."""
_MOST_PLACES = 4
_NO_WORDS = "The run's Log holds no words of this prompt, only its receipt: an older version wrote it."


def drawn(view: PromptView, *, coloured: bool, everything: bool, whole: bool) -> RenderableType:
    """A prompt as a person reads it.

    Args:
        view: the prompt.
        coloured: whether colours are seen.
        everything: each candidate, not only the first few of a kind.
        whole: the prompt to its end, as it is sent.
    """
    used = parts(view.receipt)
    blocks: list[RenderableType] = [headed(view), Text(), Stacked(used, coloured=coloured), Text()]
    blocks += [parts_table(used, coloured=coloured), receipt(view.receipt, view.openings, everything=everything)]
    if view.other:
        blocks += [Text(), what_if(view.other, view.receipt, view.openings, everything=everything)]
    blocks += [Text(), text(("The prompt", "heading")), Text()]
    if view.source_map:
        source = several(entry.origin.source for entry in view.receipt.entries if entry.origin)
        form_names = {entry.snippet: entry.form_name for entry in view.receipt.entries}
        blocks.append(PromptText(view.source_map, form_names, whole=whole, source=source))
    else:
        blocks.append(indented(text(_NO_WORDS)))
    return Group(*blocks)


def headed(view: PromptView) -> RenderableType:
    """What was asked, of which model, and what it came to."""
    given = view.receipt
    kept = f"; {view.kept_for_answer:,} more kept for the answer" if view.kept_for_answer is not None else ""
    said = [
        ("model", f"{view.model}{f' ({view.why})' if view.why else ''}"),
        ("prompt", f"{given.tokens:,} of {given.room:,} tokens{kept}"),
        ("chosen", _chosen(given)),
        ("count", _counted(given)),
    ]
    sources = dict.fromkeys(entry.origin.source for entry in given.entries if entry.origin)
    if len(sources) == 1:
        trusts = {entry.trust.name.lower() for entry in given.entries}
        said.insert(1, ("source", f"{next(iter(sources))}{f', {trusts.pop()}' if len(trusts) == 1 else ''}"))
    return Group(text((view.title, "heading")), Text(), facts(said))


def citation(quote: str, found: "Cited | Ambiguous | NotThere") -> RenderableType:
    """Where a quote stands, or that it is made up."""
    match found:
        case Cited():
            places = [found.origin, *found.also]
            said = "; also ".join(_exact(place) for place in places if place) or f"snippet {found.snippet}"
            return text(("✓ ", "good"), f"“{quote}” ", (f"{said} · {found.trust.name.lower()}", "quiet"))
        case Ambiguous():
            said = "; ".join(_exact(origin) for origin in found.origins[:_MOST_PLACES])
            more = " and elsewhere" if len(found.origins) > _MOST_PLACES else ""
            return text(("✓ ", "waits"), f"“{quote}” ", (f"stands {len(found.origins)} times: {said}{more}", "quiet"))
        case _:
            return text(("✗ ", "bad"), f"“{quote}” ", ("is made up, or was not in the prompt.", "bad"))


def nodes(prompts: Iterable[Packed], run: str) -> RenderableType:
    """The prompts of a run, one a line, in the order of their names: steps that ran side by side started in any."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify, overflow="fold", no_wrap=justify == "right")
    table.add_row(*(text((name, "label")) for name in ("step", "tokens", "of its room", "candidates")))
    for packed in sorted(prompts, key=lambda packed: _natural(packed.node)):
        given = packed.receipt
        filled = Bar(given.tokens, given.room, "cyan", most=_FILLED, track="·")
        table.add_row(text(packed.node), text(f"{given.tokens:,}"), filled, text((_chosen(given), "quiet")))
    more = text("\nLook at one with: ", (f"rheostat context {run} STEP", "key"))
    return Group(table, more)


def _chosen(given: Receipt) -> str:
    outcomes = [entry.outcome for entry in given.entries]
    shortened = outcomes.count("shortened")
    kept = len(outcomes) - outcomes.count("left out")
    of = f"{kept:,} of {count(len(outcomes), 'candidate')}"
    return f"{of}{f', {shortened:,} shortened' if shortened else ''}; {best(given.gap)}"


def _counted(given: Receipt) -> str:
    if not given.error:
        return given.counter if "exact" in given.counter else f"{given.counter}: exact"
    return f"{given.counter}: the true count is at most {100 * given.error:.3g} % higher, which is allowed for"


def _natural(name: str) -> list[tuple[int, str]]:
    """Sorts `judge[10]` after `judge[9]`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _exact(origin: Origin) -> str:
    return f"{where(origin)}, characters {origin.start:,}–{origin.end:,}"
