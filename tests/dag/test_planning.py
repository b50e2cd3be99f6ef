"""Plans against what can be found by trying everything: within the caps, the best there is, a gap that is true."""

import sys
from collections.abc import Sequence
from itertools import product
from math import inf

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rheostat.dag import Budget, Call, Forecast, Option, Problem, Spread, Task, plan, remaining
from rheostat.dag.figures import Caps, Figures
from rheostat.dag.greedy import greedy
from rheostat.dag.linear import LinearModel

NEARLY = 1 + 1e-6


def option(usd: float, seconds: float, quality: float, *, worst_usd: float = 0.0, tail: float = 1.0) -> Option:
    return Option(
        choice=Call(model=f"m{usd:g}-{seconds:g}-{quality:g}"),
        forecast=Forecast(
            cost_usd=Spread(p50=usd, p90=usd * tail),
            latency_s=Spread(p50=seconds, p90=seconds * tail),
            quality=quality,
            worst_usd=worst_usd,
        ),
    )


def amounts(most: int) -> st.SearchStrategy[float]:
    return st.integers(0, most).map(lambda amount: amount / 8)


@st.composite
def problems(draw: st.DrawFn, *, tail: bool = False, most_tasks: int = 5) -> Problem:
    """Small enough to try everything."""
    tasks: list[Task] = []
    for index in range(draw(st.integers(1, most_tasks))):
        options = [
            option(
                draw(amounts(16)),
                draw(amounts(16)),
                draw(st.integers(0, 20)) / 20,
                worst_usd=draw(st.sampled_from([0.0, 0.0, 2.0, 6.0])),
                tail=draw(st.sampled_from([1.0, 1.5, 3.0])) if tail else 1.0,
            )
            for _ in range(draw(st.integers(1, 4)))
        ]
        after = draw(st.lists(st.sampled_from(range(index)), unique=True, max_size=2)) if index else []
        weight = draw(st.sampled_from([0.5, 1.0, 3.0]))
        tasks.append(Task(id=f"t{index}", options=tuple(options), after=tuple(f"t{n}" for n in after), weight=weight))
    return Problem(tasks=tuple(tasks), budget=draw(budgets()))


def budgets() -> st.SearchStrategy[Budget]:
    cap = st.one_of(st.none(), amounts(80))
    return st.builds(Budget, usd=cap, seconds=cap)


def takes(problem: Problem, options: tuple[Option, ...]) -> tuple[float, float, float]:
    """USD with the room its calls need, seconds, and worth of a selection; reckoned without the planner."""
    least = {task.id: min(o.forecast.cost_usd.mean for o in payable(problem, task)) for task in problem.tasks}
    later = dict.fromkeys(least, 0.0)
    for task in reversed(problem.tasks):
        for needed in task.after:
            later[needed] = max(later[needed], later[task.id] + least[task.id])
    ends: dict[str, float] = {}
    usd = room = worth = 0.0
    for task, chosen in zip(problem.tasks, options, strict=True):
        forecast = chosen.forecast
        start = max((ends[needed] for needed in task.after), default=0.0)
        ends[task.id] = start + forecast.latency_s.mean
        usd += forecast.cost_usd.mean
        room = max(room, forecast.worst_usd - forecast.cost_usd.mean - later[task.id])
        worth += task.weight * forecast.quality
    return usd + room, max(ends.values()), worth


def payable(problem: Problem, task: Task) -> Sequence[Option]:
    """What a call's worst case leaves to choose from; everything if it leaves nothing."""
    cap = inf if problem.budget.usd is None else problem.budget.usd
    return [option for option in task.options if option.forecast.worst_usd <= cap] or task.options


def most_worth(problem: Problem, budget: Budget) -> float | None:
    """The best of all selections within the budget, by trying each; None if there is none."""
    usd, seconds = (inf if cap is None else cap for cap in (budget.usd, budget.seconds))
    found = [takes(problem, options) for options in product(*(task.options for task in problem.tasks))]
    return max((w for u, s, w in found if u <= usd * NEARLY and s <= seconds * NEARLY), default=None)


def total_weight(problem: Problem) -> float:
    return sum(task.weight * task.count for task in problem.tasks)


@settings(deadline=None)
@given(problems())
def test_small_problems_get_the_best_plan_there_is(problem: Problem) -> None:
    made, best = plan(problem), most_worth(problem, problem.budget)
    assert made.feasible is (best is not None)
    if best is not None:
        assert made.quality * total_weight(problem) == pytest.approx(best, abs=1e-6)
        assert made.method == "exact" and made.gap == pytest.approx(0, abs=1e-6)
        assert problem.budget.usd is None or made.cost_usd.p90 <= problem.budget.usd * NEARLY
        assert problem.budget.seconds is None or made.latency_s.p90 <= problem.budget.seconds * NEARLY


