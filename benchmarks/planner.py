"""How near the best a plan is, and how long it takes to make: workflows of 10 to 1,000 tasks under a tight budget.

Structures are layers at random, workflows that wfcommons makes after real traces, and with `--instances DIR` those of
WfFormat files, each counted to the nearest size. Every task gets two to eight made-up choices with prices, heavy-tailed
times and qualities as models have them, and every workflow a budget of money and time between the least and the most
that it may take; the draws are the same each time.

`ms` is all of `plan(problem)`: several solutions of the linear program, rounding, and the simulation that holds the
90th percentiles to the budget. It has been called once before, on another workflow, so that libraries are loaded. The
gap is to the proven bound of a mixed-integer program, written down apart from the planner, for the very amounts on
average that the plan settled on. The program alone stops at 1 %, as near as we aim to be, and its time is for one
solution; the greedy steps are what the planner does where there is no solver, judged at the same amounts.
"""

import argparse
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from milp import solve
from peer import Peer
from table import Benchmark, Measured, Options, Row
from workflows import Before, in_files, layers, problem

from rheostat.dag import Plan, Problem, plan
from rheostat.dag.figures import Caps, Figures
from rheostat.dag.greedy import greedy

SIZES = (10, 50, 200, 1000)
RECIPES = ("Montage", "Epigenomics", "Srasearch", "Blast", "Genome", "Cycles", "Bwa", "Soykb", "Seismology")
AIM = {50: "≤ 50", 200: "≤ 50", 1000: "≤ 150"}

ROWS = [
    *(Row(f"gap_{size}", f"percent short of the proven bound, median, {size:,} tasks", "≤ 1") for size in SIZES),
    *(Row(f"worst_gap_{size}", f"the same, the worst workflow, {size:,} tasks") for size in SIZES),
    *(Row(f"ms_{size}", f"a plan for {size:,} tasks", AIM.get(size, "")) for size in SIZES),
    Row("milp_ms_200", "the mixed-integer program alone, once, to 1 %"),
    Row("milp_gap_200", "what it is short of the bound"),
    Row("greedy_gap_200", "step by step without a solver"),
    Row("greedy_ms_200", "and its time"),
    Row("said_gap_200", "the gap that the plan itself tells, 200 tasks"),
    Row("gap_too_narrow", "plans whose own gap is less than what they are truly short", "0"),
    Row("overruns", "plans whose 90th percentile of cost or time exceeds a budget that can be kept", "0"),
    Row("workflows", "planned"),
]


class Found(dict[str, list[float]]):
    """What was measured, by key, one entry a workflow."""

    def note(self, key: str, number: float) -> None:
        self.setdefault(key, []).append(number)


def structures(options: Options, peer: Peer, versions: set[str]) -> Iterator[tuple[str, Before]]:
    """Every structure with its name, small ones first."""
    for size, count in zip(SIZES, (4, 3, 3, 1) if options.quick else (20, 15, 10, 4), strict=True):
        yield from ((f"layers {size} {seed}", layers(size, seed)) for seed in range(count))
        for recipe in RECIPES[: 2 if size < 1000 else 1] if options.quick else RECIPES:
            answer = peer.ask({"recipe": f"{recipe}Recipe", "tasks": size, "seed": 1})
            if answer and answer["before"]:
                versions.add(answer["version"])
                yield f"{recipe} {size}", answer["before"]
    if options.instances:
        yield from in_files(options.instances)


def measure_one(name: str, before: Before, options: Options, found: Found) -> None:
    made_for = problem(name, before)
    size = min(SIZES, key=lambda size: abs(size / len(before) - 1) + abs(len(before) / size - 1))
    times: list[float] = []
    for _ in range(2 if options.quick else 5):
        started = time.perf_counter()
        made = plan(made_for)
        times.append((time.perf_counter() - started) * 1e3)
    found.note(f"ms_{size}", median(times))
    found.note("overruns", overruns(made_for, made))
    best = solve(made_for, made.within, gap=1e-4, limit_s=1.5 if options.quick else 20.0)
    bound = best.bound
    worth = sum(task.weight * made.tasks[task.id].forecast.quality for task in made_for.tasks)
    gap = max(0.0, 100 * (1 - worth / bound))
    found.note(f"gap_{size}", gap)
    # A selection, not the bound, so that what the solver has not yet ruled out is not held against the plan.
    found.note("gap_too_narrow", 1 - worth / best.worth > made.gap + 1e-6)
    if size == 200:
        compare(made_for, made, bound, found)


def compare(made_for: Problem, made: Plan, bound: float, found: Found) -> None:
    """The mixed-integer program alone and greedy steps, at the same amounts on average."""
    found.note("said_gap_200", 100 * made.gap)
    started = time.perf_counter()
    alone = solve(made_for, made.within, gap=0.01, limit_s=10.0)
    found.note("milp_ms_200", (time.perf_counter() - started) * 1e3)
    found.note("milp_gap_200", 100 * (1 - alone.worth / bound))
    started = time.perf_counter()
    figures = Figures(made_for)
    steps = greedy(figures, Caps.of(made.within))
    found.note("greedy_ms_200", (time.perf_counter() - started) * 1e3)
    found.note("greedy_gap_200", 100 * (1 - figures.worth(steps.selection) / bound))


def overruns(made_for: Problem, made: Plan) -> bool:
    usd, seconds = made_for.budget.usd, made_for.budget.seconds
    assert usd is not None and seconds is not None
    return not (made.feasible and made.cost_usd.p90 <= usd * (1 + 1e-6) and made.latency_s.p90 <= seconds * (1 + 1e-6))


def measure(options: Options) -> Measured:
    found, versions = Found(), set[str]()
    peer = Peer("structures_wfcommons.py", options.peers / "wfcommons")
    plan(problem("warm", layers(30, 99)))
    for name, before in structures(options, peer, versions):
        measure_one(name, before, options, found)
    peer.close()
    numbers: dict[str, float | None] = {key: median(measured) for key, measured in found.items()}
    for size in SIZES:
        numbers[f"worst_gap_{size}"] = max(found.get(f"gap_{size}", []), default=None)
    for key in ("overruns", "gap_too_narrow"):
        numbers[key] = sum(found[key])
    numbers["workflows"] = len(found["overruns"])
    counts = ", ".join(f"{len(found.get(f'gap_{size}', []))} of about {size:,}" for size in SIZES)
    return Measured(
        numbers, [f"Workflows: {counts} tasks.", *sorted(versions), *([peer.trouble] if peer.trouble else [])]
    )


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--instances", type=Path, help="a folder of workflows in WfFormat, to be planned besides")


def is_full(options: Options) -> bool:
    return not options.quick and not options.instances


if __name__ == "__main__":
    Benchmark("planner", __doc__ or "", ROWS, measure, arguments, is_full).run()
