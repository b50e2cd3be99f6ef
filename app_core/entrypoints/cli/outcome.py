"""What a run leaves behind once it has ended or waits: files, a summary for a person, a document for a program."""

from pathlib import Path
from typing import Any

from ...run import Run
from . import legal
from .running import summarize


def finish(run: Run[Any], *, quiet: bool, report: Path | None = None) -> dict[str, Any]:
    """Writes what is due, says how the run stands, and returns both as one JSON document.

    Args:
        run: ended or waiting.
        quiet: say nothing on stdout.
        report: where a review's report goes; by default beside the redlined contract.
    """
    files = legal.files(run, report) if run.view.terms.where == legal.REVIEW else {}
    if not quiet:
        summarize(run, files)
    return {**run.view.as_json(), **{kind: str(path) for kind, path in files.items()}}
