"""`rheostat runs` and `rheostat show`: what there is, and what became of one of them."""

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .endings import explained, print_json
from .options import AsJson, RunId

if TYPE_CHECKING:
    from ...log import Record
    from ...plan_view import PlanView
    from ...view import View

_NEWEST = 20


def runs(
    everything: Annotated[bool, typer.Option("--all", help=f"All of them, not only the newest {_NEWEST}.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the runs, newest first."""
    with explained(as_json=as_json):
        from ...compose import default_store
        from ..terminal.console import results, text
        from ..terminal.record import listed
        from .found import view_of

        known = default_store().runs()
        views = [view_of(run) for run in (known if everything else known[:_NEWEST])]
        if as_json:
            print_json([view.as_json() for view in views])
        elif not views:
            results().print(text("There are no runs yet. `rheostat demo` makes one."))
        else:
            results().print(listed(views))
            if len(views) < len(known):
                results().print(text((f"{len(known) - len(views)} older ones: rheostat runs --all", "quiet")))


def show(
    run: RunId = "last",
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the run beside its plan as a page with a drawing, too.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what became of a run.

    What was done, asked, decided and spent, beside what was forecast, and what the model did not see.
    """
    with explained(as_json=as_json):
        from ...plan_view import as_json as document
        from ...view import view
        from ..terminal.console import results
        from ..terminal.record import details, drawn
        from .found import records_of, run_meant
        from .pages import say_where, write_page

        id = run_meant(run)
        records = records_of(id)
        seen = view(id, records)
        beside = _beside(seen, records) if seen.plan or html else None
        if html is not None and beside is not None:
            write_page(beside, html)
        if as_json:
            page = {"html": str(html)} if html else {}
            print_json(details(seen) | ({"forecast": document(beside)} if beside else {}) | page)
        else:
            results().print(drawn(seen, beside if seen.plan else None))
            say_where(html)


def _beside(seen: "View", records: "Sequence[Record]") -> "PlanView":
    """The run beside its plan. Drawn by its workflow, if that can still be found."""
    from ...declare import Workflow
    from ...errors import RheostatError
    from ...load import load_app
    from ...plan_steps import kinds_of, ran

    try:
        with redirect_stdout(sys.stderr):  # the module may print
            app = load_app(seen.terms)
        workflow = app.declared.get(seen.terms.workflow)
        graph = workflow.graph if isinstance(workflow, Workflow) else None
    except RheostatError:
        return ran(seen, records, None, kinds={})
    return ran(seen, records, graph, kinds=kinds_of(app.declared))
