"""Runs a workflow in front of a person: progress, questions and Ctrl-C."""

import contextlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from ...app import App
from ...compose import get_local_model
from ...drive import Decide, Watch
from ...models import LOCAL
from ...run import Run
from ..terminal.console import aside, results, someone_is_there, text
from ..terminal.ctrl_c import on_ctrl_c
from ..terminal.person import Person
from ..terminal.progress import Progress, label
from ..terminal.question import one_line
from ..terminal.words import count, seconds, usd
from . import legal
from .endings import Stopped

Result = TypeVar("Result")

_STOPPING = "stopping once what is being done has ended; Ctrl-C again leaves it at once"


def on_screen(
    app: App,
    go: Callable[[Decide | None, Watch], Run[Result]],
    *,
    model: str,
    by: str,
    as_json: bool,
    asking: bool = True,
) -> Run[Result]:
    """Drives a run, says how it gets on, and asks whoever sits at the terminal.

    Args:
        app: whose run it is.
        go: starts the run or takes it up, with who decides (None if nobody is there) and who watches.
        model: the run's; if it is the embedded one, it is fetched first where it is not there yet.
        by: the name under which answers are kept.
        as_json: keep stdout for the document; what the app prints goes to stderr.
        asking: False if nobody is to be asked.

    Raises:
        Stopped: Ctrl-C was pressed.
    """
    console = aside()
    progress = Progress(console, legal.called if app.where == legal.REVIEW else label)
    asks = asking and someone_is_there()
    decide = Person(by, app.declared, console=console, progress=progress).decide if asks else None
    printing = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with printing, progress, on_ctrl_c(lambda: progress.doing(_STOPPING)):
            if app.gateway is None and model == LOCAL:
                get_local_model(progress.doing)
            return go(decide, progress.watch)
    except KeyboardInterrupt:
        raise Stopped(progress.run) from None


def summarize(run: Run[Any], files: Mapping[str, Path]) -> None:
    """Says on stdout how a run stands, what it cost, what it wrote and what to do next."""
    view, out = run.view, results()
    style = {"done": "good", "failed": "bad"}.get(run.status, "waits")
    parts = [f"run {run.id}", seconds(view.worked_s), usd(view.spent_usd)]
    out.print(text((run.status, style), f" · {' · '.join(parts)}"), soft_wrap=True)
    for what in dict.fromkeys([view.reason, *(f"{node}: {why}" for node, why in view.failures().items())]):
        if what and (what == view.reason or not what.endswith(view.reason)):
            out.print(text(f"  {what}"))
    for kind, path in files.items():
        out.print(text((f"  {kind:<7} ", "label"), str(path)), soft_wrap=True)
    for question in run.questions:
        out.print(text(("  ? ", "waits"), one_line(question), (f"  [{question.id}]", "quiet")), soft_wrap=True)
    if run.questions:
        waiting = count(len(run.questions), "question")
        out.print(text(f"{waiting} open. Decide with: ", (f"rheostat approve {run.id}", "key")), soft_wrap=True)
    elif run.status == "unfinished":
        out.print(text("Go on with: ", (f"rheostat approve {run.id}", "key")), soft_wrap=True)
