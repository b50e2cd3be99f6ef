"""Bars for what a prompt is made of: one that shows all of it, and a table with one for each part."""

from collections.abc import Iterable, Sequence

from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table

from ...prompt_view import Part
from .console import WIDEST, text

_SECTION_STYLES = ("cyan", "magenta", "green", "bright_blue", "bright_magenta", "bright_cyan")
_STYLES = {
    "instruction": "blue",
    "task": "yellow",
    "schema": "bright_yellow",
    "tools": "bright_yellow",
    "overhead": "bright_black",
    "margin": "bright_black",
    "free": "bright_black",
}
_SHADES = "█▓▒░"
"""Without colours, neighbours differ by these."""
_FREE = "·"
_EIGHTHS = " ▏▎▍▌▋▊▉"
_WIDEST_NAME = 28


class Stacked:
    """One bar across the screen: a stretch for each part, as long as its share.

    Args:
        parts: from left to right.
        coloured: whether colours are seen.
    """

    def __init__(self, parts: Sequence[Part], *, coloured: bool) -> None:
        self._parts, self._coloured = parts, coloured

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bar = text("  ")
        lengths = cells([part.tokens for part in self._parts], min(options.max_width, WIDEST) - 4)
        for (mark, style), length in zip(marks(self._parts, coloured=self._coloured), lengths, strict=True):
            bar.append(mark * length, style)
        yield bar


def parts_table(parts: Sequence[Part], *, coloured: bool) -> Table:
    """Each part with its tokens, its share of the room and a bar."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "right"):
        table.add_column(justify=justify, no_wrap=True)
    table.add_column(ratio=1)
    whole = sum(part.tokens for part in parts)
    largest = max((part.tokens for part in parts), default=0)
    for part, (mark, style) in zip(parts, marks(parts, coloured=coloured), strict=True):
        name = text((f"  {mark} ", style), part.name)
        name.truncate(_WIDEST_NAME + 4, overflow="ellipsis")
        bar = Bar(part.tokens, largest, style if part.kind != "free" else "quiet")
        table.add_row(name, text(f"{part.tokens:,}"), text((share(part.tokens, whole), "quiet")), bar)
    return table


class Bar:
    """A bar as long as a number's share of another, to an eighth of a column.

    Args:
        value, largest: the numbers; a bar for the largest takes all the width there is.
        style: its colour.
        most: columns at most.
        track: what stands in the columns that it leaves free.
    """

    def __init__(self, value: int, largest: int, style: str, *, most: int = 40, track: str = "") -> None:
        self._share, self._style, self._most, self._track = (value / largest if largest else 0.0), style, most, track

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, self._most)
        eighths = max(round(self._share * width * 8), 1 if self._share else 0)
        whole, rest = divmod(eighths, 8)
        bar = "█" * whole + _EIGHTHS[rest].strip()
        yield text((bar, self._style), (self._track * (width - len(bar)), "quiet"))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(1, self._most)


def share(tokens: int, whole: int) -> str:
    """`34 %`; what is there is never said to be nothing."""
    if not whole or not tokens:
        return "0 %"
    return f"{tokens / whole:.0%}".replace("%", " %") if tokens / whole >= 0.005 else "<1 %"


def marks(parts: Iterable[Part], *, coloured: bool) -> list[tuple[str, str]]:
    """The sign and the style of each part."""
    found = list[tuple[str, str]]()
    sections = 0
    for index, part in enumerate(parts):
        style = _STYLES.get(part.kind, "")
        if part.kind == "section":
            style = _SECTION_STYLES[sections % len(_SECTION_STYLES)]
            sections += 1
        sign = "█" if coloured else _SHADES[index % len(_SHADES)]
        found.append((_FREE if part.kind == "free" else sign, style))
    return found


def cells(values: Sequence[int], width: int) -> list[int]:
    """Shares a width among values: what is there gets a column at least, if there are enough, and the sum is exact."""
    whole = sum(values)
    if not whole or width < 1:
        return [0] * len(values)
    lengths = [max(1, int(value * width / whole)) if value else 0 for value in values]
    for _ in range(abs(width - sum(lengths))):
        short = sum(lengths) < width
        lacking = [value * width / whole - length for value, length in zip(values, lengths, strict=True)]
        at = max(range(len(values)), key=lambda i: lacking[i] if short else lengths[i] - values[i] / whole)
        lengths[at] += 1 if short else -1
    return lengths
