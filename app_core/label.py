"""The label that travels with every value: how far its author is trusted, and who that is."""

from collections.abc import Iterable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict

from rheostat.context import Trust

T = TypeVar("T")

Untrusted = Annotated[T, Trust.UNTRUSTED]
"""Marks a workflow's input as text from outside: `def answer(mail: Untrusted[str]) -> Reply`."""


class Label(BaseModel):
    """Who a value comes from.

    Args:
        trust: the least trusted text that went into it.
        by: who vouches for it, or where that text came from; shown to the person who is asked.
        read_untrusted: untrusted text was read on the way here, though the value itself may be vouched for.
        passed: names of the checks that passed on every model's answer that it rests on; None if it rests on none.
        secret: it rests on what must not get out.
    """

    model_config = ConfigDict(frozen=True)

    trust: Trust
    by: str = ""
    read_untrusted: bool = False
    passed: tuple[str, ...] | None = None
    secret: bool = False


BUILDER = Label(trust=Trust.TRUSTED, by="the workflow")
"""Of constants that the builder wrote into the workflow."""


def join(labels: Iterable[Label]) -> Label:
    """The label of a value made from several: the least trust of all, and the names of those who brought it down."""
    given = tuple(labels) or (BUILDER,)
    if all(label is given[0] for label in given):
        return given[0]
    trust = max(label.trust for label in given)
    # Each name once, also of those that were joined before: in a loop the line would else double with every turn.
    joined = ", ".join(label.by for label in given if label.trust is trust)
    names = dict.fromkeys(name for name in joined.split(", ") if name)
    return Label(
        trust=trust,
        by=", ".join(names),
        read_untrusted=any(label.read_untrusted for label in given),
        passed=_passed_on_all(label.passed for label in given),
        secret=any(label.secret for label in given),
    )


def _passed_on_all(given: Iterable[tuple[str, ...] | None]) -> tuple[str, ...] | None:
    of_models = [frozenset(passed) for passed in given if passed is not None]
    return tuple(sorted(of_models[0].intersection(*of_models))) if of_models else None


def untrusted(by: str) -> Label:
    """The label of text that came from outside."""
    return Label(trust=Trust.UNTRUSTED, by=by, read_untrusted=True)
