"""The events of a run's Log. Everything else that is known of a run is a view of them."""

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from rheostat.autonomy import Dial, Json
from rheostat.context import Break, Calibration, Citation, Receipt, SourceMap
from rheostat.dag import Choice, Plan

from .decisions import (
    Answered,
    Asked,
    DialMoved,
    EffectStarted,
    Erased,
    GrantGiven,
    GrantRevoked,
    PolicySet,
    Reminded,
    Ruled,
    Tombstone,
    UndoFailed,
    Undone,
    UndoStarted,
    Withdrawn,
)
from .frozen import Frozen
from .label import Label
from .ports import Usage


class Request(Frozen):
    """What was asked, and its terms.

    Args:
        app, where, workflow: which workflow of which App, and the module or file that defines it.
        graph: digest of the graph as it was drawn, so that a changed workflow is noticed on resuming.
        shape: digests of its parts, so that the change can be named.
        inputs: the workflow's arguments as JSON.
        model: the model's name; `why` it was chosen. With several `models` it is the first of them.
        models: those that the run may choose among; empty for `model` alone.
        calibration: what was known of its counter at the start. By this the run counts to its end, wherever it goes on.
        calibrations: the same of the other models' counters.
        dial: how far to go alone, at the start.
        budget_usd: the most that model calls may cost; None for no cap.
        deadline_s: seconds of work, waiting for people not counted; None for no deadline.
        approvers: how many people can approve here.
        expires_s: seconds until an unanswered question counts as a no.
        asked_by: on whose behalf it runs; "" if nobody knows.
        forked_from: the run that this one goes on from with something changed; "" for none.
    """

    app: str
    where: str
    workflow: str
    graph: str
    inputs: dict[str, Json]
    model: str
    models: tuple[str, ...] = ()
    why: str = ""
    calibration: Calibration | None = None
    calibrations: dict[str, Calibration] = {}
    dial: Dial = Dial()
    budget_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    deadline_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    approvers: int = Field(default=1, ge=1)
    expires_s: float = Field(default=14 * 86_400, gt=0, allow_inf_nan=False)
    asked_by: str = ""
    forked_from: str = ""
    shape: dict[str, str] = {}


class RunStarted(Frozen):
    """What was asked; the first event of every Log."""

    kind: Literal["run_started"] = "run_started"
    request: Request


class RunResumed(Frozen):
    """Another process, or the same one later, took the run on. `shape` is its graph's, if that was changed since."""

    kind: Literal["run_resumed"] = "run_resumed"
    shape: dict[str, str] = {}


class RunEnded(Frozen):
    """The end. A run that has ended goes on only if a failed node is retried.

    Args:
        status: `partial`: there is an output, though some nodes failed or were let go.
        reason: why it failed or was cancelled.
        more: what more money or time would have bought; "" if neither ran out.
    """

    kind: Literal["run_ended"] = "run_ended"
    status: Literal["done", "partial", "failed", "cancelled"]
    reason: str = ""
    more: str = ""


class Planned(Frozen):
    """How each node is to be run from here on. `why` a plan was made anew; "" for the first."""

    kind: Literal["planned"] = "planned"
    plan: Plan
    why: str = ""


class NodeStarted(Frozen):
    """A node's inputs are there, and it runs."""

    kind: Literal["node_started"] = "node_started"
    node: str


class NodeFinished(Frozen):
    """A node's result as JSON, with the label of the whole and of single fields.

    `kept_from` names the run that the result was kept from, if it was not worked out in this one.
    """

    kind: Literal["node_finished"] = "node_finished"
    node: str
    value: Any
    label: Label
    fields: dict[str, Label] = Field(default_factory=dict)
    kept_from: str = ""


class NodeLetGo(Frozen):
    """An optional node was left out; its value is None. `mend` as of NodeFailed."""

    kind: Literal["node_let_go"] = "node_let_go"
    node: str
    reason: str
    mend: str = ""


class NodeRetried(Frozen):
    """A failed node is to run again, because `by` asked for it."""

    kind: Literal["node_retried"] = "node_retried"
    node: str
    by: str = ""


class NodeFailed(Frozen):
    """`error` is a sentence; `mend` says who can do something about it: builder, model, operator or user."""

    kind: Literal["node_failed"] = "node_failed"
    node: str
    error: str
    mend: str = ""


