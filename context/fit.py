"""Chooses which form of each candidate is kept. Pure arithmetic: it knows sizes and worths, and no text.

Choosing one form of each under a limit is the multiple-choice knapsack problem (Kellerer, Pferschy, Pisinger: Knapsack
Problems, 2004, chapter 11). Greedy by density of worth, with its linear relaxation as the proven bound, is within a
hair of the optimum where there are many candidates; where the two are apart, `exchange` searches among those that the
bound leaves in doubt, which for a few candidates means all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import inf
from typing import NamedTuple

from .exchange import Option, exchange
from .snippet import Need

Forms = tuple[int | None, ...]
"""For each candidate the form chosen, 0 being the full one, or None for left out."""

_CLOSE_ENOUGH = 0.001
"""A proven gap below this share of the worth is not worth searching on."""

_ROUNDING = 1e-8


class Candidate(NamedTuple):
    """What `fit` knows of a snippet, or of a group of them.

    Args:
        need: must, should or could be kept.
        score: worth of the full form within its band.
        sizes: tokens of each form, the full one first; at least one.
        shares: what each form is worth, as a share of the full one's worth, falling.
        section: index of the section whose share it may use; None if it lives on what others leave.
        needs: indices of candidates that have to be kept wherever this one is; they may be the same as others'.
    """

    need: Need
    score: float
    sizes: tuple[int, ...]
    shares: tuple[float, ...] = (1.0, 0.5, 0.25, 0.125)
    section: int | None = None
    needs: tuple[int, ...] = ()

    @property
    def band(self) -> int:
        """Bands are served in this order. Within a need, those without a score come last and all count alike."""
        return 2 * self.need + (self.score == 0)

    def worth(self, form: int | None) -> float:
        """What keeping this form is worth within the band."""
        return 0.0 if form is None else (self.score or 1.0) * self.shares[form]

    def size(self, form: int | None) -> int:
        """Tokens of this form."""
        return 0 if form is None else self.sizes[form]


class Fit(NamedTuple):
    """A choice of forms, and how good it is.

    Args:
        forms: the chosen form of each candidate.
        gap: the worth kept is less than the most that could be kept by at most this share, as proven; the largest over
            the bands, each within the room that the ones before it have left. 0 means proven to be the best.
    """

    forms: Forms
    gap: float


def fit(candidates: Sequence[Candidate], room_tokens: int, shares_tokens: Sequence[int] = ()) -> Fit:
    """Chooses a form for each candidate so that as much worth as possible is kept within the room.

    Musts come first: all of them, in forms as long as lets all of them fit. They are kept in their shortest forms even
    where these exceed the room; the caller judges that. Then each section fills its share. What all of them have left
    goes to whatever is worth most. In a section and in the rest, a band is served before the next: no could keeps out a
    should. Whatever does not fit never keeps out a smaller one that does.

    Args:
        candidates: sizes and worths, in any order; ties go to the earlier.
        room_tokens: tokens for all of them together.
        shares_tokens: tokens that each section has for its own candidates first.

    Returns:
        The choice and its proven gap. Without shares and needs, worth kept in a band of shoulds or coulds is at least
        half of the most that could be.
    """
    musts = [i for i, c in enumerate(candidates) if c.need is Need.MUST]
    others = [i for i, c in enumerate(candidates) if c.need is not Need.MUST]
    fitting = _Fitting(candidates, room_tokens)
    for index in musts:
        fitting.take(index, fitting.shortest(index))
    fitting.fill(musts, fitting.left)
    for section, share in enumerate(shares_tokens):
        used = sum(candidates[i].size(fitting.forms[i]) for i in musts if candidates[i].section == section)
        fitting.fill([i for i in others if candidates[i].section == section], min(share - used, fitting.left))
    fitting.fill(others, fitting.left)
    return Fit(tuple(fitting.forms), fitting.gap)


def worth(candidates: Sequence[Candidate], forms: Forms) -> tuple[float, ...]:
    """Worth kept in each band, the first band first, so that choices compare as tuples do."""
    kept = [0.0] * (2 * len(Need))
    for candidate, form in zip(candidates, forms, strict=True):
        if form is not None:
            kept[candidate.band] += candidate.worth(form)
    return tuple(kept)


_Step = tuple[float, int, int, float, int]
"""Lengthening a candidate: (falling density of worth, which orders steps; index; form; worth gained; tokens)."""


class _Relaxation(NamedTuple):
    """The choice that takes steps in order until one does not fit, and the most that any choice can gain.

    Args:
        forms: by index of those that a step was taken for.
        price: density of the first step that does not fit; 0 if all do.
        bound: what the steps taken gain, and the share of that step for which there is room.
    """

    forms: dict[int, int]
    price: float
    bound: float


class _Fitting:
    """A choice in the making: the tokens it leaves, and the worth kept in each band."""

    def __init__(self, candidates: Sequence[Candidate], room_tokens: int) -> None:
        self.candidates = candidates
        self.forms: list[int | None] = [None] * len(candidates)
        self.left = room_tokens
        self.kept = [0.0] * (2 * len(Need))
        self.gap = 0.0
        needing = [index for index, candidate in enumerate(candidates) if candidate.needs]
        self.bound_up = {*needing, *(needed for index in needing for needed in candidates[index].needs)}

    def fill(self, indices: Iterable[int], room: int) -> None:
        """Lengthens these candidates within the room, one band after the other."""
        bands = dict[int, list[int]]()
        for index in indices:
            bands.setdefault(self.candidates[index].band, []).append(index)
        for band, members in sorted(bands.items()):
            left = self.left
            self._fill_band(band, members, room)
            room -= left - self.left

    def _fill_band(self, band: int, members: Sequence[int], room: int) -> None:
        spare, base = self.left - room, self.kept[band]
        before = [self.forms[index] for index in members]
        steps = self._steps(members, room)
        bound = _relax(steps, room).bound
        if self.bound_up.isdisjoint(members):
            self._walk(steps, spare)
        else:
            self._walk_both_ways(band, steps, spare)
        if base + bound - self.kept[band] > _CLOSE_ENOUGH * (base + bound):
            bound = self._exchange(dict(zip(members, before, strict=True)), steps, bound, spare)
        self._top_up(members, spare)
        if bound > 0:
            gap = 1 - self.kept[band] / (base + bound)
            self.gap = max(self.gap, gap if gap > _ROUNDING else 0.0)

    def _walk(self, steps: Iterable[_Step], spare: int) -> None:
        """Takes the steps in this order, leaving out those for which there is no room."""
        for _, index, form, _, cost in steps:
            if cost <= self.left - spare:
                self._lengthen(index, form, spare)

    def _walk_both_ways(self, band: int, steps: Iterable[_Step], spare: int) -> None:
        """Walks by density of each alone, then of each with all that it needs, and keeps what is worth more."""
        begun = list(self.forms), self.left, list(self.kept)
        in_company = sorted(self._in_company(step, self.left - spare) for step in steps)
        self._walk(steps, spare)
        alone = self.forms, self.left, self.kept
        self.forms, self.left, self.kept = begun
        self._walk(in_company, spare)
        if self.kept[band] <= alone[2][band]:
            self.forms, self.left, self.kept = alone

    def _in_company(self, step: _Step, room: int) -> _Step:
        _, index, form, gain, cost = step
        band, size, worth = self.candidates[index].band, cost, gain
        for needed in self._missing(index):
            shortest, candidate = self.shortest(needed), self.candidates[needed]
            size += candidate.sizes[shortest]
            worth += candidate.worth(shortest) if candidate.band == band else 0.0
            if size > room:
                return 0.0, index, form, gain, cost
        return (-worth / size if size > 0 else -inf), index, form, gain, cost

    def shortest(self, index: int) -> int:
        """The form with the fewest tokens."""
        sizes = self.candidates[index].sizes
        return sizes.index(min(sizes))

    def take(self, index: int, form: int) -> None:
        """Lengthens a candidate, and keeps whatever it needs."""
        for needed in list(self._missing(index)):
            self._put(needed, self.shortest(needed))
        self._put(index, form)

    def _put(self, index: int, form: int | None) -> None:
        candidate, now = self.candidates[index], self.forms[index]
        self.left += candidate.size(now) - candidate.size(form)
        self.kept[candidate.band] += candidate.worth(form) - candidate.worth(now)
        self.forms[index] = form

    def _missing(self, index: int) -> Iterator[int]:
        """What a candidate needs, directly or through others, and is not kept yet."""
        found, open_ends = {index}, [index]
        while open_ends:
            for needed in self.candidates[open_ends.pop()].needs:
                if needed not in found and self.forms[needed] is None:
                    found.add(needed)
                    open_ends.append(needed)
                    yield needed

    def _lengthen(self, index: int, form: int, spare: int) -> bool:
        """Lengthens a candidate, with what it needs, if there is room."""
        candidate, now = self.candidates[index], self.forms[index]
        if now is not None and form >= now:
            return False
        left = self.left - spare - candidate.sizes[form] + candidate.size(now)
        for needed in self._missing(index) if candidate.needs and left >= 0 else ():
            left -= min(self.candidates[needed].sizes)
            if left < 0:
                break
        if left < 0:
            return False
        self.take(index, form)
        return True

    def _steps(self, members: Iterable[int], room: int) -> list[_Step]:
        """All steps for which there may be room, the densest first."""
        steps = list[_Step]()
        for index in members:
            candidate, now = self.candidates[index], self.forms[index]
            if len(candidate.sizes) > 1:
                steps += self._hull(index, room)
            elif now is None and (size := candidate.size(0)) <= room:
                worth = (candidate.score or 1.0) * candidate.shares[0]
                steps.append((-worth / size if size else -inf, index, 0, worth, size))
        steps.sort()
        return steps

    def _hull(self, index: int, room: int) -> Iterable[_Step]:
        """Steps to longer forms, each the densest after the one before it: the upper hull of worth over size."""
        candidate, now = self.candidates[index], self.forms[index]
        size, worth = candidate.size(now), candidate.worth(now)
        most = room + size
        while now != 0:
            best: _Step | None = None
            for form in range(len(candidate.sizes) if now is None else now):
                cost = candidate.sizes[form] - size
                if candidate.sizes[form] <= most:
                    gain = candidate.worth(form) - worth
                    step = (-gain / cost if cost > 0 else -inf, index, form, gain, cost)
                    best = min(best, step) if best else step
            if best is None:
                return
            yield best
            now = best[2]
            size, worth = candidate.sizes[now], candidate.worth(now)

    def _exchange(self, before: dict[int, int | None], steps: Sequence[_Step], bound: float, spare: int) -> float:
        """Looks for a better choice, and gives the bound as it then stands.

        What needs others or is needed stays as it is: its tokens depend on more than itself.
        """
        free = [index for index in before if index not in self.bound_up]
        forms = [_longer(before[index], len(self.candidates[index].sizes)) for index in free]
        options = [[self._option(i, before[i], form) for form in of] for i, of in zip(free, forms, strict=True)]
        now = [options[at][of.index(self.forms[i])] for at, (i, of) in enumerate(zip(free, forms, strict=True))]
        room = self.left - spare + sum(option.size for option in now)
        relaxed = _relax([step for step in steps if step[1] not in self.bound_up], room)
        start = [of.index(relaxed.forms.get(i, before[i])) for i, of in zip(free, forms, strict=True)]
        found = exchange(options, start, relaxed.price, room, sum(option.worth for option in now))
        if found.choice:
            for i, of, option in zip(free, forms, found.choice, strict=True):
                self._put(i, of[option])
        return min(bound, found.bound) if len(free) == len(before) else bound

    def _option(self, index: int, before: int | None, form: int | None) -> Option:
        candidate = self.candidates[index]
        return Option(candidate.size(form) - candidate.size(before), candidate.worth(form) - candidate.worth(before))

    def _top_up(self, members: Iterable[int], spare: int) -> None:
        """Spends what is left on any longer form, also on those that density alone would never choose."""
        for index in sorted(self._wanting(members, self.left - spare), key=lambda i: (-self.candidates[i].score, i)):
            for form in range(len(self.candidates[index].sizes)):
                if self._lengthen(index, form, spare):
                    break

    def _wanting(self, members: Iterable[int], room: int) -> Iterable[int]:
        """Those with a longer form for which there is room."""
        for index in members:
            now = self.forms[index]
            if now != 0:
                sizes = self.candidates[index].sizes
                least = sizes[0] if len(sizes) == 1 else min(sizes[:now]) - (sizes[now] if now else 0)
                if least <= room:
                    yield index


def _longer(now: int | None, forms: int) -> list[int | None]:
    """The form chosen so far and all longer ones."""
    return [now, *range(forms if now is None else now)]


def _relax(steps: Sequence[_Step], room: int) -> _Relaxation:
    forms, bound = dict[int, int](), 0.0
    for falling_density, index, form, gain, cost in steps:
        if cost > room:
            return _Relaxation(forms, -falling_density, bound - falling_density * room)
        room -= cost
        bound += gain
        forms[index] = form
    return _Relaxation(forms, 0.0, bound)
