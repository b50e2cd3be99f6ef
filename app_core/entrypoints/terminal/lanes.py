"""A graph beside the lines of a list: each step has a mark, and a lane down to the last step that needs its value."""

from collections import Counter
from collections.abc import Iterator, Sequence

from ...plan_view import Step

MARKS = {True: "●", False: "○"}
"""Of a step on the longest way, and of any other."""

_JOINED = {
    (False, True, True): "├",
    (False, True, False): "╰",
    (True, False, True): "┤",
    (True, False, False): "╯",
    (True, True, True): "┼",
    (True, True, False): "┴",
}
"""A lane that is needed here, by what it has beside it: a line to the left, to the right, and whether it goes on."""


def lanes(steps: Sequence[Step], before: str = "") -> Iterator[tuple[Step, str]]:
    """Every step, those inside others right after these, with what stands before its name.

    Args:
        steps: each after all that it needs.
        before: what stands before all of it.
    """
    open_for = Counter(id for step in steps for id in step.after)
    columns = list[str]()
    last = -1
    for step in steps:
        needed = {column for column, id in enumerate(columns) if id in step.after}
        for column in needed:
            open_for[columns[column]] -= 1
        closing = [column for column in sorted(needed) if not open_for[columns[column]]]
        at = closing[0] if closing else _free(columns, last)
        yield step, before + _row(columns, needed, closing, at, MARKS[step.critical])
        columns += [""] * (at + 1 - len(columns))
        for column in closing:
            columns[column] = ""
        columns[at] = step.id if open_for[step.id] else ""
        last = at
        if step.inside:
            yield from lanes(step.inside, before + "".join("│ " if id else "  " for id in columns))
        while columns and not columns[-1]:
            columns.pop()


def _free(columns: Sequence[str], last: int) -> int:
    """A lane for a step that ends none: not the one right above, which it would seem to go on."""
    return next(
        column for column in range(len(columns) + 2) if column != last and not "".join(columns[column : column + 1])
    )


def _row(columns: Sequence[str], needed: set[int], closing: Sequence[int], at: int, mark: str) -> str:
    low, high = min({at, *needed}), max({at, *needed})
    row = ""
    for column in range(max(len(columns), at + 1)):
        taken = column < len(columns) and columns[column]
        if column == at:
            row += mark
        elif column in needed:
            row += _JOINED[column > low, column < high, column not in closing]
        elif taken:
            row += "│"
        else:
            row += "─" if low < column < high else " "
        row += "─" if low <= column < high else " "
    return row.rstrip() + " "
