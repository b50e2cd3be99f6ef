"""`rheostat audit`: who let what happen in a run; whether Logs are what was written; erasing what one says."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from .endings import Ending, explained, print_json
from .options import AsJson, By, RunId, person

if TYPE_CHECKING:
    from ...heads import Examined, Heads

Key = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A file of at least 32 random bytes, known to nobody else.")
]


class _ShowsByDefault(TyperGroup):
    """`rheostat audit RUN` is `rheostat audit show RUN`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        named = bool(args) and (args[0] in self.commands or args[0] == "--help")
        return super().parse_args(ctx, args if named else ["show", *args])


audit = typer.Typer(
    name="audit",
    cls=_ShowsByDefault,
    help="Show who let what happen in a run (`rheostat audit RUN`), and whether Logs are what was written.",
    rich_markup_mode=None,
)


@audit.command()
def show(run: RunId = "last", as_json: AsJson = False) -> None:
    """Show what was decided in a run, by whom and why, what was done, and what was undone."""
    with explained(as_json=as_json):
        from ...audit import audit as read
        from ..terminal.audit import drawn
        from ..terminal.console import results
        from .found import records_of, run_meant

        id = run_meant(run)
        entries = read(records_of(id))
        if as_json:
            print_json({"run": id, "entries": [asdict(entry) for entry in entries]})
        else:
            results().print(drawn(id, entries))


@audit.command()
def verify(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="Only this run; without it, all.")] = None,
    head: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Heads exported before: shows what was cut or written anew.")
    ] = None,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Find any record that was changed, is missing or out of order and, against heads, any that was cut off.

    With --key the heads must be signed with it.
    """
    with explained(as_json=as_json):
        from ..terminal.audit import examined
        from ..terminal.console import aside, results, text

        heads = _heads(head, key)
        logs = _looked_at(run, heads)
        if as_json:
            print_json([_as_json(log) for log in logs])
        else:
            results().print(examined(logs, heads=heads is not None))
        if heads is not None and heads.signature and key is None:
            aside().print(text("The heads are signed. By whom was not looked at: --key FILE."))
        raise typer.Exit(Ending.FAILED if any(log.faults for log in logs) else Ending.DONE)


@audit.command()
def export_heads(key: Key = None) -> None:
    """Write to stdout how long each Log is and where its chain stands, as JSON, signed where a key is given.

    Keep it where nobody can write who can write the store: what is cut off a Log or written anew shows against it.
    """
    with explained(as_json=False):
        from ...compose import default_store
        from ...heads import heads_of

        heads = heads_of(default_store())
        print_json((heads if key is None else heads.signed(key.read_bytes())).model_dump(mode="json"))


@audit.command()
def erase(
    run: RunId,
    reason: Annotated[str, typer.Option(help="Why; kept in the Log.")] = "",
    by: By = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase what a run that has ended read, said and did. It can't be undone. The chain stays whole.

    What other runs took over from it, files that it wrote, and the lessons learned from it stay.
    """
    with explained(as_json=as_json):
        from ...compose import default_store
        from ...erasing import erase as bury
        from ..terminal.console import results, someone_is_there, text
        from .found import run_meant

        id = run_meant(run)
        if not yes and not (someone_is_there() and typer.confirm(f"Erase all that run {id} says?", err=True)):
            raise typer.BadParameter("nothing was erased. Say --yes if that is meant.")
        records = bury(default_store(), id, by=person(by), reason=reason)
        if as_json:
            print_json({"run": id, "erased": records})
        else:
            results().print(text(f"{records} records of run {id} say nothing any more; the chain over them is whole."))


def _heads(file: Path | None, key: Path | None) -> "Heads | None":
    from ...heads import read_heads

    if file is None:
        if key is not None:
            raise typer.BadParameter("--key says who signed the heads: give --head, too.")
        return None
    return read_heads(file.read_text(encoding="utf-8", errors="replace"), key and key.read_bytes())


def _looked_at(run: str | None, heads: "Heads | None") -> "list[Examined]":
    from ...compose import default_store
    from ...heads import examine
    from .found import run_meant

    store = default_store()
    there = {*store.runs(), *store.unreadable()}
    known = {head.run: head for head in heads.heads} if heads else {}
    if run is None:
        meant = there | known.keys()
    else:
        meant = {run if run in known else run_meant(run)}
    return [examine(each, store.read(each) if each in there else (), known.get(each)) for each in sorted(meant)]


def _as_json(log: "Examined") -> dict[str, Any]:
    return {
        "run": log.run,
        "records": log.records,
        "erased": log.erased,
        "against": log.against and log.against.model_dump(mode="json"),
        "faults": [fault._asdict() for fault in log.faults],
    }
