"""A receipt on the screen: what was kept, shortened and left out of a prompt, why, and at what price."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from rheostat.context import Entry, Need, Receipt

from ...prompt_view import Other, leaf, place, where
from .console import text
from .prompt_text import TRUST_STYLES

_MOST = 8
"""Rows of a kind; the rest is an option away."""
_ROOMY = 96
_WIDEST = {"where": 24, "document": 34, "why": 34}
_OUTCOMES = {"kept": "good", "shortened": "waits", "left out": "bad"}

_IDLE = {"kept": "why", "Enters": "why", "left out": ">tokens", "Leaves": ">tokens"}
"""Which column has nothing to say."""

Names = Mapping[int, str]


def receipt(given: Receipt, openings: Names, *, everything: bool) -> RenderableType:
    """The candidates by outcome, the most relevant first.

    Args:
        given: the receipt.
        openings: how the candidates begin, as far as that is known.
        everything: each of them, not only the first few of a kind.
    """
    columns = _columns(given, openings)
    parts = list[RenderableType]()
    for outcome, style in _OUTCOMES.items():
        entries = [entry for entry in given.entries if entry.outcome == outcome]
        if entries:
            heading = text((outcome.capitalize(), style), (f"  {len(entries):,} of {len(given.entries):,}", "quiet"))
            wanted = [name for name in columns if name != _IDLE.get(outcome)]
            parts += [Text(), heading, *_rows(_ranked(entries), columns, wanted, everything=everything)]
    return Group(*parts)


def what_if(other: Other, before: Receipt, openings: Names, *, everything: bool) -> RenderableType:
    """What enters the prompt and what leaves it on other terms."""
    after = other.receipt
    said = f"{after.tokens:,} of {after.room:,} tokens, {best(after.gap)}"
    parts: list[RenderableType] = [text((f"What if: {other.terms}", "heading"), (f"  {said}", "quiet"))]
    kinds = {
        ("Enters", "good"): [now for was, now in other.changes if was.form is None],
        ("Leaves", "bad"): [now for _, now in other.changes if now.form is None],
        ("Changes its form", "waits"): [now for was, now in other.changes if was.form is not None is not now.form],
    }
    columns = _columns(after, openings)
    for (heading, style), entries in kinds.items():
        if entries:
            wanted = [name for name in columns if name != _IDLE.get(heading)]
            parts += [Text(), text((heading, style), (f"  {len(entries):,}", "quiet"))]
            parts += _rows(_ranked(entries), columns, wanted, everything=everything)
    if not other.changes:
        parts.append(text("  Nothing enters, and nothing leaves."))
    return Group(*parts)


def best(gap: float) -> str:
    """How far the choice may be from the best one, as proven."""
    return "proven best" if gap < 5e-5 else f"within {100 * gap:.2g} % of the best"


def why(entry: Entry, entries: Sequence[Entry], *, source: bool) -> str:
    """Why an entry is not whole, with places instead of numbers."""
    said = entry.sentence.partition(": ")[2]
    if entry.duplicate_of is not None:
        place = where(entries[entry.duplicate_of].origin, entry.duplicate_of, source=source)
        said = said.replace(f"snippet {entry.duplicate_of}", place, 1)
    if entry.reason == "budget" and entry.form:
        return f"{entry.form_name}; whole {said}"
    return said or (entry.form_name if entry.form else "")


def several(values: Iterable[object]) -> bool:
    """Whether not all of them are the same."""
    return len(set(values)) > 1


def _ranked(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.need, -entry.score, entry.snippet))


_Cell = Callable[[Entry], Text]


def _columns(given: Receipt, openings: Names) -> dict[str, _Cell]:
    """How to fill each column that tells something: what is the same for all is said at the top, not in every row."""
    entries = given.entries
    source = several(entry.origin.source for entry in entries if entry.origin)
    columns: dict[str, _Cell] = {">score": lambda entry: text(f"{entry.score:.2f}")}
    columns[">tokens"] = lambda entry: text(f"{entry.tokens:,}" if entry.tokens else "")
    columns["where"] = lambda entry: text(place(entry.origin, entry.snippet))
    if any(leaf(entry.origin, source=source) for entry in entries):
        columns["document" if source else "at"] = lambda entry: text(leaf(entry.origin, source=source))
    if several(entry.need for entry in entries):
        columns["need"] = lambda entry: text((entry.need.name.lower(), "key" if entry.need is Need.MUST else "quiet"))
    if several(entry.trust for entry in entries):
        columns["trust"] = lambda entry: text((entry.trust.name.lower(), TRUST_STYLES[entry.trust]))
    columns["why"] = lambda entry: text((why(entry, entries, source=source), "quiet"))
    if openings:
        columns["words"] = lambda entry: text((" ".join(openings.get(entry.snippet, "").split()), "quiet"))
    return columns


class _Rows:
    """A table of entries. Where there is no room for it, it leaves out how they begin.

    Args:
        entries: one a row.
        columns: how to fill each column.
        wanted: which of the columns.
    """

    def __init__(self, entries: Sequence[Entry], columns: Mapping[str, _Cell], wanted: Sequence[str]) -> None:
        self._entries, self._columns, self._wanted = entries, columns, wanted

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        roomy = options.max_width >= _ROOMY or not {"document", "why"} <= set(self._wanted)
        names = [name for name in self._wanted if name != "words" or roomy]
        table = Table.grid(padding=(0, 2, 0, 0), expand="words" in names)
        table.add_column(width=0)
        for name in names:
            right = name.startswith(">")
            if name == "words":
                table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
            else:
                widest = _WIDEST.get(name)
                table.add_column(justify="right" if right else "left", no_wrap=right, max_width=widest, overflow="fold")
        table.add_row("", *(text((name.removeprefix(">"), "label")) for name in names))
        for entry in self._entries:
            table.add_row("", *(self._columns[name](entry) for name in names))
        yield table


def _rows(
    entries: Sequence[Entry], columns: Mapping[str, _Cell], wanted: Sequence[str], *, everything: bool
) -> Iterable[RenderableType]:
    # One row more takes no more room than the words "and 1 more".
    shown = entries if everything or len(entries) <= _MOST + 1 else entries[:_MOST]
    yield _Rows(shown, columns, wanted)
    if len(shown) < len(entries):
        yield text((f"  and {len(entries) - len(shown):,} more; --all shows them", "quiet"))
