"""What a budget buys: simulated providers with heavy-tailed latency and failures, the real `plan`, `step`, `pursue`.

Three workflows (a review with a map of unknown length, a short answer, forty steps in a random DAG), models of three
sizes, checks that err; or those of `--world`. Forecasts are learned from a history of other runs, as an App does it.
Then each setting, a workflow under a cap, perhaps with a deadline, is planned and run again and again, each time with
other luck, with new plans in flight and, where there is a deadline, with twins for slow calls. A run's quality is the
share of its steps whose answer is truly right. One that gives nothing counts as wrong; what needs it goes on without.

Everyone runs in the same world, with as many calls at once. A single model everywhere takes each answer as it comes;
the fixed cascade asks the cheapest model, then the dearest if the check says no. `cost_ratio_same_quality` is what our
runs cost with the smallest cap at which they are as good as the best single model, over what that one costs; of the
worst workflow. A cap is overrun if a run is billed more. A deadline is met if all ended in time, nothing cut off or
refused. `p90_coverage` is how often what a run cost, and how long it took, was within the first plan's P90. Supersteps
run the same choices with the same luck, but begin a layer of the graph only when the one before has ended, as LangGraph
does, and ask nothing twice; ours with twins for slow calls, as under a deadline, and without.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import inf, nan
from pathlib import Path as File
from statistics import fmean

from providers import Day, Flow, Renamed, Setting, prior, read
from table import Benchmark, Measured, Options, Row

from rheostat.dag import (
    ENDED,
    Attempt,
    Budget,
    Call,
    Choice,
    Chosen,
    Const,
    Forecast,
    Graph,
    Lesson,
    Limits,
    Node,
    Option,
    Path,
    Plan,
    Problem,
    Simulated,
    Spread,
    State,
    Taken,
    Trying,
    cascade,
    composed,
    learned,
    menu,
    part_of,
    plan,
    pursue,
    remaining,
    simulate,
    task_of,
    tasks_of,
)

CAPS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
"""Caps, as shares of what the best single model everywhere costs."""

DEADLINES = (0.5, 0.75, 1.5)
"""Deadlines, as multiples of the P90 of the time that a plan without one takes."""

NO_BUDGET = Budget()

HISTORY = 40
"""Runs that every way to run a step was tried in before."""

ROWS = [
    Row("runs", "simulated runs of ours"),
    Row("overruns", "runs billed more than their cap", "0"),
    Row("deadline_met", "percent of runs, where the plan was feasible", "≥ 95"),
    Row("p90_coverage", "percent of costs and times within the first plan's P90", "85–95"),
    Row("cost_ratio_same_quality", "cost at the best single model's quality, to its cost", "≤ 0.5"),
    Row("makespan_ratio", "time of supersteps, to ours", "≥ 1.3"),
    Row("cost_coverage", "percent of costs within the P90"),
    Row("time_coverage", "percent of times within the P90"),
    Row("refused_runs", "percent of runs in which a call was refused"),
    Row("replans", "new plans a run"),
    Row("quality_best_single", "percent of steps right: the best single model everywhere"),
    Row("quality_cheapest", "percent of steps right: the cheapest everywhere"),
    Row("quality_cascade", "percent of steps right: a fixed cascade of cheapest and dearest"),
    Row("quality_ours_half", "percent of steps right: ours, capped at half of what the best single model costs"),
    Row("quality_ours_whole", "percent of steps right: ours, capped at what the best single model costs"),
    Row("cost_ratio_cheapest", "cost of the cheapest everywhere, to the best single model's"),
    Row("cost_ratio_cascade", "cost of the fixed cascade, to the best single model's"),
    Row("makespan_ratio_no_twins", "time of supersteps, to ours without twins for slow calls"),
    Row("makespan_ratio_worst", "time of supersteps to ours, the workflow with the least"),
]


@dataclass
class Bench:
    """A workflow in a world, and what its history taught."""

    setting: Setting
    flow: Flow
    lessons: Mapping[tuple[str, str], Sequence[Lesson]]
    known: dict[tuple[str, str], Forecast] = field(default_factory=dict[tuple[str, str], Forecast])

    @property
    def limits(self) -> Limits:
        return Limits(calls_at_once=self.setting.calls_at_once)

    def call_forecast(self, task: str, choice: Choice) -> Callable[[Path, Call], Forecast]:
        kind = self.setting.kinds[self.flow.tasks[task].kind]

        def of(path: Path, call: Call) -> Forecast:
            place = (task, part_of(choice, path))
            if place not in self.known:
                self.known[place] = learned(prior(self.setting, kind, call).forecast, self.lessons.get(place, ()))
            return self.known[place]

        return of

    def options(self, node: Node, task: str) -> Sequence[Option]:
        step = self.flow.tasks[task]
        if not step.kind:
            return [Option(forecast=Forecast(latency_s=Spread.certain(step.seconds)))]
        return [
            Option(choice=choice, forecast=self.forecast(task, choice))
            for choice in ways(self.setting, self.flow, task)
        ]

    def forecast(self, task: str, choice: Choice) -> Forecast:
        whole = composed(choice, self.call_forecast(task, choice))
        return whole if isinstance(choice, Call) else learned(whole, self.lessons.get((task, part_of(choice)), ()))

    @cached_property
    def problem(self) -> Problem:
        """Without a budget."""

        def copies(task: str, node: Node) -> tuple[float, bool]:
            low, high = self.flow.tasks[task].each or (1, 1)
            return (low + high) / 2, low == high

        tasks = tasks_of(self.flow.graph, self.options, copies=copies, limits=self.limits)
        return Problem(tasks=tasks, calls_at_once=self.limits.calls_at_once)

    def fixed(self, choice: Choice) -> Plan:
        """The same choice everywhere."""
        nothing = Spread.certain(0.0)
        chosen = {
            task: Chosen(choice=choice if step.kind else None, forecast=Forecast())
            for task, step in self.flow.tasks.items()
        }
        return Plan(tasks=chosen, budget=Budget(), cost_usd=nothing, latency_s=nothing, quality=1, gap=0)

    def run(
        self, day: Day, how: Plan, budget: Budget = NO_BUDGET, *, problem: Problem | None = None, twins: bool = False
    ) -> Simulated:
        """One run. Given its problem, plans are made anew in flight; with twins, slow calls get one."""

        def patience_s(node: str, call: Call) -> float | None:
            return self.call_forecast(task_of(node), call)((), call).latency_s.p90 if twins else None

        return simulate(
            self.flow.graph,
            how,
            day,
            inputs={"request": 1},
            cap_usd=budget.usd,
            deadline_s=budget.seconds,
            limits=self.limits,
            hedge_after_s=patience_s,
            anew=None if problem is None else lambda state, why: replanned(problem, state),
        )


def ways(setting: Setting, flow: Flow, task: str) -> Sequence[Choice]:
    """What a step may use: what an App uses whose nodes name no choices."""
    by_price = sorted(setting.models, key=lambda name: setting.models[name].answer_usd)
    return menu(by_price, checked=setting.kinds[flow.tasks[task].kind].checked)


def replanned(problem: Problem, state: State) -> Plan:
    """A plan for what is left, with the money and the time that are left."""
    done, counts = defaultdict[str, float](float), defaultdict[str, float](float)
    for node in state.nodes.values():
        counts[task_of(node.id)] += 1
        done[task_of(node.id)] += node.status in ENDED
    seconds = None if state.deadline_s is None else max(0.0, state.deadline_s - state.worked_s)
    usd = None if state.ledger.cap_usd is None else max(0.0, state.ledger.left_usd())
    known = {task: count for task, count in counts.items() if "/" in task}
    return plan(remaining(problem, budget=Budget(usd=usd, seconds=seconds), done=done, counts=known))


def taught(setting: Setting, flow: Flow) -> Bench:
    """Tries every way to run every step, HISTORY times each, and keeps what a real run's Lessons keep."""
    lessons = defaultdict[tuple[str, str], list[Lesson]](list)
    for task, step in flow.tasks.items():
        for number, choice in product(range(HISTORY), ways(setting, flow, task) if step.kind else ()):
            day = Day(setting, flow, f"history {number}")
            for lesson in tried(day, task, choice):
                lessons[task, lesson.part].append(lesson)
    return Bench(setting, flow, lessons)


