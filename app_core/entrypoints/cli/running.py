"""Runs a workflow in front of a person: progress, questions and Ctrl-C."""

import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
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

_MOST_CAUSES = 3
_STOPPING = "stopping once what is being done has ended; Ctrl-C again leaves it at once"


def on_screen(
    app: App,
    go: Callable[[Decide | None, Watch], Run[Result]],
    *,
    model: str,
    by: str,
    as_json: bool,
    asking: bool = True,
    grouped: bool = False,
) -> Run[Result]:
    """Drives a run, says how it gets on, and asks whoever sits at the terminal.

    Args:
        app: whose run it is.
        go: starts the run or takes it up, with who decides (None if nobody is there) and who watches.
        model: the run's; if it is the embedded one, it is fetched first where it is not there yet.
        by: the name under which answers are kept.
        as_json: keep stdout for the document; what the app prints goes to stderr.
        asking: False if nobody is to be asked.
        grouped: show questions that are alike together.

    Raises:
        Stopped: Ctrl-C was pressed.
    """
    console = aside()
    progress = Progress(console, legal.called if app.where == legal.REVIEW else label)
    asks = asking and someone_is_there()
    person = Person(by, app.declared, console=console, progress=progress, grouped=grouped)
    decide = person.decide if asks else None
    printing = contextlib.redirect_stdout(sys.stderr) if as_json else contextlib.nullcontext()
    try:
        with printing, progress, on_ctrl_c(lambda: progress.doing(_STOPPING)):
            if app.gateway is None and model == LOCAL:
                get_local_model(progress.doing)
            return go(decide, progress.watch)
    except KeyboardInterrupt:
        raise Stopped(progress.run) from None
    except Exception as error:
        if progress.run and progress.run not in str(error):
            error.add_note(f"What was recorded is whole. Go on with: rheostat approve {progress.run}")
        raise


def summarize(run: Run[Any], files: Mapping[str, Path], left_out: Sequence[str] = ()) -> None:
    """Says on stdout how a run stands, what it cost, what it wrote, what it left out of that and what to do next."""
    view, out = run.view, results()
    style = {"done": "good", "failed": "bad"}.get(run.status, "waits")
    parts = [f"run {run.id}", seconds(view.worked_s), usd(view.spent_usd)]
    out.print(text((run.status, style), f" · {' · '.join(parts)}"), soft_wrap=True)
    if view.reason:
        out.print(text(f"  {view.reason}"))
    causes = Counter(view.failures().values())
    for why, times in causes.most_common(_MOST_CAUSES):
        if why != view.reason:
            out.print(text((f"  {count(times, 'step')} failed: ", "bad"), why))
    for kind, path in files.items():
        out.print(text((f"  {kind:<7} ", "label"), str(path)), soft_wrap=True)
    for line in left_out:
        out.print(text(("  left out: ", "waits"), line))
    for question in run.questions:
        out.print(text(("  ? ", "waits"), one_line(question), (f"  [{question.id}]", "quiet")), soft_wrap=True)
    if run.questions:
        waiting = count(len(run.questions), "question")
        out.print(text(f"{waiting} open. Decide with: ", (f"rheostat approve {run.id}", "key")), soft_wrap=True)
    elif run.status == "unfinished":
        out.print(text("Go on with: ", (f"rheostat approve {run.id}", "key")), soft_wrap=True)
