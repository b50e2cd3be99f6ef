"""What the command line knows of the legal vertical: its files, and how a person calls its steps."""

import re
from pathlib import Path
from typing import Any, cast

from ...run import Run
from ...run_errors import BadInput
from ...view import NodeView, View
from ..terminal.progress import label

REVIEW = "rheostat.examples.legal.review"

_READ = ("contract_at", "playbook_at")
_OF_A_RULE = re.compile(r"one_rule\[(\d+)\]/(judge|reword|redline)")


def redlined(contract: Path) -> Path:
    """Where the redlined copy goes unless told otherwise: beside the contract, under a name that nothing has yet."""
    suffix = ".docx" if contract.suffix.lower() == ".docx" else ".md"
    names = (f"{contract.stem}.redlined{f'-{number}' if number else ''}" for number in (0, *range(2, 10_000)))
    free = (contract.with_name(name + suffix) for name in names)
    return next(out for out in free if not out.exists() and not report_beside(out).exists())


def report_beside(out: Path) -> Path:
    """Where the report goes unless told otherwise."""
    return out.with_suffix(".html")


def inputs(contract: Path, playbook: Path, out: Path) -> dict[str, Any]:
    """The workflow's arguments. Reads both documents, so that nothing is begun with one that can't be read.

    Raises:
        BadInput, BadFile: a file is not there or not what it has to be, or the contract would be overwritten.
    """
    from rheostat import Refused, read, redlinable
    from rheostat.context import ContextError
    from rheostat.examples.legal.playbook import read_playbook

    for file, what in ((contract, "contract"), (playbook, "playbook")):
        if not file.is_file():
            raise BadInput(f"The {what} {file} can't be read.", "There is no such file.", "Check the path.")
        if out.resolve() == file.resolve():
            raise BadInput(f"{out} would be overwritten.", f"It is the {what} itself.", "Give another file as --out.")
    if not out.parent.is_dir():
        raise BadInput(f"{out} can't be written.", f"There is no folder {out.parent}.", "Make it first.")
    try:
        read_playbook(playbook)
        redlinable(read(contract))
    except (ContextError, Refused) as error:
        raise BadInput(str(error)) from error
    return {name: str(path.resolve()) for name, path in (("path", contract), ("playbook", playbook), ("out", out))}


def files(run: Run[Any], report: Path | None) -> dict[str, Path]:
    """Writes the report on a review as it stands, and names what there is, by kind. Nothing if it came to nothing."""
    from rheostat.examples.legal.report import write_report

    if not all(node in run.view.nodes and run.view.nodes[node].status == "done" for node in _READ):
        return {}
    out = Path(str(run.view.terms.inputs["out"]))
    written = write_report(run, report or report_beside(out))
    return {**({"out": out} if out.exists() else {}), "report": written}


def left_out(run: Run[Any]) -> list[str]:
    """The redlines that the copy does not hold although they were accepted, and why: one line each."""
    delivered = run.view.nodes.get("deliver")
    value = cast("dict[str, Any]", delivered.value) if delivered and isinstance(delivered.value, dict) else {}
    return [f"{left['change']['comment'].partition(':')[0]}: {left['reason']}" for left in value.get("left_out", ())]


def called(node: NodeView, view: View) -> str:
    """A step under the topic of the rule that it is about."""
    found = _OF_A_RULE.fullmatch(node.id)
    playbook = view.nodes.get("playbook_at")
    if found is None or playbook is None or not isinstance(playbook.value, dict):
        return label(node, view)
    rules = cast("list[dict[str, Any]]", playbook.value["rules"])
    topic = str(rules[int(found[1])]["topic"])
    said = cast("dict[str, Any]", node.value) if isinstance(node.value, dict) else {}
    return f"{topic}: {said.get('verdict', found[2])}"
