"""`rheostat demo`: the sample contract against the sample playbook, in a folder of its own."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from .endings import ending, explained, print_json
from .options import AsJson, Dial, Model, person

_MOST_USD = 0.25
_CONTRACT, _PLAYBOOK = "nda.docx", "playbook.yaml"


def demo(
    dial: Dial = 2,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where to work; else a new folder rheostat-demo here.")
    ] = None,
    model: Model = None,
    as_json: AsJson = False,
) -> None:
    """Review a sample contract, to see what comes of it.

    Needs no key: without one the small embedded model serves. Costs at most 25 cents with one.
    """
    with explained(as_json=as_json):
        from ..terminal.console import results, text
        from ..terminal.words import seconds
        from .legal import inputs, redlined
        from .outcome import finish
        from .review import reviewed

        folder = _sample_in(out or _new_folder())
        contract, playbook = folder / _CONTRACT, folder / _PLAYBOOK
        terms = {"dial": dial, "budget_usd": _MOST_USD, "models": [model] if model else ()}
        run = reviewed(inputs(contract, playbook, redlined(contract)), terms, by=person(None), as_json=as_json)
        document = finish(run, quiet=as_json)
        if as_json:
            print_json(document)
        else:
            again = f"rheostat review {contract} --playbook {playbook} --dial"
            took = seconds(run.view.last_at - run.view.started_at)
            results().print(text(f"\nThat took {took}. To decide each redline yourself:"))
            results().print(text((f"  {again} 1", "key")), soft_wrap=True)
            results().print(text("To be asked before every change, the file included:"))
            results().print(text((f"  {again} 0", "key")), soft_wrap=True)
        raise typer.Exit(ending(run.status))


def _new_folder() -> Path:
    names = ("rheostat-demo", *(f"rheostat-demo-{number}" for number in range(2, 10_000)))
    return next(Path(name) for name in names if not Path(name).exists())


def _sample_in(folder: Path) -> Path:
    """Copies the sample into a folder, so that the run can be taken up even where this installation is gone by then."""
    import rheostat.examples.legal as legal

    assert legal.__file__ is not None, "the sample lies beside the module"
    folder.mkdir(parents=True, exist_ok=True)
    for name in (_CONTRACT, _PLAYBOOK):
        if not (folder / name).exists():
            shutil.copyfile(Path(legal.__file__).parent / "sample" / name, folder / name)
    return folder
