"""Which tasks lie on the longest way through a workflow."""

from __future__ import annotations

from collections.abc import Sequence

from .figures import SLACK, Need


def critical(need: Need, before: Sequence[Sequence[int]], seconds: Sequence[float]) -> list[bool]:
    """Whether each task is on the longest way; of two ways as long, the first is taken.

    Args:
        need: of the selection.
        before: of each task, those that it waits for.
        seconds: that each task takes.
    """
    on_way = [False] * len(before)
    ends_s = [start + own for start, own in zip(need.starts_s, seconds, strict=True)]
    current = max(range(len(ends_s)), key=ends_s.__getitem__, default=None)
    while current is not None:
        on_way[current] = True
        latest = need.starts_s[current] * (1 - SLACK)
        current = next((other for other in before[current] if ends_s[other] >= latest), None)
    return on_way
