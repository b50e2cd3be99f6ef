"""Chooses how much of a conversation's end is kept, so that its start moves seldom."""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate

STEPS_PER_SHARE = 2
"""Once a conversation outgrows its share, its start moves by half a share at a time: each move costs the prompt cache
all that comes after it, and makes room for so much growth."""


def newest(sizes: Sequence[int], room_tokens: int) -> int:
    """Says from which turn on a conversation is kept.

    The answer depends on nothing but the turns, so it needs no memory: the start lies at the first turn that begins
    at or after a multiple of the step. As turns are added, it stays where it is until the next step is due. A turn so
    large that half a step would be lost behind it is kept for as long as it fits.

    Args:
        sizes: tokens of each turn, the oldest first.
        room_tokens: for all that is kept.

    Returns:
        Index of the first turn kept; the number of turns if none is.
    """
    begins = [0, *accumulate(sizes)]
    excess = begins[-1] - room_tokens
    if excess <= 0:
        return 0
    step = max(1, room_tokens // STEPS_PER_SHARE)
    start = -(-excess // step) * step
    first = bisect_left(begins, start)
    lost = begins[first] - start
    return first - 1 if lost > step // 2 and begins[first - 1] >= excess else first
