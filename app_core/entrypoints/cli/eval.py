"""`rheostat eval`: how well each model does at each step, on the user's own cases."""

import contextlib
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import Ending, explained, print_json
from .options import AsJson, Budget

if TYPE_CHECKING:
    from ...eval_run import Eval

_STOPPING = "stopping; Ctrl-C again leaves it at once"
_BY_CTRL_C = "Ctrl-C was pressed."


def evaluate(
    app: Annotated[str, typer.Argument(metavar="APP", help="The file or module that declares it: desk.py.")],
    cases: Annotated[Path, typer.Option(metavar="FILE", help="JSON lines: the workflow's arguments, and a `name`.")],
    models: Annotated[
        str | None, typer.Option(metavar="A,B,…", help="Models to compare. Without it: what is found first.")
    ] = None,
    workflow: Annotated[str | None, typer.Option(metavar="NAME", help="Which, if the app has several.")] = None,
    repeat: Annotated[int, typer.Option(min=1, metavar="N", help="Run each case so often in each way.")] = 1,
    budget_usd: Budget = None,
    deadline_s: Annotated[
        float | None, typer.Option("--deadline", min=0, metavar="SECONDS", help="The most that all of it may take.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure models on your own cases, step by step.

    Runs the workflow over every case with each model, and each step in every choice that it declares. Says by the app's
    own checks which does best, and what it costs. Performs no action. Plans learn from it. Ctrl-C keeps what was
    measured.
    """
    with explained(as_json=as_json):
        from ...compose import resolve
        from ...eval_cases import read_cases
        from ...eval_run import Eval
        from ...eval_ways import ways
        from ...load import app_at, workflow_of
        from ..terminal.console import results
        from ..terminal.eval import measured

        declared = app_at(app)
        flow = workflow_of(declared, workflow)
        named = [name.strip() for name in (models or "").split(",") if name.strip()] or [resolve(None).model]
        found = Eval(flow, read_cases(cases, flow), ways(declared, flow, named), repeat, budget_usd, deadline_s)
        _measure(found, as_json=as_json)
        if as_json:
            print_json(_document(found))
        else:
            results().print(measured(found))
        raise typer.Exit(_ending(found))


def _measure(found: "Eval", *, as_json: bool) -> None:
    """Runs it in front of a person; Ctrl-C ends it early."""
    from ...compose import default_gateway, get_local_model
    from ...models import LOCAL
    from ..terminal.console import aside
    from ..terminal.ctrl_c import on_ctrl_c
    from ..terminal.progress import Progress, label

    printing = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    gateway = found.ways[0].app.gateway
    models = {model for way in found.ways for model in way.models}
    with printing, Progress(aside(), label) as progress, on_ctrl_c(lambda: progress.doing(_STOPPING)):
        try:
            if gateway is None and LOCAL in models:
                get_local_model(progress.doing)
            for model in models:  # what is unknown is best known before money is spent, and what is local loaded
                (gateway or default_gateway()).facts(model)
                (gateway or default_gateway()).counter(model)
            found.measure(progress.doing)
        except KeyboardInterrupt:
            found.stopped = _BY_CTRL_C


def _ending(found: "Eval") -> Ending:
    if found.stopped == _BY_CTRL_C:
        return Ending.STOPPED
    if not any(trial.passed is not None for trial in found.trials):
        return Ending.FAILED
    return Ending.PARTIAL if found.stopped or found.given_up else Ending.DONE


def _document(found: "Eval") -> dict[str, Any]:
    """All of it, for a program."""
    from ...eval import findings, tallies

    return {
        "workflow": found.workflow.name,
        "cases": len(found.cases),
        "runs": found.runs,
        "planned_runs": found.planned,
        "spent_usd": found.spent_usd,
        "stopped": found.stopped,
        "given_up": found.given_up,
        "unreached": found.unreached(),
        "steps": [asdict(tally) for tally in tallies(found.trials)],
        "findings": findings(found.trials),
        "trials": [asdict(trial) for trial in found.trials],
    }