@settings(deadline=None)
@given(problems())
def test_no_plan_is_better_than_its_bound(problem: Problem) -> None:
    figures, caps = Figures(problem), Caps.of(problem.budget)
    best = most_worth(problem, problem.budget)
    if best is None:
        return
    assert LinearModel(figures, caps).relaxed(caps).bound >= best - 1e-6
    stepwise = greedy(figures, caps)
    assert stepwise.bound >= best - 1e-6 >= figures.worth(stepwise.selection) - 2e-6


@settings(deadline=None)
@given(problems(tail=True))
def test_what_is_feasible_stays_within_the_budget_nine_times_in_ten(problem: Problem) -> None:
    made = plan(problem)
    if made.feasible:
        assert problem.budget.usd is None or made.cost_usd.p90 <= problem.budget.usd * NEARLY
        assert problem.budget.seconds is None or made.latency_s.p90 <= problem.budget.seconds * NEARLY
    best = most_worth(problem, made.within)
    if best:
        assert made.gap >= 1 - made.quality * total_weight(problem) / best - 1e-6


@settings(deadline=None)
@given(problems(), amounts(40), amounts(40))
def test_more_budget_never_buys_less(problem: Problem, more_usd: float, more_seconds: float) -> None:
    made, budget = plan(problem), problem.budget
    larger = Budget(
        usd=None if budget.usd is None else budget.usd + more_usd,
        seconds=None if budget.seconds is None else budget.seconds + more_seconds,
    )
    again = plan(problem.model_copy(update={"budget": larger}))
    assert again.feasible or not made.feasible
    if made.feasible:
        assert again.quality >= made.quality - 1e-9


@settings(deadline=None)
@given(problems(), amounts(100), amounts(16))
def test_a_dollar_buys_no_more_than_it_is_said_to_be_worth(problem: Problem, usd: float, more_usd: float) -> None:
    budget = Budget(usd=max(usd, 6.0), seconds=problem.budget.seconds)  # so that no way is beyond any means
    problem = problem.model_copy(update={"budget": budget})
    figures, caps = Figures(problem), Caps.of(problem.budget)
    mixture = LinearModel(figures, caps).relaxed(caps)
    more = Caps(caps.usd + more_usd, caps.seconds)
    assert (
        mixture.excess
        or LinearModel(figures, more).relaxed(more).bound <= mixture.bound + mixture.usd_worth * more_usd + 1e-6
    )


@settings(deadline=None)
@given(problems(tail=True), problems(tail=True))
def test_the_same_problem_gets_the_same_plan(problem: Problem, other: Problem) -> None:
    first = plan(problem)
    plan(other)
    assert plan(Problem.model_validate_json(problem.model_dump_json())).model_dump_json() == first.model_dump_json()


def chain(*tasks: tuple[Option, ...], usd: float | None = None, seconds: float | None = None) -> Problem:
    made = [
        Task(id=f"t{index}", options=options, after=(f"t{index - 1}",) if index else ())
        for index, options in enumerate(tasks)
    ]
    return Problem(tasks=tuple(made), budget=Budget(usd=usd, seconds=seconds))


CHEAP, DEAR = option(1, 1, 0.5), option(5, 3, 0.9)


def test_without_a_budget_everything_is_the_best_and_money_has_no_price() -> None:
    made = plan(chain((CHEAP, DEAR), (CHEAP, DEAR)))
    assert [chosen.choice for chosen in made.tasks.values()] == [DEAR.choice, DEAR.choice]
    assert (made.gap, made.usd_worth, made.second_worth, made.method) == (0, 0, 0, "exact")
    assert (made.cheapest_usd, made.fastest_s) == (2, 2)


def test_money_and_time_that_run_short_have_a_price() -> None:
    made = plan(chain((CHEAP, DEAR), (CHEAP, DEAR), usd=6.0))
    assert made.usd_worth == pytest.approx(0.1) and made.second_worth == 0
    made = plan(chain((CHEAP, DEAR), (CHEAP, DEAR), seconds=4.0))
    assert made.second_worth == pytest.approx(0.2) and made.usd_worth == 0


def test_what_cannot_be_is_planned_as_near_as_possible_and_told() -> None:
    made = plan(chain((CHEAP, DEAR), (CHEAP, DEAR), usd=1.0, seconds=100.0))
    assert not made.feasible and (made.cheapest_usd, made.fastest_s) == (2, 2)
    assert [chosen.choice for chosen in made.tasks.values()] == [CHEAP.choice, CHEAP.choice]
    slow = option(0.1, 50, 1.0)
    made = plan(chain((slow, CHEAP, DEAR), usd=100.0, seconds=0.0))
    assert not made.feasible and made.tasks["t0"].choice == CHEAP.choice


