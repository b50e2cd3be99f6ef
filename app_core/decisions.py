"""The events of a Log that tell who let what happen, or did not; what was done, and what was undone."""

from typing import Literal

from pydantic import Field

from rheostat.autonomy import Action, Approval, Dial, Grant, Json, Policy, Question, Verdict

from .frozen import Frozen


class Ruled(Frozen):
    """A verdict that needed no person."""

    kind: Literal["ruled"] = "ruled"
    node: str
    action: Action
    verdict: Verdict


class Asked(Frozen):
    """An action waits for a person."""

    kind: Literal["asked"] = "asked"
    node: str
    question: Question


class Answered(Frozen):
    """A person said something."""

    kind: Literal["answered"] = "answered"
    approval: Approval


class EffectStarted(Frozen):
    """The effect is about to be tried. Without a NodeFinished after it, nobody knows whether it happened."""

    kind: Literal["effect_started"] = "effect_started"
    node: str
    key: str
    action: Action
    question: str = ""


class Withdrawn(Frozen):
    """A question is closed without an answer: the dial, a grant or the policy has settled it meanwhile."""

    kind: Literal["withdrawn"] = "withdrawn"
    node: str
    question: str
    reason: str


class Reminded(Frozen):
    """Nobody had answered for a while; from now on `to` may answer as well, if that is not empty."""

    kind: Literal["reminded"] = "reminded"
    question: str
    to: str = ""


class DialMoved(Frozen):
    """Somebody moved the dial while the run was going. It holds from the next decision on; what waits is one."""

    kind: Literal["dial_moved"] = "dial_moved"
    dial: Dial
    by: str = ""


class PolicySet(Frozen):
    """By which policy is decided from here on."""

    kind: Literal["policy_set"] = "policy_set"
    policy: Policy


class GrantGiven(Frozen):
    """A standing permission for this run; `question` is the one that was answered with it, "" for none.

    One for every run of the app is here only for the record, as it was when it first let something go.
    """

    kind: Literal["grant_given"] = "grant_given"
    grant: Grant
    question: str = ""


class GrantRevoked(Frozen):
    """Somebody took back a grant that was given in this run. Nothing more goes by it."""

    kind: Literal["grant_revoked"] = "grant_revoked"
    grant: str
    by: str = ""


class UndoStarted(Frozen):
    """An effect is about to be taken back. Without an end after it, nobody knows whether it was."""

    kind: Literal["undo_started"] = "undo_started"
    node: str
    key: str
    by: str = ""


class Undone(Frozen):
    """An effect was taken back; `said` is what the tool had to say about it."""

    kind: Literal["undone"] = "undone"
    node: str
    said: Json = None


class UndoFailed(Frozen):
    """An effect could not be taken back, and nothing was touched; `error` is a sentence."""

    kind: Literal["undo_failed"] = "undo_failed"
    node: str
    error: str


class Erased(Frozen):
    """Somebody erased what records of this Log said; `records` are the first and last of each stretch of them."""

    kind: Literal["erased"] = "erased"
    records: tuple[tuple[int, int], ...]
    by: str = ""
    reason: str = ""


class Tombstone(Frozen):
    """In the place of a record that was erased: the digest of what it said. Never appended."""

    kind: Literal["tombstone"] = "tombstone"
    digest: str = Field(pattern="^[0-9a-f]{64}$")
