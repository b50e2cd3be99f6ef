"""Runs a workflow over cases, once in each way to be compared, and notes how every model call in it did.

No tool is performed: a rule denies each action, at dial level 0. What stands behind an action is thus not reached, and
said to be so. The runs are kept in no store, and nothing is taken over from one to the next.
"""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from rheostat.autonomy import Level
from rheostat.dag import task_of

from .compose import store_in
from .declare import AnyWorkflow, Llm
from .eval import Trial
from .eval_cases import Case
from .eval_ways import Way, calling_models
from .events import CallReserved, CallSettled, Event, Tried
from .view import NodeView, View

BROKEN_AT_MOST = 3
"""Runs in a row that something else than the model was in the way of; then a way is given up."""


@dataclass
class Eval:
    """What is to be measured, and what has been so far.

    Args:
        workflow, cases, ways: each case is run in each way.
        repeat: how often.
        budget_usd, deadline_s: for all runs together; None for no limit.
        trials: one for each node that called a model, run by run.
        runs: those that have ended; spent_usd also counts the one that was cut off.
        given_up: why a way was not run further, by its name.
        stopped: why not all was measured; "" if it was.
    """

    workflow: AnyWorkflow
    cases: Sequence[Case]
    ways: Sequence[Way]
    repeat: int = 1
    budget_usd: float | None = None
    deadline_s: float | None = None
    trials: list[Trial] = field(default_factory=list[Trial])
    runs: int = 0
    spent_usd: float = 0.0
    given_up: dict[str, str] = field(default_factory=dict[str, str])
    stopped: str = ""

    @property
    def planned(self) -> int:
        """Runs, if nothing stops it."""
        return self.repeat * len(self.cases) * len(self.ways)

    def measure(self, tell: Callable[[str], None]) -> None:
        """Runs one case after another, each in all ways, so that wherever it ends the ways have run the same cases.

        It can be cut off by KeyboardInterrupt: what has been measured stays.

        Args:
            tell: is told what is going on.
        """
        started, broken = time.monotonic(), Counter[str]()
        tasks = calling_models(self.workflow.graph, self.ways[0].app)
        for number, (repetition, case, way) in enumerate(self._queue(), 1):
            if way.name in self.given_up:
                continue
            left_usd = None if self.budget_usd is None else max(0.0, self.budget_usd - self.spent_usd)
            left_s = None if self.deadline_s is None else self.deadline_s - (time.monotonic() - started)
            if left_s is not None and left_s <= 0:
                self.stopped = f"its {self.deadline_s:g} seconds are over"
                return
            tell(f"run {number} of {self.planned}: {case.name}, {way.name}")
            heard = self._run(way, case, left_usd, left_s)
            if heard.out_of_means:
                self.stopped = heard.out_of_means
                return
            found = heard.trials(way, tasks, case.name, repetition)
            self.trials += found
            self.runs += 1
            trouble = next((trial.trouble for trial in found if trial.passed is None), "")
            broken[way.name] = broken[way.name] + 1 if trouble else 0
            if broken[way.name] == BROKEN_AT_MOST:
                self.given_up[way.name] = trouble

    def unreached(self) -> list[str]:
        """The nodes that call a model and were never come to."""
        reached = {trial.node for trial in self.trials}
        return [task for task in calling_models(self.workflow.graph, self.ways[0].app) if task not in reached]

    def _queue(self) -> Iterator[tuple[int, Case, Way]]:
        for repetition in range(self.repeat):
            for case in self.cases:
                for way in self.ways:
                    yield repetition, case, way

    def _run(self, way: Way, case: Case, left_usd: float | None, left_s: float | None) -> _Heard:
        """One run, in a store of its own, so that nothing kept from another one is taken for an answer."""
        heard = _Heard()
        with TemporaryDirectory(prefix="rheostat-eval-") as folder:
            way.app.store = store_in(Path(folder))
            try:
                way.app.run(
                    self.workflow,
                    model=way.model,
                    dial=Level.PROPOSE,
                    budget_usd=left_usd,
                    deadline_s=left_s,
                    watch=heard.watch,
                    **case.inputs,
                )
            finally:
                self.spent_usd += heard.spent_usd
        return heard


class _Heard:
    """What a run's events tell while it runs."""

    def __init__(self) -> None:
        self._view: View | None = None
        self._flying = defaultdict[str, set[str]](set)
        self._since_s, self._took_s = dict[str, float](), defaultdict[str, float](float)
        self._scores = defaultdict[str, list[float]](list)

    def watch(self, event: Event, view: View) -> None:
        """Takes one event in."""
        self._view = view
        match event:
            case CallReserved():
                if not self._flying[event.node]:
                    self._since_s[event.node] = time.monotonic()
                self._flying[event.node].add(event.call)
            case CallSettled() if event.call in self._flying[event.node]:
                self._flying[event.node].remove(event.call)
                if not self._flying[event.node]:
                    self._took_s[event.node] += time.monotonic() - self._since_s[event.node]
            case Tried() if event.answered:
                self._scores[event.node].append(event.score)
            case _:
                pass

    @property
    def spent_usd(self) -> float:
        """What the run has cost so far."""
        return self._view.spent_usd if self._view else 0.0

    @property
    def out_of_means(self) -> str:
        """Why the run could not go on, if it was because money or time ran out."""
        nodes = self._view.nodes.values() if self._view else ()
        return next((node.reason for node in nodes if node.status == "failed" and node.mend == "user"), "")

    def trials(self, way: Way, tasks: Mapping[str, str], case: str, repetition: int) -> list[Trial]:
        """One for each node that called a model and ended.

        Args:
            way: the run's.
            tasks: as `calling_models` gives them.
            case: its name; repetition which run of it in this way.
        """
        return [
            self._trial(way, tasks[task], case, repetition, node)
            for node in (self._view.nodes.values() if self._view else ())
            if (task := task_of(node.id)) in tasks and node.status in ("done", "failed")
        ]

    def _trial(self, way: Way, calls: str, case: str, repetition: int, node: NodeView) -> Trial:
        llm = way.app.declared[calls]
        assert isinstance(llm, Llm)
        blameless = node.status == "failed" and node.mend != "model"
        latest = {check.check: check.score for check in node.checks}
        scores = self._scores.get(node.id) or ([mean(latest.values())] if latest else [])
        return Trial(
            case=case,
            instance=node.id,
            node=task_of(node.id),
            choice=way.choices[calls],
            passed=None if blameless else node.status == "done",
            repetition=repetition,
            score=max(scores) if llm.checks and scores else None,
            checked=bool(llm.checks),
            cost_usd=node.cost_usd,
            seconds=self._took_s[node.id],
            trouble=node.reason,
        )
