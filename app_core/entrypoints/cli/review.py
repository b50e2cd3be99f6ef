"""`rheostat review`: a contract against a playbook."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .endings import ending, explained, print_json
from .options import AsJson, Budget, By, Deadline, Dial, Models, person


def review(
    contract: Annotated[Path, typer.Argument(metavar="CONTRACT", help="A .docx, .md or .txt file.")],
    playbook: Annotated[Path, typer.Option(metavar="PLAYBOOK", help="Your rules: a .yaml or .docx file.")],
    dial: Dial = 1,
    budget_usd: Budget = None,
    deadline_s: Deadline = None,
    model: Models = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The redlined copy; else beside the contract.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The report (HTML); else beside the copy.")
    ] = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Review a contract against a playbook.

    Gives findings with quotes, redlines for you to approve, a redlined copy and a report.
    """
    with explained(as_json=as_json):
        from .legal import inputs, redlined
        from .outcome import finish

        arguments = inputs(contract, playbook, out or redlined(contract))
        terms = {"dial": dial, "budget_usd": budget_usd, "deadline_s": deadline_s, "models": model or ()}
        run = reviewed(arguments, terms, by=person(by), as_json=as_json)
        document = finish(run, quiet=as_json, report=report)
        if as_json:
            print_json(document)
        raise typer.Exit(ending(run.status))


def reviewed(arguments: dict[str, Any], terms: dict[str, Any], *, by: str, as_json: bool) -> Any:
    """Runs the review; says first what of, with what model and on what terms."""
    from rheostat.autonomy import Level
    from rheostat.examples.legal.review import app, review

    from ...compose import resolve
    from ...models import LOCAL
    from ..terminal.console import aside
    from ..terminal.preview import facts
    from ..terminal.words import seconds, usd
    from .running import on_screen

    models = [resolve(model) for model in terms["models"] or (None,)]
    level = Level(terms["dial"])
    limits = [usd(terms["budget_usd"])] if terms.get("budget_usd") is not None else []
    limits += [f"{seconds(terms['deadline_s'])} of work"] if terms.get("deadline_s") else []
    said = [
        ("contract", arguments["path"]),
        ("playbook", arguments["playbook"]),
        ("model", f"{', '.join(found.model for found in models)}. {' '.join(found.why for found in models)}"),
        ("dial", f"{level} {level.name.lower()}. {level.sentence}"),
        ("at most", " and ".join(limits) or "any cost (--budget sets a cap)"),
    ]
    aside().print(facts(said))
    return on_screen(
        app,
        lambda decide, watch: app.run(review, decide=decide, watch=watch, by=by, **terms, **arguments),
        model=LOCAL if any(found.model == LOCAL for found in models) else models[0].model,
        by=by,
        as_json=as_json,
    )