def tried(day: Day, task: str, choice: Choice) -> list[Lesson]:
    """What one step's calls came to, each and all together."""
    met = dict[Path, Lesson]()
    attempts = dict[Path, Attempt]()
    seconds = 0.0
    while isinstance(found := pursue(choice, attempts), Trying):
        round_s = 0.0
        for wanted in found.tries:
            came = day.meets(task, wanted.path, wanted.call, False)
            attempts[wanted.path] = came.attempt
            round_s = max(round_s, came.latency_s)
            met[wanted.path] = Lesson(
                task=task,
                part=part_of(choice, wanted.path),
                answered=came.attempt.answered,
                score=came.attempt.score if day.kind(task).checked else None,
                passed=came.attempt.passed,
                cost_usd=came.cost_usd,
                latency_s=came.latency_s,
            )
        seconds += round_s
    if isinstance(choice, Call):
        return list(met.values())
    taken = met[found.path] if isinstance(found, Taken) else None
    whole = Lesson(
        task=task,
        part=part_of(choice),
        answered=any(one.answered for one in met.values()),
        score=(taken.score if taken else 0.0) if day.kind(task).checked else None,
        passed=taken is not None,
        cost_usd=sum(one.cost_usd for one in met.values()),
        latency_s=seconds,
    )
    return [*met.values(), whole]


