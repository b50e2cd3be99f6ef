"""`rheostat dial`: what each level would have meant, where people's answers suggest to move it, and moving it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import Ending, ending, explained, print_json
from .options import AsJson, By, person

if TYPE_CHECKING:
    from rheostat.autonomy import Decision, Level, Policy

    from ...dial_view import DialView
    from ...drive import Decide, Watch
    from ...run import Run
    from ...view import View

_LAST = 20
_LAST_OF_EARNED = 200
_TO = "Move the dial of RUN there: 0 propose, 1 edit, 2 share, 3 delegate, 4 alone."


def dial(
    run: Annotated[
        str | None, typer.Argument(metavar="[RUN]", help="A run's id, its beginning or its end, or `last`.")
    ] = None,
    to: Annotated[int | None, typer.Option(min=0, max=4, metavar="LEVEL", help=_TO)] = None,
    tool: Annotated[str, typer.Option(metavar="NAME", help="With --to: for this tool only; a pattern.")] = "",
    kind: Annotated[str, typer.Option(metavar="RISK", help="With --to: for actions of this risk only.")] = "",
    by: By = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What if this policy had been in force, and its rules?")
    ] = None,
    suggest: Annotated[bool, typer.Option("--suggest", help="What people's answers say for moving it.")] = False,
    last: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help=f"Runs to look at: {_LAST}, or {_LAST_OF_EARNED} with --suggest."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what each level of the dial would have asked in past runs, or move it for a run that goes on.

    Takes recorded decisions again at each level. Nothing is run, and nobody is asked.
    """
    with explained(as_json=as_json):
        if to is not None:
            _move(run, to, tool, kind, person(by), as_json=as_json)
        elif tool or kind:
            raise typer.BadParameter("--tool and --kind say for what --to moves the dial: give --to, too.")
        elif suggest:
            _suggest(_past(run, last or _LAST_OF_EARNED), as_json=as_json)
        else:
            _show(_past(run, last or _LAST), policy, one_run=run is not None, as_json=as_json)


def _move(run: str | None, to: int, tool: str, kind: str, by: str, *, as_json: bool) -> None:
    """Moves the dial of a run. Who works on it hears of it; if nobody does, the run is taken up here."""
    from rheostat.autonomy import Level

    from ...load import load_app
    from ..terminal.console import results, text
    from .found import run_meant, view_of
    from .outcome import finish
    from .running import on_screen

    if run is None:
        raise typer.BadParameter("--to moves the dial of a run that goes on: name the RUN, or `last`.")
    terms = view_of(run_meant(run)).terms
    app = load_app(terms)
    opened = app.open(run_meant(run))

    def go(decide: "Decide | None", watch: "Watch") -> "Run[Any]":
        return opened.turn(to, tool=tool, kind=kind, by=by, decide=decide, watch=watch)

    done = on_screen(app, go, model=terms.model, by=by, as_json=as_json, asking=False)
    document = finish(done, quiet=as_json)
    if as_json:
        print_json(document)
    else:
        results().print(text(*_moved(Level(to), tool, kind)))
    raise typer.Exit(Ending.DONE if done.status == "unfinished" else ending(done.status))


def _moved(to: "Level", tool: str, kind: str) -> list[str | tuple[str, str]]:
    """What was done, and what it means."""
    at = f"{to} ({to.name.lower()})"
    if tool:
        return [(f"The dial stands at {at} for {tool}.", "key")]
    if kind:
        return [(f"The dial stands at {at} for what is {kind}, ", "key"), "asking no less than for any milder kind."]
    return [(f"The dial stands at {at}. ", "key"), to.sentence]


def _past(run: str | None, last: int) -> "list[tuple[View, Sequence[Decision]]]":
    """The run that is meant, or the newest ones, each with its decisions."""
    from ...compose import default_grants, default_store
    from ...view import view
    from ...what_if import decisions
    from .found import records_of, run_meant

    ids = [run_meant(run)] if run is not None else default_store().runs()[:last]
    found: list[tuple[View, Sequence[Decision]]] = []
    for id in ids:
        records = records_of(id)
        seen = view(id, records)
        found.append((seen, decisions(id, records, kept=default_grants().of(seen.terms.app))))
    return found


def _show(
    past: "Sequence[tuple[View, Sequence[Decision]]]", policy: Path | None, *, one_run: bool, as_json: bool
) -> None:
    from ...dial_view import as_json as document
    from ..terminal.console import results, text
    from ..terminal.dial import drawn

    seen = _by_workflow(past, _read(policy))
    if as_json:
        print_json({"workflows": [document(each) for each in seen]})
    elif not seen:
        results().print(text("No run on record has proposed an action yet. `rheostat demo` makes one."))
    else:
        for number, each in enumerate(seen):
            results().print(
                "\n" if number else "", drawn(each, one_run=one_run, policy=str(policy or "")), sep="", end=""
            )


def _by_workflow(past: "Sequence[tuple[View, Sequence[Decision]]]", policy: "Policy | None") -> "list[DialView]":
    """The runs of each workflow that proposed something, the workflow with the newest run first."""
    from ...dial_view import dial_view
    from ..terminal.words import phrase

    workflows: dict[str, list[Sequence[Decision]]] = {}
    stands: dict[str, Level] = {}
    for seen, decisions in past:
        if decisions:
            title = f"{seen.terms.app}: {phrase(seen.terms.workflow)}"
            workflows.setdefault(title, []).append(decisions)
            stands.setdefault(title, seen.dial.level)
    return [dial_view(title, runs, stands=stands[title], policy=policy) for title, runs in workflows.items()]


def _read(policy: Path | None) -> "Policy | None":
    if policy is None:
        return None
    from rheostat.autonomy import BadPolicy
    from rheostat.autonomy.io import read_policy

    from ...run_errors import BadInput

    try:
        return read_policy(policy)
    except BadPolicy as error:
        raise BadInput(str(error)) from None


def _suggest(past: "Sequence[tuple[View, Sequence[Decision]]]", *, as_json: bool) -> None:
    from ...dial_view import earned_as_json, earned_view
    from ..terminal.console import results, text
    from ..terminal.dial import stock

    seen = earned_view([decisions for _, decisions in past if decisions])
    if as_json:
        print_json(earned_as_json(seen))
    elif not seen.records:
        results().print(text("No run on record has proposed an action yet. `rheostat demo` makes one."))
    else:
        results().print(stock(seen))