def test_a_way_whose_worst_case_can_not_be_paid_is_not_taken() -> None:
    risky = option(0.1, 1, 1.0, worst_usd=3.0)
    assert plan(chain((risky, CHEAP), usd=2.0)).tasks["t0"].choice == CHEAP.choice
    assert plan(chain((risky, CHEAP), usd=3.0)).tasks["t0"].choice == risky.choice
    # After the first has cost its dollar, the worst case of the second no longer fits.
    assert plan(chain((CHEAP,), (risky, CHEAP), usd=3.0)).tasks["t1"].choice == CHEAP.choice
    # The other way round it does: what comes later is not paid for yet.
    assert plan(chain((risky, CHEAP), (CHEAP,), usd=3.0)).tasks["t0"].choice == risky.choice


def test_the_longest_way_is_marked_and_ranked() -> None:
    tasks = (
        Task(id="a", options=(option(0, 1, 1),)),
        Task(id="b", options=(option(0, 5, 1),), after=("a",)),
        Task(id="c", options=(option(0, 2, 1),), after=("a",)),
        Task(id="d", options=(option(0, 1, 1),), after=("b", "c")),
    )
    made = plan(Problem(tasks=tasks)).tasks
    assert [task for task, chosen in made.items() if chosen.critical] == ["a", "b", "d"]
    assert [chosen.rank_s for chosen in made.values()] == [7, 6, 3, 1]
    assert [chosen.starts_s for chosen in made.values()] == [0, 1, 1, 6]


def test_calls_that_can_not_all_run_side_by_side_take_longer() -> None:
    tasks = tuple(Task(id=f"t{index}", options=(option(0, 10, 1), option(0, 1, 0.5))) for index in range(8))
    made = plan(Problem(tasks=tasks, calls_at_once=2, budget=Budget(seconds=30.0)))
    assert made.feasible and 8 <= sum(chosen.forecast.latency_s.p50 for chosen in made.tasks.values()) <= 60
    assert plan(Problem(tasks=tasks, budget=Budget(seconds=30.0))).quality == 1.0


@pytest.mark.parametrize("missing", ["highspy", "numpy"])
def test_without_a_solver_a_plan_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    problem = chain(*[(CHEAP, option(2, 2, 0.8, tail=1.5), DEAR)] * 6, usd=16.0, seconds=14.0)
    made = plan(problem)
    assert made.feasible and made.quality > 0.6
    assert made.cost_usd.p90 <= 16 * NEARLY and made.latency_s.p90 <= 14 * NEARLY
    assert made.method == ("greedy" if missing == "highspy" else made.method)


def test_a_hundred_tasks_are_planned_close_to_the_bound() -> None:
    tasks = tuple(
        Task(
            id=f"t{index}",
            options=tuple(option(2.0**k * (1 + index % 7), 1 + k + index % 5, 1 - 0.6 / (k + 1)) for k in range(5)),
            after=tuple(f"t{index - back}" for back in (10, 11) if index >= back),
        )
        for index in range(100)
    )
    made = plan(Problem(tasks=tasks, budget=Budget(usd=1500.0, seconds=55.0)))
    assert made.feasible and made.method == "relaxed" and 0 <= made.gap < 0.01
    assert made.usd_worth > 0 and made.second_worth > 0


def test_what_has_ended_is_not_planned_again() -> None:
    problem = chain((CHEAP, DEAR), (CHEAP, DEAR), (CHEAP, DEAR))
    mapped = problem.tasks[1].model_copy(update={"count": 5.0, "known": False})
    problem = problem.model_copy(update={"tasks": (problem.tasks[0], mapped, problem.tasks[2])})
    left = remaining(problem, budget=Budget(usd=7.0), done={"t0": 1, "t1": 2}, counts={"t1": 8})
    assert [(task.id, task.count, task.known, task.after) for task in left.tasks] == [
        ("t1", 6, True, ()),
        ("t2", 1, True, ("t1",)),
    ]
    assert left.budget.usd == 7.0
    # A map over nothing: what comes after it still waits for what came before it.
    left = remaining(problem, budget=Budget(), done={}, counts={"t1": 0})
    assert [(task.id, task.after) for task in left.tasks] == [("t0", ()), ("t2", ("t0",))]
    assert remaining(problem, budget=Budget(), done={"t0": 1, "t1": 9, "t2": 1}).tasks == ()


def test_nothing_to_plan_is_a_plan() -> None:
    made = plan(Problem(tasks=(), budget=Budget(usd=0.0, seconds=0.0)))
    assert made.feasible and made.tasks == {} and made.quality == 1.0


@pytest.mark.parametrize(("ids", "complaint"), [("aa", "Two tasks are called 'a'"), ("ba", "'b' waits for 'a'")])
def test_tasks_out_of_order_are_refused(ids: str, complaint: str) -> None:
    tasks = [Task(id=name, options=(CHEAP,), after=("a",) if name == "b" else ()) for name in ids]
    with pytest.raises(ValueError, match=complaint):
        Problem(tasks=tuple(tasks))
