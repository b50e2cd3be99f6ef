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
    if run.view.terms.where != legal.REVIEW:
        files, left_out = dict[str, Path](), list[str]()
    else:
        files, left_out = legal.files(run, report), legal.left_out(run)
    if not quiet:
        summarize(run, files, left_out)
    said = {"redlines_left_out": left_out} if left_out else {}
    return {**run.view.as_json(), **{kind: str(path) for kind, path in files.items()}, **said}
