"""The run that a person means."""

from ...compose import default_store
from ...log import Record, verify
from ...run_errors import BadInput, UnknownRun
from ...view import View, view

_MOST_NAMED = 5


def run_meant(given: str) -> str:
    """The id of the run that has, begins with or ends with what was given; the newest for `last`.

    Raises:
        UnknownRun: there is none.
        BadInput: there are several.
    """
    store = default_store()
    readable = store.runs()
    if given == "last" and readable:
        return readable[0]
    runs = [*readable, *store.unreadable()]
    if given in runs:
        return given
    meant = [run for run in runs if given and (run.startswith(given) or run.endswith(given))]
    if not meant:
        raise UnknownRun(given)
    if len(meant) > 1:
        named = ", ".join(meant[:_MOST_NAMED]) + (" and others" if len(meant) > _MOST_NAMED else "")
        raise BadInput(f"{given!r} could mean several runs.", f"They are {named}.", "Give more of the id.")
    return meant[0]


def view_of(run: str) -> View:
    """What a run's Log tells. Needs neither its App nor a model.

    Raises:
        UnknownRun, DamagedLog.
    """
    return view(run, records_of(run))


def records_of(run: str) -> list[Record]:
    """A run's whole Log, after a check that it is what was written.

    Raises:
        UnknownRun, DamagedLog.
    """
    records = default_store().read(run)
    verify(run, records)
    return records
