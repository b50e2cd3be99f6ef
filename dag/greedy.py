"""Small steps that mend a selection: away from what exceeds the caps, then up to what still fits.

With a first selection to start from they are a planner of their own, for where there is no solver.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from .figures import SLACK, Caps, Figures, Found, Need, Selection, Way, unit
from .priced import priced

_PATIENCE = 4
"""Steps a task before a repair gives up: two tasks may take turns at exceeding the one cap and the other."""


def greedy(figures: Figures, caps: Caps) -> Found:
    """A selection within the caps if one is near: by small steps from where a price leads, or from an end."""
    starts = [priced(figures, caps)]
    if overrun(figures, starts[0], caps):
        starts += [figures.fastest(), figures.least_by(lambda way: way.usd)]
    ends = [repaired(figures, start, caps) for start in starts]
    least = min(ends, key=lambda end: (overrun(figures, end, caps), -figures.worth(end)))
    bound = figures.worth([0] * len(figures.ways))
    return Found(improved(figures, least, caps), bound, 0.0, 0.0, "greedy")


def overrun(figures: Figures, selection: Selection, caps: Caps) -> float:
    """By which share of them a selection exceeds the caps."""
    need = figures.need(selection)
    return figures.overrun(need.usd, need.seconds, caps)


def repaired(figures: Figures, selection: Selection, caps: Caps) -> Selection:
    """Other ways, those that lose the least worth for what they mend first, until nothing is exceeded or nothing helps.

    Args:
        figures: of the problem.
        selection: to begin with.
        caps: that it may exceed.

    Returns:
        The first selection within the caps, or the one seen that exceeds them least.
    """
    now, best, least = list(selection), list(selection), inf
    for _ in range(_PATIENCE * len(now) + 1):
        need = figures.need(now)
        overrun = figures.overrun(need.usd, need.seconds, caps)
        if overrun < least:
            best, least = list(now), overrun
        step = _mending(figures, now, need, caps) if overrun > 0 else None
        if step is None:
            break
        now[step.task] = step.way
    return best


def improved(figures: Figures, selection: Selection, caps: Caps) -> Selection:
    """Ways worth more, for as long as there is room; those that take the least of it for what they give first.

    Args:
        figures: of the problem.
        selection: to begin with.
        caps: what it exceeds already, it may exceed as far; nothing else is exceeded.
    """
    now = list(selection)
    need = figures.need(now)
    roomy = Caps(max(caps.usd, need.usd), max(caps.seconds, need.seconds))
    while True:
        room = _Room(figures, now, roomy)
        steps = sorted(_upgrades(figures, now, room), key=lambda step: (-step.gain, step.task))
        for step in steps:
            current, way = (figures.ways[step.task][index] for index in (now[step.task], step.way))
            if way.worth > current.worth and room.fits(step.task, current, way):
                room.take(step.task, current, way)
                now[step.task] = step.way
        if not steps:
            return now


@dataclass(frozen=True, slots=True)
class _Step:
    task: int
    way: int
    gain: float


def _mending(figures: Figures, selection: Selection, need: Need, caps: Caps) -> _Step | None:
    """The step that loses the least worth for each share of the excess that it takes away."""
    best: _Step | None = None
    excess = _Excess(figures, selection, need, caps)
    for task, index in enumerate(selection):
        current = figures.ways[task][index]
        for other, way in enumerate(figures.ways[task]):
            relief = excess.now - excess.after(task, way) if other != index else 0.0
            if relief > SLACK * excess.now:
                gain = (way.worth - current.worth) / relief
                if best is None or gain > best.gain:
                    best = _Step(task, other, gain)
    return best


class _Excess:
    """How far a selection is above the caps in all, and about how far it would be after a step."""

    def __init__(self, figures: Figures, selection: Selection, need: Need, caps: Caps) -> None:
        self._figures, self._caps, self._need = figures, caps, need
        self._chosen = figures.chosen(selection)
        *others, self._roomiest = sorted((way.room_usd, task) for task, way in enumerate(self._chosen))
        self._next_room = others[-1][0] if others else 0.0
        self._usd = need.usd - need.room_usd
        self._usd_unit = unit(caps.usd, figures.least.usd)
        self._second_unit = unit(caps.seconds, figures.least.seconds)
        self._longest_s = max(map(float.__add__, need.starts_s, need.rests_s))
        self.now = self._sum(need.usd, self._longest_s, need.busy_s)

    def after(self, task: int, new: Way) -> float:
        """The excess if another way of a task were taken."""
        old, need = self._chosen[task], self._need
        others = self._next_room if task == self._roomiest[1] else self._roomiest[0]
        usd = self._usd + new.usd - old.usd + max(others, new.room_usd)
        way_s = need.starts_s[task] + need.rests_s[task]
        longer_s = new.seconds - old.seconds
        is_critical = way_s >= self._longest_s * (1 - SLACK)
        longest_s = self._longest_s + longer_s if is_critical else max(self._longest_s, way_s + longer_s)
        return self._sum(usd, longest_s, need.busy_s + new.busy_s - old.busy_s)

    def _sum(self, usd: float, longest_s: float, busy_s: float) -> float:
        """Each cap apart, so that what mends one of two is seen to help."""
        work_s, deadline_s = busy_s / self._figures.slots, self._caps.seconds
        excess = (usd - self._caps.usd) / self._usd_unit if usd > self._caps.usd else 0.0
        for taken_s in (longest_s, work_s):
            if taken_s > deadline_s:
                excess += (taken_s - deadline_s) / self._second_unit
        return excess


def _upgrades(figures: Figures, selection: Selection, room: _Room) -> Iterator[_Step]:
    """Steps to what is worth more and fits."""
    caps = room.caps
    for task, index in enumerate(selection):
        current = figures.ways[task][index]
        for other, way in enumerate(figures.ways[task][:index]):
            if way.worth > current.worth and room.fits(task, current, way):
                usd, seconds = max(0.0, way.usd - current.usd), max(0.0, way.seconds - current.seconds)
                takes = usd / max(caps.usd, SLACK) + seconds / max(caps.seconds, SLACK)
                yield _Step(task, other, (way.worth - current.worth) / (takes + SLACK))


class _Room:
    """What a selection leaves of the caps. What it takes may be reckoned somewhat too high, never too low."""

    def __init__(self, figures: Figures, selection: Selection, caps: Caps) -> None:
        self.caps = caps
        self._figures, self._need = figures, figures.need(selection)
        self._own_s = [way.seconds for way in figures.chosen(selection)]
        self._usd = self._need.usd - self._need.room_usd
        self._room_usd, self._busy_s = self._need.room_usd, self._need.busy_s

    def fits(self, task: int, current: Way, way: Way) -> bool:
        """Whether the caps are kept if one task runs another way."""
        usd = self._usd + way.usd - current.usd + max(self._room_usd, way.room_usd)
        way_s = self._need.starts_s[task] + self._need.rests_s[task] + way.seconds - current.seconds
        busy_s = self._busy_s + way.busy_s - current.busy_s
        return not self._figures.overrun(usd, max(way_s, busy_s / self._figures.slots), self.caps)

    def take(self, task: int, current: Way, way: Way) -> None:
        """One task runs another way from now on."""
        self._usd += way.usd - current.usd
        self._busy_s += way.busy_s - current.busy_s
        self._room_usd = max(self._room_usd, way.room_usd)
        if way.seconds > current.seconds:
            self._own_s[task] += way.seconds - current.seconds
            self._need.rests_s[task] += way.seconds - current.seconds
            self._push(task, self._need.starts_s, self._figures.after)
            self._push(task, self._need.rests_s, self._figures.before)

    def _push(self, task: int, lengths_s: list[float], onward: list[list[int]]) -> None:
        """Makes the ways through a task longer, in one direction."""
        is_forward, moved = lengths_s is self._need.starts_s, [task]
        while moved:
            one = moved.pop()
            for other in onward[one]:
                length_s = lengths_s[one] + self._own_s[one if is_forward else other]
                if length_s > lengths_s[other]:
                    lengths_s[other] = length_s
                    moved.append(other)
