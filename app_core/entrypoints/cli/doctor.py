"""`rheostat doctor` and `rheostat models`: what is here, what would be used, and what is missing."""

from typing import Annotated, Literal

import typer

from .endings import Ending, explained, print_json
from .options import AsJson, Model


def models(
    what: Annotated[Literal["list", "get"], typer.Argument(help="`list` them, or `get` one.")] = "list",
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="With `get`: `local`.")] = None,
    as_json: AsJson = False,
) -> None:
    """List the models that can be used here.

    `rheostat models get local` fetches the embedded one.
    """
    if (what == "get") != (name == "local"):
        raise typer.BadParameter("`rheostat models get local` is what can be fetched.")
    with explained(as_json=as_json):
        if what == "get":
            _get(as_json)
        else:
            _list(as_json)


def _list(as_json: bool) -> None:
    from ...compose import available_models, resolve
    from ..terminal.console import results, text
    from ..terminal.record import columns

    found, chosen = available_models(), resolve(None)
    if as_json:
        print_json({"chosen": chosen.model, "why": chosen.why, "models": [vars(each) for each in found]})
        return
    table = columns("model", "state", "why")
    for each in found:
        style = {"ready": "good", "fetch": "waits"}.get(each.state, "quiet")
        table.add_row(text(each.model), text((each.state, style)), text((each.why, "quiet")))
    results().print(table)
    results().print(text("\nWithout --model: ", (chosen.model, "key"), f". {chosen.why}"))


def _get(as_json: bool) -> None:
    from ...compose import get_local_model
    from ..terminal.console import aside, results, text
    from ..terminal.progress import Progress, label

    with Progress(aside(), label) as progress:
        path = get_local_model(progress.doing)
    if as_json:
        print_json({"model": "local", "path": str(path)})
    else:
        results().print(text(("local ", "good"), str(path)), soft_wrap=True)


def doctor(model: Model = None, as_json: AsJson = False) -> None:
    """Say what would be used, and what is missing.

    Which model would serve and why, where things are kept, and what to do about what is not there.
    """
    with explained(as_json=as_json):
        from ...doctor import examine
        from ..terminal.console import results, text
        from ..terminal.record import columns

        findings = examine(model)
        well = all(finding.well for finding in findings)
        if as_json:
            print_json({"well": well, "findings": [vars(finding) for finding in findings]})
        else:
            table = columns("", "what", "found")
            for finding in findings:
                mark = ("✓", "good") if finding.well else ("✗", "bad")
                table.add_row(text(mark), text(finding.what), text(finding.found))
            results().print(table)
        raise typer.Exit(Ending.DONE if well else Ending.FAILED)