@dataclass
class Tally:
    """What was counted, over all settings."""

    runs: int = 0
    overruns: int = 0
    refused: int = 0
    plans: int = 0
    in_time: list[bool] = field(default_factory=list[bool])
    cost_within: list[bool] = field(default_factory=list[bool])
    time_within: list[bool] = field(default_factory=list[bool])

    def add(self, came: Simulated, how: Plan, budget: Budget) -> None:
        self.runs += 1
        self.overruns += budget.usd is not None and came.cost_usd > budget.usd + 1e-12
        self.refused += came.refused > 0
        self.plans += came.plans
        if not how.feasible:
            return
        self.cost_within.append(came.cost_usd <= how.cost_usd.p90)
        self.time_within.append(came.seconds <= how.latency_s.p90)
        if budget.seconds is not None:
            self.in_time.append(came.seconds < budget.seconds and not came.refused)


def quality(bench: Bench, runs: Sequence[Simulated]) -> float:
    """The share of steps that are right; a step that never came up is wrong, a map's as often as the map has items."""
    return fmean(fmean(run.quality.values()) for run in runs)


def cost_usd(runs: Sequence[Simulated]) -> float:
    return fmean(run.cost_usd for run in runs)


@dataclass(frozen=True)
class Plain:
    """What others come to: the same choice everywhere."""

    quality: float
    cost_usd: float


def plainly(bench: Bench, choice: Choice, days: int, *, checks: bool) -> Plain:
    runs = [bench.run(Day(bench.setting, bench.flow, f"day {n}", checks), bench.fixed(choice)) for n in range(days)]
    return Plain(quality(bench, runs), cost_usd(runs))


def ours(bench: Bench, budget: Budget, days: int, tally: Tally) -> list[Simulated]:
    """Plans once and runs on so many days."""
    problem = bench.problem.model_copy(update={"budget": budget})
    how = plan(problem)
    runs = list[Simulated]()
    for number in range(days):
        day, in_a_hurry = Day(bench.setting, bench.flow, f"day {number}"), budget.seconds is not None
        came = bench.run(day, how, budget, problem=problem, twins=in_a_hurry)
        tally.add(came, how, budget)
        runs.append(came)
    return runs


def supersteps_s(bench: Bench, day: Day, how: Plan, nodes: Iterable[str]) -> float:
    """How long the same nodes take layer by layer, each layer a workflow of its own."""
    layers = defaultdict[int, dict[str, str]](dict)
    for number, node in enumerate(nodes):
        layers[bench.flow.depth[task_of(node)]][f"n{number}"] = node
    whole_s = 0.0
    for names in layers.values():
        steps = tuple(Node(id=name, calls=name, args={}, on_failure="let go") for name in names)
        layer = Graph(name="layer", inputs=(), nodes=steps, output=Const(value=None))
        same = how.model_copy(update={"tasks": {name: how.tasks[task_of(node)] for name, node in names.items()}})
        whole_s += simulate(layer, same, Renamed(day, names), inputs={}, limits=bench.limits).seconds
    return whole_s


