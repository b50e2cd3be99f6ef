"""`rheostat plan`: what a workflow is expected to cost and to take, and how each step would be run, before it is."""

import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import Ending, explained, print_json
from .options import AsJson, Budget, Deadline

if TYPE_CHECKING:
    from rheostat.dag import Budget as Caps
    from rheostat.dag import Task

    from ...app import App
    from ...declare import AnyWorkflow
    from ...plan_view import PlanView

_BUILT_IN = {"legal": ("rheostat.examples.legal.review", "review")}
"""Verticals that come along: where each is, and the workflow that is meant."""


def plan(
    app: Annotated[str, typer.Argument(metavar="APP", help="The file or module that declares it, or `legal`.")],
    workflow: Annotated[str | None, typer.Argument(metavar="[WORKFLOW]", help="Which, if the app has several.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--input", metavar="NAME=VALUE", help="An argument, as JSON or as text.")
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", metavar="NAME", help="One that may be used; give each of several.")
    ] = None,
    budget_usd: Budget = None,
    deadline_s: Deadline = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it as a page with a drawing, too.")] = None,
    as_json: AsJson = False,
) -> None:
    """Say what a workflow would cost and take, and how each step would be run. Nothing is run.

    Chooses a way for every step so that the result is as good as money and time allow. Forecasts rest on past runs, or
    on prices and rules of thumb as long as there are none; without all inputs also the lengths of lists do.
    """
    with explained(as_json=as_json):
        from rheostat.dag import Budget as Caps

        from ...load import app_at, workflow_of
        from ..terminal.console import results
        from ..terminal.steps import drawn
        from .pages import say_where, write_page

        where, usual = _BUILT_IN.get(app, (app, None))
        with redirect_stdout(sys.stderr):  # the module may print
            declared = app_at(where)
        flow = workflow_of(declared, workflow or usual)
        inputs = _inputs(flow, given or ())
        seen = _planned(declared, flow, models or (), Caps(usd=budget_usd, seconds=deadline_s), inputs)
        if html is not None:
            write_page(seen, html, app=where)
        if as_json:
            from ...plan_view import as_json as document

            print_json(document(seen) | ({"html": str(html)} if html else {}))
        else:
            results().print(drawn(seen))
            say_where(html)
        feasible = seen.plan is None or seen.plan.feasible
        raise typer.Exit(Ending.DONE if feasible else Ending.NOT_UNDERSTOOD)


def _planned(
    app: "App", workflow: "AnyWorkflow", models: Sequence[str], caps: "Caps", inputs: dict[str, Any]
) -> "PlanView":
    from rheostat.dag import plan

    from ...compose import default_gateway, resolve
    from ...plan_steps import kinds_of, planned
    from ...planning import outlook

    named = tuple(dict.fromkeys(models)) or (resolve(None).model,)
    problem = outlook(app, workflow, app.gateway or default_gateway(), named, inputs).problem(caps)
    found = plan(problem)
    runs = sum(chosen.forecast.runs for chosen in found.tasks.values())
    missing = [name for name in workflow.parameters if name not in inputs]
    return planned(
        f"{app.name}: {workflow.name}",
        workflow.graph,
        found,
        kinds=kinds_of(app.declared),
        models=named,
        notes=_notes(problem.tasks, runs, missing=missing),
    )


def _notes(tasks: "Sequence[Task]", runs: int, *, missing: Sequence[str]) -> list[str]:
    """What the forecast rests on."""
    rests = "list prices and rules of thumb: no run of this is on record yet"
    if runs:
        rests = f"{runs:,} recorded step{'' if runs == 1 else 's'}"
    notes = [f"The forecasts rest on {rests}."]
    if any(not task.known and task.count != 1 for task in tasks):
        because = f"; these inputs were not given: {', '.join(missing)}" if missing else ""
        notes.append(f"How many copies some steps will have is estimated (≈){because}.")
    return notes


def _inputs(workflow: "AnyWorkflow", given: Sequence[str]) -> dict[str, Any]:
    """The arguments by name: each value as JSON if it fits as that, else as text."""
    from ...run_errors import BadInput

    inputs = dict[str, Any]()
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"--input takes NAME=VALUE, not {pair!r}.")
        if name not in workflow.parameters:
            raise BadInput(f"{workflow.name} takes no {name!r}.", f"It takes {', '.join(workflow.parameters)}.")
        inputs[name] = _fitting(workflow, name, value)
    return inputs


def _fitting(workflow: "AnyWorkflow", name: str, value: str) -> Any:
    from pydantic import ValidationError

    from ...run_errors import BadInput

    codec = workflow.codec(name)
    readings: list[Any] = [value]
    try:
        readings.insert(0, json.loads(value))
    except ValueError:
        pass
    for reading in readings:
        try:
            return codec.validate_python(reading)
        except ValidationError:
            continue
    raise BadInput(f"The input {name} can't be {value!r}.", "It does not fit its type.", "Give it as JSON.")
