"""Small models on coding tasks with hidden tests: each alone, the best of several answers, and the cheap one first.

`cascade` asks the models in the order in which they are named, which should be the cheapest first, and each only if no
answer before it passed the tests. `best_of_n` asks one model for several answers at once and takes one that passes.
All are choices of one `@app.llm` function, run by `App.run`, one task after another; its check runs the answer and the
tests in a process with limits, walled off by bubblewrap where that works. Nobody is asked again after a failure. The
order of the ways changes from task to task, since a prompt is read faster that was read before. Alone and as a stage a
model answers at temperature 0, in a sample at 0.7.

Solved are tasks of which every test passes. Tokens are those of prompts and answers, seconds those that a person
waits; loading a model counts for nobody. With `--quick` as many tasks are tried as its time allows. With a single model
the cascade is that model, and then its `best_of_n`.

A file of tasks is a JSON list of objects: `name`, `ask` (what the model is told) and `tests` (Python statements that
fail if the answer is wrong).
"""

import argparse
import asyncio
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sandbox import is_walled_off, judge
from table import Benchmark, Measured, Options, Row

from rheostat import App, Score
from rheostat.app_core.compose import default_gateway, store_in
from rheostat.app_core.models import LOCAL
from rheostat.app_core.ports import ChatRequest
from rheostat.context import Message
from rheostat.dag import Choice, best_of, cascade

TASKS = Path(__file__).with_name("cascade_tasks") / "small.json"
SAMPLES = 4
ANSWER_TOKENS = 300
QUICK_S = 40.0

