"""The most worth that any choice can keep: a 0/1 knapsack solved exactly."""

from collections.abc import Sequence

import numpy as np


def most_worth(worths: Sequence[int], sizes: Sequence[int], room: int) -> int:
    """The proven optimum, by dynamic programming over every number of tokens up to the room.

    Args:
        worths: of each item.
        sizes: tokens of each item.
        room: tokens for all of them together.
    """
    best = np.zeros(max(room, 0) + 1, dtype=np.int64)  # best[t]: the most worth that t tokens hold
    with_it = np.empty_like(best)
    for worth, size in zip(worths, sizes, strict=True):
        if size <= room:
            np.add(best[: room + 1 - size], worth, out=with_it[size:])
            np.maximum(best[size:], with_it[size:], out=best[size:])
    return int(best[-1])
