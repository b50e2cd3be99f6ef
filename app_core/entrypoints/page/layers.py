"""Where the boxes and lines of a drawn workflow go: layers from left to right, few crossings, little bending. Pure.

Boxes stand in the layer after the last of what they wait for (topological generations). A line that passes a layer
takes a place in it like a box does, so that it goes between the boxes and not behind them; lines from one box share it.
Within a layer the order is that of the neighbours' mean (Sugiyama's barycentre), and the heights are the nearest to it
that leave no overlap (isotonic regression).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...plan_view import Step, followed

SMALL = (176, 48)
"""Width and height of a box, in pixels."""
LARGE = (246, 92)
"""Of a step that calls a model, with room for what it costs."""
BETWEEN_LAYERS = 46
MORE_BETWEEN_LAYERS = 90
BETWEEN_BOXES = 18
BETWEEN_LINES = 8
PADDING = 16
HEADER = 36
_SWEEPS = 12
_STEEPEST = 12


class Place(NamedTuple):
    """A place in a layer: a box in its own layer, and in later ones the lines that come from it."""

    id: str
    layer: int


class Segment(NamedTuple):
    """A piece of a line, from left to right; `critical` if the longest way goes along it, `ends` if at a box."""

    x1: float
    y1: float
    x2: float
    y2: float
    critical: bool
    ends: bool


@dataclass(frozen=True)
class Box:
    """A step, and where it stands: its left upper corner and its size, in pixels within what holds it."""

    step: Step
    x: float
    y: float
    width: float
    height: float
    inside: "Sheet | None" = None


@dataclass(frozen=True)
class Sheet:
    """What is drawn, and how large it is, in pixels."""

    boxes: tuple[Box, ...]
    segments: tuple[Segment, ...]
    width: float
    height: float


Links = Mapping[Place, Sequence[Place]]


def sheet(steps: Sequence[Step]) -> Sheet:
    """Places steps that stand beside one another, and inside them what they hold."""
    inside = {step.id: sheet(step.inside) for step in steps if step.inside}
    sizes = {step.id: _size(step, inside.get(step.id)) for step in steps}
    layer = layers(steps)
    columns, before, after = _columned(steps, layer)
    for column in columns:
        column.sort(key=lambda place: place.layer != layer[place.id])
    _order(columns, before, after)
    heights = {
        p: sizes[p.id][1] + BETWEEN_BOXES if p.layer == layer[p.id] else BETWEEN_LINES for c in columns for p in c
    }
    middle = _middles(columns, before, after, heights)
    top = min((middle[p] - heights[p] / 2 for p in middle), default=0.0)
    middle = {place: y - top for place, y in middle.items()}
    widths = [max((sizes[p.id][0] for p in column if p.layer == layer[p.id]), default=0.0) for column in columns]
    lefts = _lefts(columns, widths, middle, before)
    boxes = tuple(
        Box(
            step,
            lefts[layer[step.id]],
            middle[Place(step.id, layer[step.id])] - sizes[step.id][1] / 2,
            *sizes[step.id],
            inside.get(step.id),
        )
        for step in steps
    )
    return Sheet(
        boxes,
        tuple(_segments(steps, layer, middle, lefts, widths, sizes)),
        lefts[-1] + widths[-1] if widths else 0.0,
        max((middle[place] + heights[place] / 2 for place in middle), default=0.0),
    )


def _size(step: Step, inside: Sheet | None) -> tuple[float, float]:
    if inside is None:
        return LARGE if step.calls_model else SMALL
    return max(LARGE[0], inside.width + 2 * PADDING), inside.height + HEADER + PADDING


def layers(steps: Sequence[Step]) -> dict[str, int]:
    """The number of each step's layer: one more than the highest of those that it waits for, which come before it."""
    found = dict[str, int]()
    for step in steps:
        found[step.id] = max((found[before] + 1 for before in step.after), default=0)
    return found


