"""The command line, `rheostat`. Each command imports what it needs when called, so that `--help` answers at once."""

import os
import sys
import threading
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from .approve import approve
from .audit import audit
from .context import context
from .demo import demo
from .dial import dial
from .doctor import doctor, models
from .endings import EXIT_CODES, Ending
from .eval import evaluate
from .grants import grants
from .inbox import inbox
from .plan import plan
from .review import review
from .runs import runs, show
from .steer import cancel, fork, retry
from .undo import undo

cli = typer.Typer(
    name="rheostat",
    help="What a model sees, what it may cost, and who decides.",
    epilog=EXIT_CODES,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"rheostat {_version()}")
        raise typer.Exit


def _version() -> str:
    try:
        return version("rheostat")
    except PackageNotFoundError:
        return "from a checkout that is not installed"


@cli.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """What a model sees, what it may cost, and who decides."""


for command in (
    demo,
    plan,
    review,
    runs,
    show,
    inbox,
    approve,
    dial,
    cancel,
    retry,
    fork,
    undo,
    context,
    doctor,
    models,
):
    cli.command()(command)
cli.command("eval")(evaluate)
cli.add_typer(audit)
cli.add_typer(grants)


def main() -> None:
    """Runs the command that the arguments ask for, and exits with its code."""
    try:
        cli()
    except SystemExit as done:
        working = any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread())
        if done.code == Ending.STOPPED and working:
            # Ctrl-C was pressed twice: Python would still wait for the function of the app that goes on and on.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(Ending.STOPPED)
        raise
