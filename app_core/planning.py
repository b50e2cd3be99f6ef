"""Plans a run before it starts and while it goes on, and keeps what it teaches."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rheostat.dag import Budget, LessonsNotKept, State, Status, task_of

from .compose import default_lessons
from .declare import AnyWorkflow
from .events import Planned
from .lessons import lessons_of
from .outlook import Outlook
from .ports import Gateway
from .vertical import Vertical
from .view import View

_TO_COME = (Status.PENDING, Status.READY)


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
    try:
        from rheostat.dag import plan, remaining
    except ImportError:
        return None
    outlook.learn(lessons_of(view, state, outlook.cast))
    problem = outlook.problem(_left(view, state))
    if why and all(len(task.options) == 1 for task in problem.tasks):
        return None
    begun = Counter(task_of(node.id) for node in state.nodes.values() if node.status not in _TO_COME)
    return Planned(plan=plan(remaining(problem, begun) if begun else problem), why=why)


def _left(view: View, state: State) -> Budget:
    """What may still be spent. What calls in flight could cost is as good as spent."""
    left_usd = None if view.terms.budget_usd is None else max(0.0, state.ledger.left_usd())
    left_s = None if view.terms.deadline_s is None else max(0.0, view.terms.deadline_s - state.worked_s)
    return Budget(usd=left_usd, seconds=left_s)


def keep_lessons(app: Vertical, outlook: Outlook, view: View, state: State) -> None:
    """Keeps what a run taught, if it has ended. That this can't be done is no reason for a run to fail."""
    if view.status == "running" or not outlook.calls_models:
        return
    try:
        (app.lessons or default_lessons()).add(app.name, lessons_of(view, state, outlook.cast))
    except LessonsNotKept as error:
        warnings.warn(str(error), stacklevel=2)
