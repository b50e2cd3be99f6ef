"""`rheostat grants`: what may go without a question, giving such leave, and taking it back."""

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from os.path import realpath
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .endings import ending, explained, print_json
from .options import AsJson, By, person

if TYPE_CHECKING:
    from rheostat.autonomy import Bound, Grant

    from ...app import App
    from ...declare import AnyTool
    from ...drive import Decide, Watch
    from ...run import Run

grants = typer.Typer(
    name="grants",
    help="List what may go without a question, give such leave, or take it back.",
    rich_markup_mode=None,
    invoke_without_command=True,
)

InRun = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Of this run alone: its id, or `last`.")]
Pairs = list[str] | None


@grants.callback()
def list_grants(
    context: typer.Context,
    app: Annotated[str, typer.Option(metavar="NAME", help="Only those of the App of this name.")] = "",
    run: InRun = None,
    everything: Annotated[bool, typer.Option("--all", help="Revoked and expired ones, too.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what may go without a question."""
    if context.invoked_subcommand is not None:
        return
    with explained(as_json=as_json):
        from ...compose import default_grants
        from ..terminal.console import results, text
        from ..terminal.grants import listed, standing_of
        from .found import run_meant, view_of

        now = datetime.now(UTC)
        if run is None:
            known = list(default_grants().of(app))
        else:
            known = [grant for grant in view_of(run_meant(run)).grants.values() if grant.run]
        shown = [grant for grant in known if everything or standing_of(grant, now) == "holds"]
        if as_json:
            print_json([_document(grant, now) for grant in shown])
        elif not shown:
            results().print(text("Nothing is granted: what the dial and the rules ask about is asked."))
        else:
            results().print(listed(shown, now))


@grants.command()
def give(
    tool: Annotated[str, typer.Argument(metavar="TOOL", help="The tool whose actions may go.")],
    until: Annotated[
        str, typer.Option(metavar="WHEN", help="When it ends: `3 days`, `friday`, 2026-12-01, `2026-12-01 18:00`.")
    ],
    app: Annotated[
        str | None, typer.Option(metavar="APP", help="In every run of this App: its file or module, as FILE[:NAME].")
    ] = None,
    run: InRun = None,
    same: Annotated[Pairs, typer.Option(metavar="NAME=VALUE", help="Only with this value for an argument.")] = None,
    folder: Annotated[Pairs, typer.Option(metavar="NAME=FOLDER", help="Only for a file in this folder.")] = None,
    at_most: Annotated[Pairs, typer.Option(metavar="NAME=NUMBER", help="Only up to this number.")] = None,
    cost_usd: Annotated[float, typer.Option("--cost", min=0, metavar="USD", help="What one may itself cost.")] = 0.0,
    rule: Annotated[Pairs, typer.Option(metavar="NAME", help="Although this rule asks.")] = None,
    passed: Annotated[str, typer.Option(metavar="CHECK", help="Only if this check passed.")] = "",
    why: Annotated[str, typer.Option(metavar="TEXT", help="Shown with everything that it lets go.")] = "",
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Let a tool's actions go without a question, in every run of an App or in one run.

    Never what outside text may steer, nor what a rule denies. What goes by it is told of.
    """
    if (app is None) == (run is None):
        raise typer.BadParameter("say where it holds: --app for every run of an App, or --run for one run.")
    with explained(as_json=as_json):
        from ..terminal.until import until as read_time

        found, opened = _app(app) if app is not None else _of_run(run or "")
        known = _tool(found, tool)
        try:
            ends = read_time(until, datetime.now(UTC))
        except ValueError as error:
            raise typer.BadParameter(f"--until: {error}") from None
        terms: dict[str, Any] = {
            "by": person(by),
            "until": ends,
            "bounds": list(_bounds(known, same or [], folder or [], at_most or [])),
            "cost_usd": cost_usd,
            "rules": rule or [],
            "passed": passed,
            "why": why,
        }
        if opened is None:
            _say(found.grant(known, **terms), as_json=as_json)
        else:
            _give_in_run(found, opened, known, terms, as_json=as_json)


@grants.command()
def revoke(
    grant: Annotated[str, typer.Argument(metavar="GRANT", help="Its id, as `rheostat grants` lists it.")],
    run: InRun = None,
    by: By = None,
    as_json: AsJson = False,
) -> None:
    """Take a grant back: nothing goes by it from the next decision on, in whatever process."""
    with explained(as_json=as_json):
        from ...compose import default_grants

        name = person(by)
        if run is None:
            _say(default_grants().revoke(grant, by=name, at=datetime.now(UTC)), as_json=as_json)
            return
        found, opened = _of_run(run)
        _go_on(found, opened, lambda decide, watch: opened.revoke(grant, by=name, decide=decide, watch=watch), name)
        _say(opened.view.grants[grant], as_json=as_json)


def _give_in_run(app: "App", run: "Run[Any]", tool: "AnyTool", terms: dict[str, Any], *, as_json: bool) -> None:
    given = list["Grant"]()

    def go(decide: "Decide | None", watch: "Watch") -> "Run[Any]":
        given.append(run.grant(tool, decide=decide, watch=watch, **terms))
        return run

    _go_on(app, run, go, terms["by"])
    _say(given[0], as_json=as_json)
    raise typer.Exit(ending(run.status))


def _go_on(app: "App", run: "Run[Any]", go: "Callable[[Decide | None, Watch], Run[Any]]", by: str) -> None:
    """Has the run hear of it: whoever works on it, or else this process, that goes on with it."""
    from .running import on_screen

    on_screen(app, go, model=run.view.terms.model, by=by, as_json=True)


def _app(given: str) -> "tuple[App, None]":
    from ...load import app_at

    return app_at(given), None


def _of_run(given: str) -> "tuple[App, Run[Any]]":
    from ...load import load_app
    from .found import run_meant, view_of

    id = run_meant(given)
    app = load_app(view_of(id).terms)
    return app, app.open(id)


def _tool(app: "App", name: str) -> "AnyTool":
    from ...declare import Tool
    from ...run_errors import BadInput

    found = app.declared.get(name)
    if not isinstance(found, Tool):
        tools = ", ".join(name for name, each in app.declared.items() if isinstance(each, Tool))
        raise BadInput(f"The App {app.name!r} has no tool {name!r}.", "", f"It has {tools or 'none'}.")
    return found


def _bounds(tool: "AnyTool", same: Iterable[str], folders: Iterable[str], limits: Iterable[str]) -> "Iterator[Bound]":
    from rheostat.autonomy import Bound

    for name, value in _pairs(tool, "--same", same):
        yield Bound(argument=name, equals=_value(tool, name, value))
    for name, value in _pairs(tool, "--folder", folders):
        yield Bound(argument=name, folder=realpath(value))
    for name, value in _pairs(tool, "--at-most", limits):
        try:
            yield Bound(argument=name, at_most=float(value))
        except ValueError:
            raise typer.BadParameter(f"--at-most takes NAME=NUMBER, and {value!r} is none.") from None


def _pairs(tool: "AnyTool", option: str, given: Iterable[str]) -> Iterator[tuple[str, str]]:
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals or name not in tool.parameters:
            takes = ", ".join(tool.signature.takes)
            raise typer.BadParameter(f"{option} takes NAME=VALUE, not {pair!r}. {tool.name} takes {takes}.")
        yield name, value


def _value(tool: "AnyTool", name: str, given: str) -> Any:
    """A value for an argument, as an action has it: JSON if that is what the tool takes there, else the text."""
    codec = tool.codec(name)
    try:
        value = codec.validate_python(json.loads(given))
    except ValueError:
        value = codec.validate_python(given)
    return codec.dump_python(value, mode="json")


def _document(grant: "Grant", now: datetime) -> dict[str, Any]:
    from ..terminal.grants import standing_of

    return {**grant.model_dump(mode="json"), "standing": standing_of(grant, now)}


def _say(grant: "Grant", *, as_json: bool) -> None:
    from ..terminal.console import results, text
    from ..terminal.grants import holds, reach

    now = datetime.now(UTC)
    if as_json:
        print_json(_document(grant, now))
    else:
        results().print(text((grant.id, "key"), f" · {reach(grant)} · {holds(grant, now)}"), soft_wrap=True)
