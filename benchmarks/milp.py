"""The best plan that there is, as a mixed-integer program: written down anew here, to judge the planner by."""

from dataclasses import dataclass

from highspy import Highs, HighsVarType

from rheostat.dag import Budget, Problem


@dataclass(frozen=True)
class Solved:
    """What the solver found.

    Args:
        worth: of the best selection found; minus infinity if there is none.
        bound: no selection is worth more.
    """

    worth: float
    bound: float


def solve(problem: Problem, within: Budget, *, gap: float, limit_s: float) -> Solved:
    """Looks for the selection of the most worth that takes no more than `within` on average.

    Args:
        problem: each task has one copy, and any number may run side by side.
        within: USD and seconds.
        gap: the share of worth that may be missing.
        limit_s: seconds after which it stops.
    """
    assert within.usd is not None and within.seconds is not None
    solver = Highs()
    for name, value in {"output_flag": False, "threads": 1, "mip_rel_gap": gap, "time_limit": limit_s}.items():
        solver.setOptionValue(name, value)
    room, end = _column(solver, 0.0), _column(solver, 0.0, within.seconds)
    spent: dict[int, float] = {room: 1 / within.usd}
    starts: dict[str, int] = {}
    takes: dict[str, dict[int, float]] = {}
    later = _later(problem)
    for task in problem.tasks:
        ways = {_column(solver, task.weight * o.forecast.quality, 1.0): o.forecast for o in task.options}
        for way in ways:
            solver.changeColIntegrality(way, HighsVarType.kInteger)
        start = starts[task.id] = _column(solver, 0.0)
        takes[task.id] = {way: -forecast.latency_s.mean for way, forecast in ways.items()}
        spent |= {way: forecast.cost_usd.mean / within.usd for way, forecast in ways.items()}
        _row(solver, dict.fromkeys(ways, 1.0), 1.0, 1.0)
        for needed in task.after:
            _row(solver, takes[needed] | {start: 1.0, starts[needed]: -1.0}, 0.0)
        _row(solver, takes[task.id] | {end: 1.0, start: -1.0}, 0.0)
        needs = {w: -max(0.0, f.worst_usd - f.cost_usd.mean - later[task.id]) / within.usd for w, f in ways.items()}
        _row(solver, needs | {room: 1 / within.usd}, 0.0)
    _row(solver, spent, float("-inf"), 1.0)
    solver.maximize()
    info = solver.getInfo()
    worth = info.objective_function_value if info.primal_solution_status == 2 else float("-inf")
    return Solved(worth, info.mip_dual_bound)


def _later(problem: Problem) -> dict[str, float]:
    """What at least is spent after each task, and so leaves room for its calls."""
    later = dict.fromkeys((task.id for task in problem.tasks), 0.0)
    for task in reversed(problem.tasks):
        forecasts = [option.forecast for option in task.options]
        payable = [forecast for forecast in forecasts if forecast.worst_usd <= (problem.budget.usd or 0)] or forecasts
        least = later[task.id] + min(forecast.cost_usd.mean for forecast in payable)
        for needed in task.after:
            later[needed] = max(later[needed], least)
    return later


def _column(solver: Highs, worth: float, most: float = float("inf")) -> int:
    solver.addCol(worth, 0.0, most, 0, [], [])
    return solver.getNumCol() - 1


def _row(solver: Highs, weights: dict[int, float], least: float, most: float = float("inf")) -> None:
    solver.addRow(least, most, len(weights), list(weights), list(weights.values()))
