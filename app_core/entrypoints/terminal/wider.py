"""How far a yes may reach beyond the question it is given to, as a person chooses it by a key."""

from datetime import datetime
from posixpath import dirname

from rheostat.autonomy import Bound, GrantScope, Question

ONCE_MORE, KIND, FOLDER = "c", "k", "d"
"""The keys: this exact call in this run; all of its kind in every run; its kind in the same folder in every run."""


def ways(question: Question) -> dict[str, str]:
    """By key, what may be let go along with a question."""
    offered = {ONCE_MORE: "this exact call again, in this run", KIND: "all of its kind, in every run"}
    bound = _folder(question)
    return offered | ({FOLDER: f"its kind in {bound.folder}, in every run"} if bound else {})


def scope(question: Question, way: str, ends: datetime | None) -> GrantScope:
    """How far a yes reaches, chosen by one of the keys; `ends` is when, for all but the exact call."""
    bound = _folder(question)
    match way:
        case "c":
            return GrantScope.exactly(question.action)
        case "d" if bound is not None:
            return GrantScope(bounds=(bound,), every_run=True, until=ends)
        case _:
            return GrantScope(every_run=True, until=ends)


def _folder(question: Question) -> Bound | None:
    """The folder of the file that the action is about; never the root, which would be everywhere."""
    for argument in question.action.arguments:
        if argument.control and len(folder := dirname(argument.path)) > 1:
            return Bound(argument=argument.name, folder=folder)
    return None
