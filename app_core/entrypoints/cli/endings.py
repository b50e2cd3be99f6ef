"""How a command ends: its exit code, and what it says if it could not do what was asked."""

import json
import sys
import traceback
from collections.abc import Generator
from contextlib import contextmanager
from enum import IntEnum
from typing import Any

import typer


class Ending(IntEnum):
    """The exit codes."""

    DONE = 0
    NOT_UNDERSTOOD = 2
    """What was asked can't be done: a wrong option, a bad file, an answer that does not fit."""
    WAITS = 3
    """The run waits for a person."""
    PARTIAL = 4
    """There is a result, but some steps failed."""
    FAILED = 5
    STOPPED = 130
    """Ctrl-C; the run can be taken up again."""


EXIT_CODES = (
    "Exit codes: 0 done, 2 not understood or bad input, 3 waits for a person, 4 partly done, 5 failed, "
    "130 stopped by Ctrl-C."
)

_BY_STANDING = {"done": Ending.DONE, "waiting": Ending.WAITS, "partial": Ending.PARTIAL, "failed": Ending.FAILED}
_BY_MEND = {"user": Ending.NOT_UNDERSTOOD, "builder": Ending.NOT_UNDERSTOOD}


class Stopped(Exception):
    """The person pressed Ctrl-C. `run` is the run that was going on, if one had begun."""

    def __init__(self, run: str) -> None:
        super().__init__(run)
        self.run = run


def ending(standing: str) -> Ending:
    """The exit code for how a run stands; see View.standing."""
    return _BY_STANDING.get(standing, Ending.FAILED)


def print_json(document: Any) -> None:
    """Writes the one JSON document of a command to stdout."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


@contextmanager
def explained(*, as_json: bool) -> Generator[None]:
    """Ends a command that can't go on with a sentence instead of a traceback, and the exit code that fits.

    Args:
        as_json: also write a JSON document with the error to stdout.
    """
    try:
        yield
    except (typer.Exit, typer.BadParameter):
        raise
    except Stopped as stopped:
        _stopped(stopped.run, as_json)
    except KeyboardInterrupt:
        _stopped("", as_json)
    except Exception as error:
        _failed(error, as_json)


def _stopped(run: str, as_json: bool) -> None:
    go_on = f"Go on with: rheostat approve {run}" if run else "Nothing had begun."
    _tell(f"Stopped; nothing is lost. {go_on}", "waits")
    if as_json:
        print_json({"status": "stopped", "run": run})
    raise typer.Exit(Ending.STOPPED)


def _failed(error: Exception, as_json: bool) -> None:
    mend = str(getattr(error, "mend", "user"))
    known = _is_ours(error)
    sentence = str(error) if known else _about_a_file(error) or _unexpected(error)
    _tell(sentence, "bad")
    for note in getattr(error, "__notes__", ()):
        _tell(note, "waits")
    if as_json:
        print_json({"status": "failed", "error": sentence, "mend": mend})
    raise typer.Exit(_BY_MEND.get(mend, Ending.FAILED) if known else Ending.FAILED)


def _is_ours(error: Exception) -> bool:
    """Whether its words were written for a person. All errors of this house are sentences."""
    return type(error).__module__.partition(".")[0] == "rheostat"


def _about_a_file(error: Exception) -> str:
    """A file that can't be read or written is no fault of the program; empty for any other error."""
    if not isinstance(error, OSError) or not error.filename or not error.strerror:
        return ""
    return f"{error.filename} can't be used: {error.strerror}. Mend that, or name another file, and try again."


def _unexpected(error: Exception) -> str:
    """Keeps the traceback where it can be found, and says where."""
    from ...home import cache_folder

    what = f"Something went wrong that should not have: {type(error).__name__}: {error}."
    try:
        path = cache_folder() / "last-error.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    except OSError:
        traceback.print_exception(error)
        return what
    return f"{what} Nothing that was recorded is lost. Please report it with {path}."


def _tell(sentence: str, style: str) -> None:
    from ..terminal.console import aside, text

    aside().print(text((sentence, style)))
