"""Chooses which form of each candidate is kept. Pure arithmetic: it knows sizes and worths, and no text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf

from .snippet import Need

Forms = tuple[int | None, ...]
"""For each candidate the form chosen, 0 being the full one, or None for left out."""


@dataclass(frozen=True)
class Candidate:
    """What `fit` knows of a snippet.

    Args:
        need: must, should or could be kept.
        score: worth of the full form within its band; each shorter form is worth half of the one before it.
        sizes: tokens of each form, the full one first; at least one.
    """

    need: Need
    score: float
    sizes: tuple[int, ...]

    @property
    def band(self) -> int:
        """Bands are served in this order. Within a need, those without a score come last and all count alike."""
        return 2 * self.need + (self.score == 0)

    def worth(self, form: int | None) -> float:
        """What keeping this form is worth within the band."""
        return 0.0 if form is None else (self.score or 1.0) * 0.5**form

    def size(self, form: int | None) -> int:
        """Tokens of this form."""
        return 0 if form is None else self.sizes[form]


def fit(candidates: Sequence[Candidate], room_tokens: int) -> Forms:
    """Chooses a form for each candidate so that much worth is kept within the room.

    Musts come first: all of them, in forms as long as lets all of them fit. They are kept in their shortest forms even
    where these exceed the room; the caller judges that. Then each band fills what the ones before it have left.
    Whatever does not fit never keeps out a smaller one that does.

    Worth kept in a band is at least half of the most that any choice could keep in the room left to that band; for
    musts only the order of the upgrades follows worth, without that promise.

    Args:
        candidates: sizes and worths, in any order; ties go to the earlier.
        room_tokens: tokens for all of them together.

    Returns:
        The chosen form of each candidate.
    """
    fitting = _Fitting(candidates, room_tokens)
    bands: dict[int, list[int]] = {}
    for index, candidate in enumerate(candidates):
        bands.setdefault(candidate.band, []).append(index)
        if candidate.need is Need.MUST:
            fitting.put(index, min(range(len(candidate.sizes)), key=candidate.sizes.__getitem__))
    for band in sorted(bands):
        fitting.fill(bands[band])
    return tuple(fitting.forms)


def worth(candidates: Sequence[Candidate], forms: Forms) -> tuple[float, ...]:
    """Worth kept in each band, the first band first, so that choices compare as tuples do."""
    kept = [0.0] * (2 * len(Need))
    for candidate, form in zip(candidates, forms, strict=True):
        kept[candidate.band] += candidate.worth(form)
    return tuple(kept)


class _Fitting:
    """A choice in the making, and the tokens it leaves."""

    def __init__(self, candidates: Sequence[Candidate], room_tokens: int) -> None:
        self.candidates = candidates
        self.forms: list[int | None] = [None] * len(candidates)
        self.left = room_tokens

    def put(self, index: int, form: int | None) -> None:
        candidate = self.candidates[index]
        self.left -= candidate.size(form) - candidate.size(self.forms[index])
        self.forms[index] = form

    def fill(self, band: Sequence[int]) -> None:
        """Gives a band what is left: the densest first, unless a single large one is worth more than all of those."""
        largest = max(self._singles(band), default=None)
        self._climb(band)
        if largest and largest[0] > sum(self.candidates[i].worth(self.forms[i]) for i in band):
            for index in band:
                self.put(index, None)
            self.put(-largest[1], -largest[2])
            self._climb(band)
        self._top_up(band)

    def _singles(self, band: Iterable[int]) -> Iterable[tuple[float, int, int]]:
        """(worth, -index, -form) of the best form of each that would fit alone. Musts are in already, never alone."""
        for index in band:
            candidate = self.candidates[index]
            if candidate.need is not Need.MUST:
                form = next((f for f, size in enumerate(candidate.sizes) if size <= self.left), None)
                if form is not None:
                    yield candidate.worth(form), -index, -form

    def _climb(self, band: Iterable[int]) -> None:
        steps = [(-density, index, form) for index in band for density, form in self._steps(index)]
        for _, index, form in sorted(steps):
            self._upgrade(index, form)

    def _steps(self, index: int) -> Iterable[tuple[float, int]]:
        """Upgrades from the form chosen so far, each the densest after the one before it: the hull of its forms."""
        candidate, form = self.candidates[index], self.forms[index]
        most = self.left + candidate.size(form)
        while form != 0:
            longer = [f for f in range(len(candidate.sizes) if form is None else form) if candidate.sizes[f] <= most]
            if not longer:
                return
            density, form = max((_density(candidate, form, f), -f) for f in longer)
            form = -form
            yield density, form

    def _top_up(self, band: Iterable[int]) -> None:
        """Spends what is left on any longer form, also on those that density alone would never choose."""
        for index in sorted(band, key=lambda i: (-self.candidates[i].score, i)):
            for form in range(len(self.candidates[index].sizes)):
                if self._upgrade(index, form):
                    break

    def _upgrade(self, index: int, form: int) -> bool:
        candidate, now = self.candidates[index], self.forms[index]
        if now is not None and form >= now:
            return False
        if candidate.size(form) - candidate.size(now) > self.left:
            return False
        self.put(index, form)
        return True


def _density(candidate: Candidate, now: int | None, form: int) -> float:
    cost = candidate.size(form) - candidate.size(now)
    gain = candidate.worth(form) - candidate.worth(now)
    return gain / cost if cost > 0 else inf
