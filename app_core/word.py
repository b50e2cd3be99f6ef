"""What may be said to a run from outside while it goes: left in the Store, heard by the process that works on it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from rheostat.autonomy import Dial, Grant, Risk

from .decisions import DialMoved, GrantGiven, GrantRevoked
from .frozen import Frozen
from .view import View


class CallOff(Frozen):
    """The run is called off."""

    kind: Literal["call_off"] = "call_off"
    why: str


class Turn(Frozen):
    """The dial is moved: as a whole, or to the level of `dial` for a tool or a kind of action; see Dial.moved."""

    kind: Literal["turn"] = "turn"
    dial: Dial
    tool: str = ""
    risk: Risk | None = None
    by: str


class Give(Frozen):
    """A grant for this run."""

    kind: Literal["give"] = "give"
    grant: Grant


class Revoke(Frozen):
    """A grant of this run is taken back."""

    kind: Literal["revoke"] = "revoke"
    grant: str
    by: str


Word = Annotated[CallOff | Turn | Give | Revoke, Field(discriminator="kind")]

WORD: TypeAdapter[Word] = TypeAdapter(Word)
"""Words to JSON and back."""


def why_called_off(words: Iterable[Word]) -> str:
    """Why the run is called off; empty if it is not."""
    return next((word.why for word in words if isinstance(word, CallOff)), "")


def told(view: View, words: Iterable[Word]) -> list[DialMoved | GrantGiven | GrantRevoked]:
    """The events that words lead to. One that was heard before, by a process that died over it, changes nothing."""
    events, dial, grants = list[DialMoved | GrantGiven | GrantRevoked](), view.dial, dict(view.grants)
    for word in words:
        match word:
            case Turn():
                moved = dial.moved(word.dial, tool=word.tool, kind=word.risk)
                if moved != dial:
                    dial = moved
                    events.append(DialMoved(dial=dial, by=word.by))
            case Give() if word.grant.id not in grants:
                grants[word.grant.id] = word.grant
                events.append(GrantGiven(grant=word.grant))
            case Revoke() if word.grant in grants and grants.pop(word.grant).revoked_at is None:
                events.append(GrantRevoked(grant=word.grant, by=word.by))
            case _:
                pass
    return events
