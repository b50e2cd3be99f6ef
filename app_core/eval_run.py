"""Runs a workflow over cases, once in each way to be compared, and notes how every model call in it did.

No tool is performed: a rule denies each action, at dial level 0. What stands behind an action is thus not reached, and
said to be so. The runs are kept in no store, and nothing is taken over from one to the next.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rheostat.autonomy import Level
from rheostat.dag import choice_name, task_of

from .compose import store_in
from .declare import AnyWorkflow, Llm
from .eval import Trial
from .eval_cases import Case
from .eval_ways import Way, calling_models
from .events import Event
from .view import NodeView, View

AnyLlm = Llm[Any, ..., Any]

WHOLE = ()
"""Where the Log tells of a node's choice as a whole."""

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
        for number, (repetition, case, way) in enumerate(self._queue(), 1):
            if way.name in self.given_up:
                continue
            left_usd = None if self.budget_usd is None else max(0.0, self.budget_usd - self.spent_usd)
            left_s = None if self.deadline_s is None else self.deadline_s - (time.monotonic() - started)
            if left_s is not None and left_s <= 0:
                self.stopped = f"its {self.deadline_s:g} seconds are over"
                return
            tell(f"run {number} of {self.planned}: {case.name}, {way.name}")
            view = self._run(way, case, left_usd, left_s)
            self.stopped = _out_of_means(view)
            if self.stopped:
                return
            found = list(self._trials(way, view, case.name, repetition))
            self.trials += found
            self.runs += 1
            trouble = next((trial.trouble for trial in found if trial.passed is None), "")
            broken[way.name] = broken[way.name] + 1 if trouble else 0
            if broken[way.name] == BROKEN_AT_MOST:
                self.given_up[way.name] = trouble

    def unreached(self) -> list[str]:
        """The nodes that call a model and were never come to."""
        reached = {trial.node for trial in self.trials}
        return [task for task in self._tasks if task not in reached]

    @cached_property
    def _tasks(self) -> dict[str, str]:
        return calling_models(self.workflow.graph, self.ways[0].app)

    def _queue(self) -> Iterator[tuple[int, Case, Way]]:
        for repetition in range(self.repeat):
            for case in self.cases:
                for way in self.ways:
                    yield repetition, case, way

    def _run(self, way: Way, case: Case, left_usd: float | None, left_s: float | None) -> View:
        """One run, in a store of its own, so that nothing kept from another one is taken for an answer."""
        seen = list[View]()

        def watch(_: Event, view: View) -> None:
            seen[:] = [view]

        with TemporaryDirectory(prefix="rheostat-eval-") as folder:
            way.app.store = store_in(Path(folder))
            try:
                way.app.run(
                    self.workflow,
                    model=way.model,
                    dial=Level.PROPOSE,
                    budget_usd=left_usd,
                    deadline_s=left_s,
                    watch=watch,
                    **case.inputs,
                )
            finally:
                self.spent_usd += seen[0].spent_usd if seen else 0.0
        return seen[0]

    def _trials(self, way: Way, view: View, case: str, repetition: int) -> Iterator[Trial]:
        """One for each node that called a model."""
        for node in view.nodes.values():
            llm = way.app.declared.get(self._tasks.get(task_of(node.id), ""))
            if isinstance(llm, Llm) and (WHOLE in node.tried or node.status == "failed"):
                yield _trial(node, llm, choice_name(way.choices[llm.name]), case, repetition)


def _trial(node: NodeView, llm: AnyLlm, choice: str, case: str, repetition: int) -> Trial:
    tried = node.tried.get(WHOLE)
    counts = tried is not None and tried.counts
    return Trial(
        case=case,
        instance=node.id,
        node=task_of(node.id),
        choice=choice,
        passed=tried.passed if tried and counts else None,
        repetition=repetition,
        score=tried.score if tried and counts and llm.checks else None,
        checked=bool(llm.checks),
        cost_usd=node.cost_usd,
        seconds=tried.latency_s if tried else 0.0,
        trouble=node.reason,
    )


def _out_of_means(view: View) -> str:
    """Why a run could not go on, if it was because money or time ran out."""
    left = (node for node in view.nodes.values() if node.status in ("failed", "let go") and node.mend == "user")
    return next((node.reason for node in left), "")
