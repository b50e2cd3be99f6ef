"""`rheostat inbox`: what waits for people, over all runs."""

import time
from typing import Annotated

import typer

from .endings import explained, print_json
from .options import AsJson

_OLDEST = 20


def inbox(
    everything: Annotated[bool, typer.Option("--all", help=f"All of them, not only the oldest {_OLDEST}.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what waits for people, oldest first, over all runs."""
    with explained(as_json=as_json):
        from ...compose import default_store
        from ..terminal.console import results, text
        from ..terminal.inbox import details, listed

        waiting, now = default_store().waiting(), time.time()
        shown = waiting if everything else waiting[:_OLDEST]
        if as_json:
            print_json([details(each, now) for each in waiting])
        elif not waiting:
            results().print(text("Nothing waits."))
        else:
            results().print(listed(shown, now))
            if len(shown) < len(waiting):
                results().print(text((f"{len(waiting) - len(shown)} newer ones: rheostat inbox --all", "quiet")))
            results().print(text("Decide with: ", ("rheostat approve RUN", "key")))