_BLOCK = re.compile(r"```(?:python|py)?[ \t]*\n(.*?)(?:\n```|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True)
class Task:
    """What is asked, and how an answer is judged. Several tasks may ask the same, but not judge it otherwise."""

    name: str
    ask: str
    tests: tuple[str, ...]


@dataclass
class Way:
    """One way to have tasks solved, and what came of it.

    Args:
        key: what the keys of its figures begin with.
        what: it in words.
        choice: how the model call is run.
    """

    key: str
    what: str
    choice: Choice | str
    solved: int = 0
    tokens: int = 0
    seconds: list[float] = field(default_factory=list[float])

    def numbers(self, key: str) -> dict[str, float | None]:
        """Its figures, under keys that begin with this."""
        return {f"{key}_solved": self.solved, f"{key}_tokens": self.tokens, f"{key}_seconds": sum(self.seconds)}


def read_tasks(path: Path) -> list[Task]:
    given = json.loads(path.read_text(encoding="utf-8"))
    if not all(task.keys() >= {"name", "ask", "tests"} and task["tests"] for task in given):
        raise SystemExit(f"{path}: each task needs a `name`, what to `ask`, and `tests`.")
    return [Task(task["name"], task["ask"], tuple(task["tests"])) for task in given]


def models(options: Options) -> list[str]:
    return options.model or [LOCAL]


def key_of(model: str) -> str:
    """A model's name as the beginning of a key: `gguf:/models/qwen2.5-0.5b.gguf` is `qwen2_5_0_5b`."""
    name = Path(model.removeprefix("gguf:")).stem if model.startswith("gguf:") else model
    return re.sub(r"\W+", "_", name).strip("_").lower()


def ways(options: Options) -> list[Way]:
    """Each model alone, the cascade, then samples of each."""
    named = models(options)
    stages = named if len(named) > 1 else [named[0], best_of(options.samples, named[0])]
    alone = [Way(key_of(model), f"{key_of(model)} alone", model) for model in named]
    sampled = [
        Way(
            f"{key_of(model)}_best_of_n", f"{key_of(model)}, best of {options.samples}", best_of(options.samples, model)
        )
        for model in named
    ]
    return [*alone, Way("cascade", "the cascade", cascade(*stages)), *sampled]


def rows(options: Options) -> list[Row]:
    aims = {"cascade_solved": "≥ best_alone_solved", "seconds_ratio": "≤ 0.6"}
    figures = [("solved", "solved"), ("tokens", "tokens of prompts and answers"), ("seconds", "seconds of all tasks")]
    best = [("best_alone", "the model that alone solves most"), ("best_of_n", "the best of its answers")]
    return [
        Row("tasks", "tasks tried"),
        *(
            Row(f"{key}_{figure}", f"{what}: {said}", aims.get(f"{key}_{figure}", ""))
            for key, what in [*((way.key, way.what) for way in ways(options)), *best]
            for figure, said in figures
        ),
        Row("seconds_ratio", "seconds of the cascade, to best_of_n", aims["seconds_ratio"]),
    ]


def program_in(answer: str) -> str:
    """The code in an answer: its first block, or all of it."""
    found = _BLOCK.search(answer)
    return found[1] if found else answer


def solver(way: Way, tasks: Sequence[Task], folder: Path) -> tuple[App, Any]:
    """An App whose one model call is run in this way, and its workflow."""
    app = App("cascade", store=store_in(folder / way.key))
    tests = {task.ask: task.tests for task in tasks}

    @app.llm(choices=[way.choice], again=0, answer_tokens=ANSWER_TOKENS)
    def solve(task: str) -> str:
        """Write the Python function that is asked for.

        Answer with one ```python block that holds the whole function, and with nothing else: no explanation, no
        examples.
        """
        raise NotImplementedError

    @app.check(solve)
    def passes(task: str, answer: str) -> Score:
        verdict = judge(program_in(answer), tests[task])
        return Score(verdict.share, verdict.trouble)

    @app.workflow
    def solved(task: str) -> str:
        return solve(task)

    return app, solved


def attempt(way: Way, task: Task, app: App, workflow: Any) -> None:
    started = time.perf_counter()
    run = app.run(workflow, model=LOCAL, task=task.ask)
    way.seconds.append(time.perf_counter() - started)
    way.solved += run.status == "done"
    way.tokens += sum(node.prompt_tokens + node.answer_tokens for node in run.view.nodes.values())


def measure(options: Options) -> Measured:
    began_s = time.perf_counter()
    tasks, tried = read_tasks(options.tasks), ways(options)
    for model in models(options):
        load(model)
    with TemporaryDirectory() as folder:
        solvers = {way.key: solver(way, tasks, Path(folder)) for way in tried}
        left_s = QUICK_S - (time.perf_counter() - began_s) if options.quick else float("inf")
        done = 0
        for task, order in in_time(tasks, tried, left_s):
            for way in order:
                attempt(way, task, *solvers[way.key])
            done += 1
    return Measured(numbers(tried, models(options), done), notes(options))


def load(model: str) -> None:
    """Has a model say a word, so that its file is in memory."""
    said = (Message(role="user", content="Say yes."),)
    asyncio.run(default_gateway().chat(ChatRequest(model=model, messages=said, max_answer_tokens=1)))


def in_time(tasks: Sequence[Task], tried: Sequence[Way], most_s: float) -> Iterator[tuple[Task, list[Way]]]:
    """The tasks that can be tried in so many seconds, if each takes as long as those before; at least one."""
    started = time.perf_counter()
    for number, task in enumerate(tasks):
        took_s = time.perf_counter() - started
        if number and took_s * (number + 1) / number > most_s:
            return
        first = number % len(tried)
        yield task, [*tried[first:], *tried[:first]]


def numbers(tried: Sequence[Way], named: Sequence[str], done: int) -> dict[str, float | None]:
    by_key: Mapping[str, Way] = {way.key: way for way in tried}
    best = max((by_key[key_of(model)] for model in named), key=lambda way: (way.solved, -sum(way.seconds)))
    sampled, cascaded = by_key[f"{best.key}_best_of_n"], by_key["cascade"]
    found: dict[str, float | None] = {"tasks": done}
    for key, way in [*by_key.items(), ("best_alone", best), ("best_of_n", sampled)]:
        found |= way.numbers(key)
    return found | {"seconds_ratio": sum(cascaded.seconds) / sum(sampled.seconds)}


def notes(options: Options) -> list[str]:
    named = ", ".join(key_of(model) for model in models(options))
    wall = "bubblewrap" if is_walled_off() else "limits alone: bubblewrap does not work here"
    return [f"Models, in the cascade's order: {named}. Tasks: {options.tasks.name}. Answers were run under {wall}."]


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", nargs="+", action="extend", metavar="NAME", help="any model, the cheapest first; default `local`"
    )
    parser.add_argument("--tasks", type=Path, default=TASKS, metavar="FILE", help="a JSON list of tasks")
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="N", help="answers in best_of_n")


def is_full(options: Options) -> bool:
    return not options.quick and options.tasks == TASKS and len(models(options)) > 1


if __name__ == "__main__":
    Benchmark("cascade", __doc__ or "", rows, measure, arguments, is_full).run()
