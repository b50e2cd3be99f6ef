"""`rheostat cancel`, `retry` and `fork`: steering a run from outside of it."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import Ending, ending, explained, print_json
from .options import AsJson, By, RunId, person

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...app import App
    from ...declare import AnyDeclared
    from ...drive import Decide, Watch
    from ...run import Run
    from ...view import View

_PATIENCE_S = 60.0


def cancel(
    run: RunId,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why; it is kept.")] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Call a run off.

    What is in flight is stopped, wherever it runs; an action that has begun is waited for. What it has cost is booked.
    """
    with explained(as_json=as_json):
        from ...cancel import cancel as call_off
        from ...compose import default_store
        from ..terminal.console import results, text
        from .found import run_meant, view_of

        id = run_meant(run)
        if view_of(id).status == "running":
            why = f"cancelled by {person(by)}{f': {reason}' if reason else ''}"
            call_off(default_store(), id, why=why, patience_s=_PATIENCE_S)
        view = view_of(id)
        if as_json:
            print_json(view.as_json())
        else:
            results().print(text((view.standing(), "waits"), f" · run {id} · {view.reason or 'it had ended before'}"))
            _name_unknown(view)
        raise typer.Exit(Ending.DONE if view.status == "cancelled" else Ending.NOT_UNDERSTOOD)


def retry(
    run: RunId,
    node: Annotated[str | None, typer.Argument(metavar="[STEP]", help="The step that failed, if several did.")] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Run a step that failed once more, with what could not run because of it, and go on."""
    with explained(as_json=as_json):
        from .found import run_meant

        app, opened = _opened(run_meant(run))
        step = _failed_step(opened, node)
        name = person(by)

        def go(decide: "Decide | None", watch: "Watch") -> "Run[Any]":
            return opened.retry(step, by=name, decide=decide, watch=watch)

        _go_on(app, opened, go, name, as_json=as_json)


def fork(
    run: RunId,
    changes: Annotated[
        list[str], typer.Argument(metavar="NAME=VALUE", help="A workflow's argument, or what a step is to have given.")
    ],
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Start a new run from this one with something changed.

    What does not depend on the change is taken over: nothing of it is done or paid for again. A value is JSON, or text
    where text is wanted.
    """
    with explained(as_json=as_json):
        from .found import run_meant

        app, opened = _opened(run_meant(run))
        workflow = app.declared[opened.view.terms.workflow]
        inputs, values = dict[str, Any](), dict[str, Any]()
        for change in changes:
            name, equals, value = change.partition("=")
            if not equals or not name:
                raise typer.BadParameter(f"a change is NAME=VALUE, not {change!r}.")
            if name in workflow.parameters:
                inputs[name] = _read(value, workflow, name)
            else:
                values[name] = _read(value, app.declared.get(_called(name)), "return")
        new = opened.fork(inputs=inputs, values=values)

        def go(decide: "Decide | None", watch: "Watch") -> "Run[Any]":
            return new.resume(decide=decide, watch=watch)

        _go_on(app, new, go, person(by), as_json=as_json)


def _opened(id: str) -> "tuple[App, Run[Any]]":
    from ...load import load_app
    from .found import view_of

    app = load_app(view_of(id).terms)
    return app, app.open(id)


def _go_on(
    app: "App", run: "Run[Any]", go: "Callable[[Decide | None, Watch], Run[Any]]", by: str, *, as_json: bool
) -> None:
    """Drives a run in front of whoever is there, and says what came of it."""
    from .outcome import finish
    from .running import on_screen

    done = on_screen(app, go, model=run.view.terms.model, by=by, as_json=as_json)
    document = finish(done, quiet=as_json)
    if as_json:
        print_json(document)
    raise typer.Exit(ending(done.status))


def _failed_step(run: "Run[Any]", named: str | None) -> str:
    from ...run_errors import BadInput

    failed = list(run.failures)
    if named is None and len(failed) != 1:
        raise BadInput(
            f"{len(failed)} steps of run {run.id} failed.", "", f"Name one of: {', '.join(failed) or 'none'}."
        )
    return named or failed[0]


def _called(node: str) -> str:
    """The function that a node calls, from its id: `review[3]/judge#2` calls judge."""
    return node.rpartition("/")[2].partition("#")[0]


def _read(given: str, declared: "AnyDeclared | None", name: str) -> Any:
    """A value as JSON if that is what is wanted, else as the text it is."""
    try:
        value = json.loads(given)
        return value if declared is None else declared.codec(name).validate_python(value)
    except ValueError:
        return given


def _name_unknown(view: "View") -> None:
    from ..terminal.console import results, text

    for node in view.nodes.values():
        if node.status == "unknown":
            results().print(text(("  may have happened: ", "bad"), node.action.summary if node.action else node.id))
