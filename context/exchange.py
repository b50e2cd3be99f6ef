"""Improves on a greedy choice: looks for exchanges among candidates about which the linear relaxation leaves doubt.

At the relaxation's price of a token, departing from its choice for a candidate loses something, and no choice that
loses more in all than the gap between bound and best can be better. That leaves a small core, through which all
choices are followed at once, and those kept that are neither dominated nor hopeless (Pisinger: A minimal algorithm for
the multiple-choice knapsack problem, 1995).
"""

from collections.abc import Sequence
from typing import NamedTuple

_MOST_STATES = 500
"""Unfinished choices followed at once. Beyond, the least promising go, and the bound stays above what they promised."""

_MOST_LOOKS = 40_000
"""Unfinished choices looked at in all, so that a hard case takes tens of milliseconds and no more."""


class Option(NamedTuple):
    """One way to treat a candidate, compared to leaving it as it is: tokens and worth added."""

    size: int
    worth: float


class Found(NamedTuple):
    """What a search found.

    Args:
        choice: index of the option for each candidate; None if nothing is better than what was known.
        bound: no choice is worth more than this.
    """

    choice: tuple[int, ...] | None
    bound: float


class Departure(NamedTuple):
    """A candidate treated otherwise than at the start, and the departures before it."""

    candidate: int
    option: int
    earlier: "Departure | None"


class _State(NamedTuple):
    """An unfinished choice. It may exceed the room as long as later departures may free some."""

    size: int
    worth: float
    last: Departure | None


def exchange(
    candidates: Sequence[Sequence[Option]], start: Sequence[int], price: float, room: int, best: float
) -> Found:
    """Looks for the choice of options that is worth most within the room.

    Args:
        candidates: the options of each.
        start: the relaxation's choice for each, as an index of its options; it fits the room.
        price: worth of a token at which the relaxation breaks off: no option of a candidate is worth more than the
            started one, once its tokens are paid for.
        room: tokens for all of them.
        best: worth of the best choice that is known.
    """
    begun = [options[at] for options, at in zip(candidates, start, strict=True)]
    size, worth = sum(option.size for option in begun), sum(option.worth for option in begun)
    ceiling = worth + price * (room - size)
    mark, found, dropped, looks = best + 1e-9 * ceiling, None, 0.0, 0
    states = [_State(size, worth, None)]
    if worth > mark:
        found, mark = states[0], worth
    for index in _core(candidates, begun, price, ceiling - mark):
        grown = list(states)
        for option, (more, gain) in enumerate(candidates[index]):
            if option == start[index]:
                continue
            more, gain = more - begun[index].size, gain - begun[index].worth
            for state in states:
                size, worth = state.size + more, state.worth + gain
                if worth + price * (room - size) > mark:
                    grown.append(_State(size, worth, Departure(index, option, state.last)))
                    if worth > mark and size <= room:
                        found, mark = grown[-1], worth
        looks += len(states) * len(candidates[index])
        states, lost = _promising(grown, price, room, mark)
        dropped = max(dropped, lost)
        if not states or looks > _MOST_LOOKS:
            break
    else:
        states = []
    open_ends = (state.worth + price * (room - state.size) for state in states)
    bound = min(ceiling, max(mark, dropped, *open_ends, best))
    return Found(_choice(start, found.last) if found else None, bound)


def _core(candidates: Sequence[Sequence[Option]], begun: Sequence[Option], price: float, margin: float) -> list[int]:
    """Candidates whose cheapest departure loses less than the margin, the least loss first."""
    losses = list[tuple[float, int]]()
    for index, (options, at) in enumerate(zip(candidates, begun, strict=True)):
        paid = at.worth - price * at.size
        loss = min((paid - (o.worth - price * o.size) for o in options if o != at), default=margin)
        if loss < margin:
            losses.append((loss, index))
    return [index for _, index in sorted(losses)]


def _promising(states: list[_State], price: float, room: int, mark: float) -> tuple[list[_State], float]:
    """The states that no other dominates and that may still beat the mark, and the most that one given up promised."""
    states.sort(key=lambda state: (state.size, -state.worth))
    kept, most = list[_State](), -1.0
    for state in states:
        if state.worth > most:
            most = state.worth
            if state.worth + price * (room - state.size) > mark:
                kept.append(state)
    if len(kept) <= _MOST_STATES:
        return kept, 0.0
    kept.sort(key=lambda state: price * state.size - state.worth)
    first_lost = kept[_MOST_STATES]
    return kept[:_MOST_STATES], first_lost.worth + price * (room - first_lost.size)


def _choice(start: Sequence[int], last: Departure | None) -> tuple[int, ...]:
    choice = list(start)
    while last:
        choice[last.candidate] = last.option
        last = last.earlier
    return tuple(choice)