def makespan_ratio(bench: Bench, days: int, *, twins: bool) -> float:
    """Both with the choices of a plan without a budget."""
    how = plan(bench.problem)
    ratios = list[float]()
    for number in range(days):
        day = Day(bench.setting, bench.flow, f"day {number}")
        ours_run = bench.run(day, how, twins=twins)
        ratios.append(supersteps_s(bench, day, how, ours_run.spans) / ours_run.seconds)
    return fmean(ratios)


def measure(options: Options) -> Measured:
    setting, days = read(options.world), 25 if options.quick else options.days
    tally, found = Tally(), defaultdict[str, list[float]](list)
    notes = list[str]()
    for name, steps in setting.workflows.items():
        bench = taught(setting, Flow(name, steps))
        by_price = sorted(setting.models, key=lambda model: setting.models[model].answer_usd)
        single = {model: plainly(bench, Call(model=model), days, checks=False) for model in by_price}
        best = max(single.values(), key=lambda plain: plain.quality)
        cheapest, fixed = single[by_price[0]], plainly(bench, cascade(by_price[0], by_price[-1]), days, checks=True)
        reached = dict[float, Plain]()
        for share in CAPS:
            runs = ours(bench, Budget(usd=share * best.cost_usd), days, tally)
            reached[share] = Plain(quality(bench, runs), cost_usd(runs))
        whole_s = plan(bench.problem).latency_s.p90
        for times in DEADLINES:
            ours(bench, Budget(usd=best.cost_usd, seconds=times * whole_s), days, tally)
        good_enough = [plain.cost_usd for plain in reached.values() if plain.quality >= best.quality]
        found["cost_ratio_same_quality"].append(min(good_enough, default=inf) / best.cost_usd)
        found["makespan_ratio"].append(makespan_ratio(bench, days, twins=True))
        found["makespan_ratio_no_twins"].append(makespan_ratio(bench, days, twins=False))
        for key, plain in (("best_single", best), ("cheapest", cheapest), ("cascade", fixed)):
            found[f"quality_{key}"].append(100 * plain.quality)
        found["quality_ours_half"].append(100 * reached[0.5].quality)
        found["quality_ours_whole"].append(100 * reached[1.0].quality)
        found["cost_ratio_cheapest"].append(cheapest.cost_usd / best.cost_usd)
        found["cost_ratio_cascade"].append(fixed.cost_usd / best.cost_usd)
        notes.append(told(name, bench, best, reached, found))
    numbers = {key: fmean(values) for key, values in found.items()}
    numbers["cost_ratio_same_quality"] = max(found["cost_ratio_same_quality"])
    numbers["makespan_ratio_worst"] = min(found["makespan_ratio"])
    return Measured(numbers | counted(tally), [f"{days:,} runs a setting.", *notes])


def counted(tally: Tally) -> dict[str, float]:
    return {
        "runs": tally.runs,
        "overruns": tally.overruns,
        "deadline_met": 100 * fmean(tally.in_time) if tally.in_time else nan,
        "p90_coverage": 100 * fmean([*tally.cost_within, *tally.time_within]),
        "cost_coverage": 100 * fmean(tally.cost_within),
        "time_coverage": 100 * fmean(tally.time_within),
        "refused_runs": 100 * tally.refused / tally.runs,
        "replans": tally.plans / tally.runs,
    }


def told(name: str, bench: Bench, best: Plain, reached: Mapping[float, Plain], found: Mapping[str, list[float]]) -> str:
    """A workflow in a sentence: what each cap buys."""
    bought = ", ".join(f"{100 * plain.quality:.0f} at {share:g}" for share, plain in reached.items())
    return (
        f"{name}: {len(bench.flow.tasks)} tasks; the best single model is right at {100 * best.quality:.0f} percent of "
        f"steps for ${best.cost_usd:.4f}; ours, by cap as a share of that: {bought}; supersteps take "
        f"{found['makespan_ratio'][-1]:.2f} times as long, without twins {found['makespan_ratio_no_twins'][-1]:.2f}."
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--world", type=File, default=None, help="a JSON file of models, kinds of steps and workflows")
    parser.add_argument("--days", type=int, default=1000, help="runs a setting")


def is_full(options: Options) -> bool:
    return not options.quick and options.days >= 1000 and options.world is None


if __name__ == "__main__":
    Benchmark("budget", __doc__ or "", ROWS, measure, arguments, is_full).run()
