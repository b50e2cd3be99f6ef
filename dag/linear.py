"""The planner's figures as a linear program, solved by HiGHS; with whole choices as a mixed-integer one.

Columns: a share for each way of each task, when each task starts, when all has ended, the room that calls need, and by
how much both caps are exceeded. Money and time are told as shares of the caps, so that the solver's tolerances mean the
same for cents and for hours. Nothing here has a time limit, which would make a plan depend on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import inf
from typing import TYPE_CHECKING

from .figures import Caps, Figures, Selection, unit

if TYPE_CHECKING:
    from highspy import Highs

TOLERANCE = 1e-9
MOST_NODES = 2_000
"""Branches that a search for whole choices looks at before it says how far it may be from the best."""


class NotSolved(Exception):
    """The solver gave up."""


@dataclass(frozen=True, slots=True)
class Relaxation:
    """The best mixture of ways, and what it proves.

    Args:
        shares: of each way, task after task.
        losses: by how much the bound falls at least if that way is chosen.
        bound: what no selection is worth more than.
        excess: by which share of them the caps must be exceeded; 0 if they can be kept by a mixture.
        usd_worth, second_worth: by how much the bound would rise with one more USD, with one more second.
    """

    shares: list[float]
    losses: list[float]
    bound: float
    excess: float
    usd_worth: float
    second_worth: float


class LinearModel:
    """The program of one problem. Solved again under other caps, it starts from where it ended.

    Args:
        figures: of the problem.
        caps: the first ones to solve it under; they set the scale.

    Raises:
        ImportError: there is no solver.
    """

    def __init__(self, figures: Figures, caps: Caps) -> None:
        self._figures = figures
        self._usd_unit = unit(caps.usd, figures.least.usd)
        self._second_unit = unit(caps.seconds, figures.least.seconds)
        self._ways = [way for ways in figures.ways for way in ways]
        self._worth_unit = max((way.worth for way in self._ways), default=0.0) or 1.0
        self._first = _offsets([len(ways) for ways in figures.ways])
        tasks = len(figures.ways)
        self._starts = len(self._ways)
        self._end, self._room, self._excess = (self._starts + tasks + extra for extra in range(3))
        self._usd_row, self._end_row = tasks, tasks + 1
        self._edge_rows: dict[tuple[int, int], int] = {}
        self._last_rows: dict[int, int] = {}
        self._solver = self._built(is_timed=caps.seconds < inf)

    def relaxed(self, caps: Caps) -> Relaxation:
        """Solves it with shares of ways. Raises NotSolved."""
        self._set(caps)
        self._allow_excess(0.0)
        excess = 0.0 if self._run() else self._least_excess()
        self._solver.setOptionValue(
            "simplex_strategy", _DUAL
        )  # the quicker one under other caps, from where this ended
        solution = self._solver.getSolution()
        columns, rows = list(solution.col_dual), list(solution.row_dual)
        return Relaxation(
            shares=list(solution.col_value)[: self._starts],
            losses=[loss * self._worth_unit for loss in columns[: self._starts]],
            bound=-self._solver.getInfo().objective_function_value * self._worth_unit * (1 + 10 * TOLERANCE),
            excess=excess,
            usd_worth=max(0.0, -rows[self._usd_row]) * self._worth_unit / self._usd_unit,
            second_worth=max(0.0, -rows[self._end_row]) * self._worth_unit / self._second_unit,
        )

    def start_from(self, selection: Selection) -> None:
        """Lets the next solution begin at a selection: a corner of the program, with its longest ways tight."""
        from highspy import HighsBasis
        from highspy import HighsBasisStatus as Status

        need, figures = self._figures.need(selection), self._figures
        columns = [Status.kLower] * self._solver.getNumCol()
        rows = [Status.kBasic] * self._solver.getNumRow()
        for task, (first, index) in enumerate(zip(self._first, selection, strict=True)):
            columns[first + index], rows[task] = Status.kBasic, Status.kLower
        ends_s = [start + way.seconds for start, way in zip(need.starts_s, figures.chosen(selection), strict=True)]
        if self._last_rows:
            for task, needed in enumerate(figures.before):
                if needed:
                    columns[self._starts + task] = Status.kBasic
                    rows[self._edge_rows[max(needed, key=ends_s.__getitem__), task]] = Status.kLower
            columns[self._end] = Status.kBasic
            rows[self._last_rows[max(self._last_rows, key=ends_s.__getitem__)]] = Status.kLower
        basis = HighsBasis()
        basis.col_status, basis.row_status = columns, rows
        self._solver.setBasis(basis)

    def whole(self, caps: Caps, open_ways: Sequence[bool], *, may_exceed: bool) -> tuple[Selection, float] | None:
        """Solves it with one way for each task, of those that are open.

        Returns:
            The best selection found and what no other of the open ones is worth more than; None if there is none.
        """
        import numpy
        from highspy import HighsVarType

        self._set(caps)
        count = self._starts
        columns = numpy.arange(count, dtype=numpy.int32)
        lower, upper = numpy.zeros(count), numpy.array([inf if is_open else 0.0 for is_open in open_ways])
        kinds = [
            numpy.full(count, int(kind), numpy.uint8) for kind in (HighsVarType.kInteger, HighsVarType.kContinuous)
        ]
        self._solver.changeColsBounds(count, columns, lower, upper)
        self._solver.changeColsIntegrality(count, columns, kinds[0])
        try:
            self._allow_excess(0.0)
            if not self._run():
                if not may_exceed:
                    return None
                self._least_excess()
            shares = list(self._solver.getSolution().col_value)
            info = self._solver.getInfo()
            bound = -info.mip_dual_bound * self._worth_unit
        finally:
            self._solver.changeColsIntegrality(count, columns, kinds[1])
            self._solver.changeColsBounds(count, columns, lower, numpy.full(count, inf))
        return self.largest(shares), bound

    def largest(self, shares: Sequence[float]) -> Selection:
        """Of each task the way with the largest share."""
        spans = zip(self._first, [*self._first[1:], self._starts], strict=True)
        return [max(range(first, last), key=shares.__getitem__) - first for first, last in spans]

    def _least_excess(self) -> float:
        """Finds by how much the caps must be exceeded, and then what is worth most that exceeds them no more."""
        self._mind(worth=0.0, excess=1.0)
        self._allow_excess(inf)
        solved = self._run()
        excess = self._solver.getInfo().objective_function_value
        self._mind(worth=1.0, excess=0.0)
        self._allow_excess(excess + 10 * TOLERANCE)
        if not (solved and self._run()):
            raise NotSolved("The plan's linear program could not be solved.")
        return excess

    def _mind(self, *, worth: float, excess: float) -> None:
        """What counts."""
        for column, way in enumerate(self._ways):
            self._solver.changeColCost(column, -worth * way.worth / self._worth_unit)
        self._solver.changeColCost(self._excess, excess)

    def _set(self, caps: Caps) -> None:
        self._solver.changeRowBounds(self._usd_row, -inf, caps.usd / self._usd_unit)
        self._solver.changeRowBounds(self._end_row, -inf, caps.seconds / self._second_unit)

    def _allow_excess(self, most: float) -> None:
        self._solver.changeColBounds(self._excess, 0.0, most)

    def _run(self) -> bool:
        """Whether there is a solution; of whole choices it need not be proven to be the best."""
        from highspy import HighsModelStatus as Status
        from highspy import SolutionStatus

        self._solver.run()
        status = self._solver.getModelStatus()
        if status in (Status.kInfeasible, Status.kUnboundedOrInfeasible):
            return False
        if status == Status.kOptimal:
            return True
        if status == Status.kSolutionLimit:
            return self._solver.getInfo().primal_solution_status == int(SolutionStatus.kSolutionStatusFeasible)
        raise NotSolved(f"The plan's linear program could not be solved: {status.name}.")

    def _built(self, *, is_timed: bool) -> Highs:
        rows = _Rows()
        for first, ways in zip(self._first, self._figures.ways, strict=True):
            rows.add({first + index: 1.0 for index in range(len(ways))}, least=1.0, most=1.0)
        usd = {column: way.usd / self._usd_unit for column, way in enumerate(self._ways)}
        rows.add(usd | {self._room: 1.0, self._excess: -1.0}, most=inf)
        rows.add({self._end: 1.0, self._excess: -1.0}, most=inf)
        if is_timed:
            self._follow_order(rows)
        self._leave_room(rows)
        return rows.solver([-way.worth / self._worth_unit for way in self._ways], self._excess + 1)

    def _follow_order(self, rows: _Rows) -> None:
        """A task starts when what it waits for has ended; the whole ends when every task has and all work is done."""
        figures, unit = self._figures, self._second_unit
        takes = [
            {first + index: -way.seconds / unit for index, way in enumerate(ways)}
            for first, ways in zip(self._first, figures.ways, strict=True)
        ]
        last = set(range(len(takes)))
        for task, needed in enumerate(figures.before):
            for other in needed:
                last.discard(other)
                steps = takes[other] | {self._starts + task: 1.0, self._starts + other: -1.0}
                self._edge_rows[other, task] = rows.add(steps, least=0.0)
        for task in sorted(last):
            steps = takes[task] | {self._end: 1.0, self._starts + task: -1.0}
            self._last_rows[task] = rows.add(steps, least=0.0)
        if figures.slots < inf:
            busy = {column: -way.busy_s / (unit * figures.slots) for column, way in enumerate(self._ways)}
            rows.add(busy | {self._end: 1.0}, least=0.0)

    def _leave_room(self, rows: _Rows) -> None:
        """Enough for the call that needs the most room. That much is needed in any case tells nothing of a task."""
        least = max((min(way.room_usd for way in ways) for ways in self._figures.ways), default=0.0)
        rows.add({self._room: 1.0}, least=least / self._usd_unit)
        for first, ways in zip(self._first, self._figures.ways, strict=True):
            if max(way.room_usd for way in ways) > least:
                room = {first + index: -way.room_usd / self._usd_unit for index, way in enumerate(ways)}
                rows.add(room | {self._room: 1.0}, least=0.0)


class _Rows:
    """Constraints as they are put together: each keeps a weighted sum of columns between two bounds."""

    def __init__(self) -> None:
        self._least: list[float] = []
        self._most: list[float] = []
        self._starts: list[int] = [0]
        self._columns: list[int] = []
        self._weights: list[float] = []

    def add(self, weights: dict[int, float], *, least: float = -inf, most: float = inf) -> int:
        """Adds a row; returns its number."""
        self._columns += weights.keys()
        self._weights += weights.values()
        self._starts.append(len(self._columns))
        self._least.append(least)
        self._most.append(most)
        return len(self._most) - 1

    def solver(self, costs: Sequence[float], columns: int) -> Highs:
        """A solver that holds these rows and minimises the costs of the first columns; none is below zero."""
        from highspy import Highs, HighsLp, MatrixFormat

        class Silent(Highs):
            """Without the callbacks: when these are set it prints its name, before it can be asked not to."""

            def __init__(self) -> None:
                super(Highs, self).__init__()

        program = HighsLp()
        program.num_col_, program.num_row_ = columns, len(self._least)
        program.col_cost_ = [*costs, *[0.0] * (columns - len(costs))]
        program.col_lower_, program.col_upper_ = [0.0] * columns, [inf] * columns
        program.row_lower_, program.row_upper_ = self._least, self._most
        program.a_matrix_.format_ = MatrixFormat.kRowwise
        program.a_matrix_.start_ = self._starts
        program.a_matrix_.index_ = self._columns
        program.a_matrix_.value_ = self._weights
        solver = Silent()
        for name, value in _SETTINGS.items():
            solver.setOptionValue(name, value)
        solver.passModel(program)
        return solver


_DUAL, _PRIMAL = 1, 4

_SETTINGS: dict[str, bool | float | str] = {
    "output_flag": False,
    "parallel": "off",
    "threads": 1,
    "simplex_strategy": _PRIMAL,
    "primal_feasibility_tolerance": TOLERANCE,
    "dual_feasibility_tolerance": TOLERANCE,
    "mip_feasibility_tolerance": TOLERANCE,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": TOLERANCE,
    "mip_max_nodes": MOST_NODES,
}


def _offsets(lengths: Sequence[int]) -> list[int]:
    return [0, *accumulate(lengths)][: len(lengths)]
