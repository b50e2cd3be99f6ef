"""Plans a run before it starts and while it goes on, and keeps what it teaches."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rheostat.dag import (
    ENDED,
    Budget,
    Instance,
    LessonsNotKept,
    Loop,
    Problem,
    State,
    Status,
    plan,
    remaining,
    task_of,
)

from .compose import default_lessons
from .declare import AnyWorkflow, Llm
from .events import Planned
from .lessons import lessons_of
from .outlook import Outlook
from .ports import Gateway
from .vertical import Vertical
from .view import View


def outlook(
    app: Vertical,
    workflow: AnyWorkflow,
    gateway: Gateway,
    models: Sequence[str],
    inputs: Mapping[str, Any] | None = None,
) -> Outlook:
    """What is known beforehand of running a workflow.

    Args:
        app: whose workflow it is.
        workflow: that is to be run.
        gateway: knows the models.
        models: that may be used where a function names no choices.
        inputs: the workflow's arguments as JSON, as far as they are known.
    """
    lessons = app.lessons or default_lessons()
    return Outlook(
        workflow.graph,
        app.declared,
        gateway,
        models,
        limits=app.limits,
        past=lambda: lessons.of(app.name),
        inputs=inputs,
    )


def planned(outlook: Outlook, view: View, state: State, why: str = "") -> Planned | None:
    """The event that says how what is still to be done is to be run; None if there is nothing to choose.

    Args:
        outlook: of the run's workflow. It takes in what the run itself has taught so far.
        view, state: how the run stands.
        why: it is planned anew; "" for the first plan.
    """
    if not outlook.calls_models:
        return None
    outlook.learn(lessons_of(view, state, outlook.cast))
    problem = outlook.problem(_left(view, state))
    begun = Counter(task_of(node.id) for node in state.nodes.values() if _begun(node, view, outlook))
    left = remaining(problem, budget=problem.budget, done=begun, counts=_counts(problem, state))
    if why and all(len(task.options) == 1 for task in left.tasks):
        return None
    return Planned(plan=plan(left), why=why)


def _begun(node: Instance, view: View, outlook: Outlook) -> bool:
    """Whether it is settled how a node is run: it has ended, or it runs; what calls models, after its first call."""
    if node.status in (Status.PENDING, Status.READY):
        return False
    seen = view.nodes.get(node.id)
    calls_models = isinstance(outlook.cast.get(node.node.calls), Llm)
    return node.status in ENDED or not calls_models or bool(seen and seen.calls)


def _left(view: View, state: State) -> Budget:
    """What may still be spent. What calls in flight could cost is as good as spent."""
    left_usd = None if view.terms.budget_usd is None else max(0.0, state.ledger.left_usd())
    left_s = None if view.terms.deadline_s is None else max(0.0, view.terms.deadline_s - state.worked_s)
    return Budget(usd=left_usd, seconds=left_s)


def _counts(problem: Problem, state: State) -> dict[str, float]:
    """How many copies there are of each task, where it is sure that no more will come up."""
    there = Counter(task_of(node.id) for node in state.nodes.values())
    guarded = {task_of(node.id) for node in state.nodes.values() if node.node.guards}
    growing = tuple(task_of(node.id) + "/" for node in state.nodes.values() if _grows(node))
    sure = (task.id for task in problem.tasks if not task.id.startswith(growing) and task.id not in guarded)
    return {task: float(there[task]) for task in sure}


def _grows(node: Instance) -> bool:
    """Whether more copies of what is in a node's body may still come up."""
    if node.node.body is None or node.status in ENDED:
        return False
    return isinstance(node.node.runs, Loop) or not node.inside


def keep_lessons(app: Vertical, outlook: Outlook, view: View, state: State) -> None:
    """Keeps what a run taught, if it has ended. That this can't be done is no reason for a run to fail."""
    if view.status == "running" or not outlook.calls_models:
        return
    try:
        (app.lessons or default_lessons()).add(app.name, lessons_of(view, state, outlook.cast))
    except LessonsNotKept as error:
        warnings.warn(str(error), stacklevel=2)
