"""`rheostat undo`: what a run has done to the world, and taking it back."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import Ending, explained, print_json
from .options import AsJson, By, RunId, person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...done import Effect
    from ...run import Run


def undo(
    run: RunId,
    step: Annotated[str, typer.Argument(metavar="[STEP]", help="Whose effect to undo.")] = "",
    to: Annotated[
        str | None, typer.Option(metavar="STEP", help="Undo all that was done after this step, newest first.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Undo all that the run has done, newest first.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also if an undo that was cut off may have done so; look first.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Undo what a run has done; without a STEP, list what that was.

    Shows what would happen, and asks. Files are put back only if nobody has changed them since.
    """
    wanted = sum([bool(step), to is not None, everything])
    if wanted > 1:
        raise typer.BadParameter("say one thing: a STEP, --to STEP or --all.")
    if again and not step:
        raise typer.BadParameter("--again is about one STEP.")
    with explained(as_json=as_json):
        from ...load import load_app
        from .found import run_meant, view_of

        id = run_meant(run)
        meant = load_app(view_of(id).terms).open(id)
        if wanted:
            todo = _meant(meant, step, to or "")
            if not yes and not _asked(meant, todo):
                raise typer.Exit(Ending.DONE)
            name = person(by)
            _ = meant.undo(step, by=name, again=again) if step else meant.undo_to(to or "", by=name)
        _say(meant, as_json=as_json)


def _meant(run: "Run[Any]", step: str, point: str) -> "Sequence[Effect]":
    """The effects that would be taken back, newest first."""
    if not step:
        return run.effects_since(point)
    return [effect for effect in run.effects if effect.node == step]


def _asked(run: "Run[Any]", todo: "Sequence[Effect]") -> bool:
    """Shows what undoing would do, and asks whether to. What can't be undone is left to the undo itself to refuse."""
    if not sys.stdin.isatty():
        raise typer.BadParameter("nobody is there to be asked, so say --yes.")
    from ..terminal.console import aside
    from ..terminal.undo import announced

    for effect in todo:
        aside().print(announced(effect, run.preview_undo(effect.node)))
    return not todo or typer.confirm("Undo this?" if len(todo) == 1 else "Undo these?", default=False, err=True)


def _say(run: "Run[Any]", *, as_json: bool) -> None:
    from ..terminal.console import results
    from ..terminal.undo import as_document, listed

    if as_json:
        print_json({"run": run.id, "effects": [as_document(effect) for effect in run.effects]})
    else:
        results().print(listed(run.id, run.effects))