def _columned(
    steps: Sequence[Step], layer: Mapping[str, int]
) -> tuple[list[list[Place]], dict[Place, list[Place]], dict[Place, list[Place]]]:
    """The places of each layer, and which of the neighbouring layers each is linked to."""
    columns: list[list[Place]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    before, after = dict[Place, list[Place]](), dict[Place, list[Place]]()
    for step in steps:
        columns[layer[step.id]].append(Place(step.id, layer[step.id]))
    for step in steps:
        for source in step.after:
            at = Place(source, layer[source])
            for number in range(layer[source] + 1, layer[step.id] + 1):
                ends = number == layer[step.id]
                following = Place(step.id if ends else source, number)
                if not ends and following not in before:
                    columns[number].append(following)
                if at not in before.setdefault(following, []):
                    before[following].append(at)
                    after.setdefault(at, []).append(following)
                at = following
    return columns, before, after


def _order(columns: list[list[Place]], before: Links, after: Links) -> None:
    """Sorts each column by where its neighbours stand, to and fro."""
    rank = {place: n - len(column) / 2 for column in columns for n, place in enumerate(column)}
    for sweep in range(_SWEEPS):
        near = before if sweep % 2 == 0 else after
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = {place: _mean((rank[n] for n in near.get(place, ())), rank[place]) for place in column}
            column.sort(key=lambda place: wanted[place])
            rank.update((place, n - len(column) / 2) for n, place in enumerate(column))


def _middles(
    columns: Sequence[Sequence[Place]], before: Links, after: Links, heights: Mapping[Place, float]
) -> dict[Place, float]:
    """The height at which each place stands: as near to its neighbours' as the others in its column allow."""
    middle = dict[Place, float]()
    for column in columns:
        middle.update(zip(column, apart([0.0] * len(column), [heights[place] for place in column]), strict=True))
    for sweep in range(_SWEEPS):
        near = before if sweep % 2 == 0 else after
        for column in columns if sweep % 2 == 0 else reversed(columns):
            wanted = [_mean((middle[n] for n in near.get(place, ())), middle[place]) for place in column]
            middle.update(zip(column, apart(wanted, [heights[place] for place in column]), strict=True))
    return middle


def apart(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Middles in the given order, without overlap, with the least squared distance to those wanted.

    What remains after the room that all must keep is taken off is an isotonic regression: neighbours in the wrong order
    are pooled at their mean.
    """
    offsets = [0.0]
    for one, other in zip(sizes, sizes[1:], strict=False):
        offsets.append(offsets[-1] + (one + other) / 2)
    pools = list[tuple[float, int]]()
    for value, offset in zip(wanted, offsets, strict=False):
        total, number = value - offset, 1
        while pools and pools[-1][0] / pools[-1][1] > total / number:
            total, number = total + pools[-1][0], number + pools[-1][1]
            pools.pop()
        pools.append((total, number))
    level = (total / number for total, number in pools for _ in range(number))
    return [value + offset for value, offset in zip(level, offsets, strict=False)]


def _lefts(
    columns: Sequence[Sequence[Place]], widths: Sequence[float], middle: Mapping[Place, float], before: Links
) -> list[float]:
    """Where each layer begins: further from the one before where lines between them go steeply up or down."""
    lefts = list[float]()
    for number, column in enumerate(columns):
        if not number:
            lefts.append(0.0)
            continue
        steepest = max((abs(middle[p] - middle[n]) for p in column for n in before.get(p, ())), default=0.0)
        between = BETWEEN_LAYERS + min(steepest / _STEEPEST, MORE_BETWEEN_LAYERS)
        lefts.append(lefts[-1] + widths[number - 1] + between)
    return lefts


def _segments(
    steps: Sequence[Step],
    layer: Mapping[str, int],
    middle: Mapping[Place, float],
    lefts: Sequence[float],
    widths: Sequence[float],
    sizes: Mapping[str, tuple[float, float]],
) -> Iterable[Segment]:
    """Each line in pieces, every piece once. Those of the longest way come last, and so lie on top."""
    critical = followed(steps)
    pieces = dict[tuple[Place, Place], bool]()
    for step in steps:
        for source in step.after:
            passed = [Place(source, number) for number in range(layer[source], layer[step.id])]
            on_the_way = (source, step.id) in critical
            for one, other in zip(passed, [*passed[1:], Place(step.id, layer[step.id])], strict=True):
                pieces[one, other] = pieces.get((one, other), False) or on_the_way
    drawn = dict[tuple[float, float, float, float, bool], bool]()
    for (one, other), on_the_way in pieces.items():
        right = lefts[one.layer]
        if one.layer == layer[one.id]:
            right += sizes[one.id][0]
        else:
            passing = (right, middle[one], right + widths[one.layer], middle[one], False)
            drawn[passing] = drawn.get(passing, False) or on_the_way
            right += widths[one.layer]
        ends = other.layer == layer[other.id]
        drawn[right, middle[one], lefts[other.layer], middle[other], ends] = on_the_way
    for (x1, y1, x2, y2, ends), on_the_way in sorted(drawn.items(), key=lambda piece: piece[1]):
        yield Segment(x1, y1, x2, y2, on_the_way, ends)


def _mean(values: Iterable[float], otherwise: float) -> float:
    listed = list(values)
    return sum(listed) / len(listed) if listed else otherwise