class NodeDeclined(Frozen):
    """The action was refused, by a person or by a rule."""

    kind: Literal["node_declined"] = "node_declined"
    node: str
    reason: str
    by: str = ""


class Packed(Frozen):
    """What the model saw of what it might have seen.

    Args:
        receipt: what became of each candidate.
        source_map: exactly what it saw, and where that comes from; of attachments without the bytes. None in Logs that
            an older version wrote.
        choice: how the node is being run.
    """

    kind: Literal["packed"] = "packed"
    node: str
    receipt: Receipt
    source_map: SourceMap | None = None
    choice: Choice | None = None


class CallReserved(Frozen):
    """A model call is about to start, and could cost this much.

    Args:
        worst_usd, prompt_tokens: upper bounds; they don't rely on the cache.
        expected_cached_tokens: what the provider's cache will likely serve of the prompt.
        expected_usd: the cost if it does, with an answer as long as it may be.
        broke: where the prompt parts from the last one of its step, if that is before where it was to stay the same.
        twin_of: the call that takes long, if this one is made beside it; "" otherwise.
    """

    kind: Literal["call_reserved"] = "call_reserved"
    call: str
    node: str
    model: str
    worst_usd: float
    prompt_tokens: int
    expected_cached_tokens: int = 0
    expected_usd: float = 0.0
    broke: Break | None = None
    twin_of: str = ""


class CallSettled(Frozen):
    """A model call ended, and cost this much.

    Args:
        assumed: the true bill is not known (the call was cut off), so its worst case was booked.
        request: digest of what was asked. With it and the `answer`, None if there was none, what is paid for is not
            asked again by a process that goes on after a crash. `cut_short`: the answer ended at its length limit.
        saved_usd: what the provider's cache took off the bill; below zero where writing to it cost more.
        late: a bill that came after the call had been settled; `cost_usd` is what comes on top.
    """

    kind: Literal["call_settled"] = "call_settled"
    call: str
    node: str
    cost_usd: float
    usage: Usage = Usage()
    saved_usd: float = 0.0
    latency_s: float = 0.0
    assumed: bool = False
    request: str = ""
    answer: str | None = None
    cut_short: bool = False
    late: bool = False


class Tried(Frozen):
    """A part of a node's choice was tried: one conversation with a model, asking again included.

    Args:
        path: which part, as `pursue` names it. () is the whole; if that is more than one call, it is told after its
            parts, and what it took is what they took.
        choice: the name of the whole choice; `part` the name of this part.
        answered: whether it gave an answer of the declared type. `score` in [0, 1] is the checks', `passed` their word.
        cost_usd, latency_s, prompt_tokens, answer_tokens: of all its calls.
        error: why there is no answer.
        counts: whether it says something of the model, and not of money, keys or the network.
    """

    kind: Literal["tried"] = "tried"
    node: str
    path: tuple[int, ...]
    choice: str
    part: str
    answered: bool
    score: float = 0.0
    passed: bool = False
    cost_usd: float = 0.0
    latency_s: float = 0.0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    error: str = ""
    counts: bool = True


class Checked(Frozen):
    """A check scored an answer."""

    kind: Literal["checked"] = "checked"
    node: str
    check: str
    score: float
    passed: bool
    evidence: str = ""


class Cited(Frozen):
    """Where the words come from that an answer quotes."""

    kind: Literal["cited"] = "cited"
    node: str
    citations: tuple[Citation, ...]


Event = Annotated[
    RunStarted
    | RunResumed
    | RunEnded
    | Planned
    | NodeStarted
    | NodeFinished
    | NodeLetGo
    | NodeRetried
    | NodeFailed
    | NodeDeclined
    | Packed
    | CallReserved
    | CallSettled
    | Tried
    | Checked
    | Cited
    | Ruled
    | Asked
    | Answered
    | Withdrawn
    | Reminded
    | DialMoved
    | PolicySet
    | GrantGiven
    | GrantRevoked
    | EffectStarted
    | UndoStarted
    | Undone
    | UndoFailed
    | Erased
    | Tombstone,
    Field(discriminator="kind"),
]


class Token(Frozen):
    """A piece of an answer as it comes. Told to who listens, and not kept: the Log has the whole.

    Args:
        node: whose call it is; `call` its id, since a node may make several at once.
        text: the piece.
    """

    kind: Literal["token"] = "token"
    node: str
    call: str
    text: str


EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Events to JSON and back."""
