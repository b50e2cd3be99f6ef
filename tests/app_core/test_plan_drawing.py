"""How a workflow is drawn: nothing overlaps, every arrow goes to the right, and lanes say what the graph says."""

from collections.abc import Sequence
from importlib import import_module
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rheostat.app_core.entrypoints.page.layers import Box, Sheet, apart, layers, sheet
from rheostat.app_core.entrypoints.terminal.lanes import lanes
from rheostat.app_core.plan_view import Step, flat
from rheostat.dag import Chosen, Forecast

networkx: Any = import_module("networkx")  # it has no types


def step(id: str, *after: str, inside: tuple[Step, ...] = (), critical: bool = False, rank_s: float = 0.0) -> Step:
    chosen = Chosen(choice=None, forecast=Forecast(), critical=critical, rank_s=rank_s)
    return Step(id, id, "copies" if inside else "code", after=after, inside=inside, chosen=chosen)


@st.composite
def graphs(draw: st.DrawFn, prefix: str = "", deep: bool = True) -> tuple[Step, ...]:
    """Steps in an order in which they can run; now and then one that holds others."""
    steps = list[Step]()
    for number in range(draw(st.integers(1, 9))):
        ids = [before.id for before in steps]
        after = draw(st.lists(st.sampled_from(ids), unique=True, max_size=4)) if ids else []
        id = f"{prefix}{number}"
        inside = draw(graphs(f"{id}/", False)) if deep and draw(st.integers(0, 5)) == 0 else ()
        steps.append(step(id, *after, inside=inside))
    return tuple(steps)


def overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (beside or one.y + one.height <= other.y or other.y + other.height <= one.y)


@given(graphs())
def test_boxes_keep_apart_and_within_what_holds_them(steps: tuple[Step, ...]) -> None:
    def look(drawn: Sheet) -> None:
        assert not [pair for pair in combinations(drawn.boxes, 2) if overlap(*pair)]
        for box in drawn.boxes:
            assert box.x >= 0 and box.x + box.width <= drawn.width + 1e-6
            assert box.y >= -1e-6 and box.y + box.height <= drawn.height + 1e-6
            if box.inside:
                assert box.inside.width < box.width and box.inside.height < box.height
                look(box.inside)

    drawn = sheet(steps)
    assert [box.step for box in drawn.boxes] == list(steps)
    look(drawn)


@given(graphs(deep=False))
def test_layers_are_the_topological_generations(steps: tuple[Step, ...]) -> None:
    drawn = networkx.DiGraph()
    drawn.add_nodes_from(step.id for step in steps)
    drawn.add_edges_from((before, step.id) for step in steps for before in step.after)
    generations: Any = networkx.topological_generations(drawn)
    assert layers(steps) == {id: number for number, ids in enumerate(generations) for id in ids}


@given(graphs(deep=False))
def test_every_arrow_can_be_followed_from_box_to_box_and_passes_behind_none(steps: tuple[Step, ...]) -> None:
    drawn = sheet(steps)
    starts = {(round(box.x + box.width, 3), round(box.y + box.height / 2, 3)): box.step.id for box in drawn.boxes}
    ends = {(round(box.x, 3), round(box.y + box.height / 2, 3)): box.step.id for box in drawn.boxes}
    onward = dict[tuple[float, float], list[tuple[float, float, bool]]]()
    for piece in drawn.segments:
        assert piece.x1 < piece.x2
        onward.setdefault((round(piece.x1, 3), round(piece.y1, 3)), []).append(
            (round(piece.x2, 3), round(piece.y2, 3), piece.ends)
        )
        if piece.y1 == piece.y2:
            middle = (piece.x1 + piece.x2) / 2
            assert not [b for b in drawn.boxes if b.x < middle < b.x + b.width and b.y < piece.y1 < b.y + b.height]

    def reached(at: tuple[float, float]) -> set[str]:
        found = set[str]()
        for x, y, is_end in onward.get(at, ()):
            found |= {ends[x, y]} if is_end else reached((x, y))
        return found

    arrows = {(start, end) for at, start in starts.items() for end in reached(at)}
    assert arrows == {(before, one.id) for one in steps for before in one.after}


@given(st.lists(st.tuples(st.floats(-1000, 1000), st.floats(1, 100)), max_size=12))
def test_places_are_moved_no_more_than_keeping_apart_takes(places: list[tuple[float, float]]) -> None:
    wanted, sizes = [want for want, _ in places], [size for _, size in places]
    found = apart(wanted, sizes)
    for at in range(len(found) - 1):
        assert found[at + 1] - found[at] >= (sizes[at] + sizes[at + 1]) / 2 - 1e-6
    moved = sum((want - at) ** 2 for want, at in zip(wanted, found, strict=True))
    for shift in (-1.0, 1.0):  # all to one side is still apart, and must not be nearer
        assert sum((want - at - shift) ** 2 for want, at in zip(wanted, found, strict=True)) >= moved - 1e-6
    assert apart(found, sizes) == pytest.approx(found)


def decoded(rows: Sequence[tuple[Step, str]]) -> set[tuple[str, str]]:
    """The arrows that somebody reads from the lanes."""
    owners, arrows = dict[int, str](), set[tuple[str, str]]()
    for of, before in rows:
        signs = before[::2]
        at = next(column for column, sign in enumerate(signs) if sign in "●○")
        for column, owner in [*owners.items()]:
            sign = signs[column] if column < len(signs) else " "
            if sign in "├┤┼╰╯┴" or column == at:
                arrows.add((owner, of.id))
            if sign not in "│├┤┼":
                del owners[column]
        owners[at] = of.id
    return arrows


@given(graphs(deep=False))
def test_the_lanes_say_what_the_graph_says(steps: tuple[Step, ...]) -> None:
    rows = list(lanes(steps))
    assert [of for of, _ in rows] == list(steps)
    assert decoded(rows) == {(before, one.id) for one in steps for before in one.after}


@given(graphs())
def test_what_a_step_holds_stands_right_below_it_and_beside_the_open_lanes(steps: tuple[Step, ...]) -> None:
    rows = list(lanes(steps))
    assert [of for of, _ in rows] == list(flat(steps))
    outer = [(of, before) for of, before in rows if "/" not in of.id]
    assert decoded(outer) == {(before, one.id) for one in steps for before in one.after}


def test_a_chain_is_one_lane_and_what_comes_after_an_end_does_not_seem_to_go_on_from_it() -> None:
    chain = (step("a"), step("b", "a", critical=True), step("c", "b"))
    assert [before for _, before in lanes(chain)] == ["○ ", "● ", "○ "]
    apart_from_it = (step("a"), step("b"), step("c"))
    marks = [before.index("○") for _, before in lanes(apart_from_it)]
    assert all(one != other for one, other in zip(marks, marks[1:], strict=False))


def test_lanes_join_from_both_sides() -> None:
    steps = (step("a"), step("b"), step("c"), step("d", "a", "b", "c"), step("e", "a"))
    assert [before for _, before in lanes(steps)] == ["○ ", "│ ○ ", "│ │ ○ ", "├─○─╯ ", "○ "]


def test_five_hundred_steps_and_one_are_drawn() -> None:
    many = tuple(step(f"n{n}", *(f"n{m}" for m in {n // 2, max(0, n - 20)} if m < n)) for n in range(500))
    drawn = sheet(many)
    assert len(drawn.boxes) == 500 and len(drawn.segments) < 20_000
    (alone,) = sheet((step("a"),)).boxes
    assert (alone.x, alone.y) == (0, alone.y) and not sheet(()).boxes
