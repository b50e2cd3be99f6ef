"""`rheostat runs` and `rheostat show`: what there is, and what became of one of them."""

from typing import Annotated

import typer

from .endings import explained, print_json
from .options import AsJson, RunId

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


def show(run: RunId = "last", as_json: AsJson = False) -> None:
    """Show what became of a run.

    What was done, asked, decided and spent, and what the model did not see.
    """
    with explained(as_json=as_json):
        from ..terminal.console import results
        from ..terminal.record import details, drawn
        from .found import run_meant, view_of

        view = view_of(run_meant(run))
        if as_json:
            print_json(details(view))
        else:
            results().print(drawn(view))
