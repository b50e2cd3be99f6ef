"""Between the Log and the graph: what each event means to `step`. Live runs and replays both go through here."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from rheostat import dag
from rheostat.context import Trust
from rheostat.dag import GATE, Labeled, Limits, State, step

from .declare import AnyDeclared, AnyWorkflow
from .events import (
    Asked,
    CallReserved,
    CallSettled,
    EffectStarted,
    Event,
    NodeDeclined,
    NodeFailed,
    NodeFinished,
    NodeLetGo,
    NodeRetried,
    NodeStarted,
    Planned,
    RunEnded,
    RunResumed,
    RunStarted,
)
from .label import Label, join, untrusted
from .log import Record
from .run_errors import AppFailed

Cast = Mapping[str, AnyDeclared]
"""The App's functions, by the name that the graph's nodes call them by."""


def replay(records: Iterable[Record], workflow: AnyWorkflow, cast: Cast, limits: Limits | None = None) -> State:
    """The state that a Log leads to, and from which its run goes on within these limits."""
    state = State(workflow.graph, join, limits or Limits())
    at_s = None
    for record in records:
        event = record.event
        if record.at != at_s:  # those appended together happened at one moment
            at_s = record.at
            taken_up = record.seq == 1 or isinstance(event, RunResumed)  # until then nobody was at work
            step(state, dag.Resumed(at_s) if taken_up else dag.Ticked(at_s))
        apply(event, record.at, state, workflow, cast)
    return state


def apply(event: Event, at_s: float, state: State, workflow: AnyWorkflow, cast: Cast) -> list[dag.Command]:
    """Takes one event of the Log into the state, and returns what to do next. `step` was told before what time it is.

    Args:
        event: what happened.
        at_s: when, in epoch seconds.
        state: changed by it.
        workflow: that is run.
        cast: the functions that its nodes call.
    """
    consequence = _consequence(event, at_s, state, workflow, cast)
    return [] if consequence is None else step(state, consequence)


def _consequence(event: Event, at_s: float, state: State, workflow: AnyWorkflow, cast: Cast) -> dag.Event | None:
    """What an event means to the graph: nothing, for those about people, checks and receipts."""
    match event:
        case NodeFinished():
            name = state.nodes[event.node].node.calls
            data = event.value if name == GATE else cast[name].codec("return").validate_python(event.value)
            return dag.Finished(event.node, Labeled(data, event.label, event.fields))
        case NodeStarted() | EffectStarted():
            return dag.Started(event.node)
        case NodeFailed():
            return dag.Failed(event.node, event.error)
        case NodeDeclined():
            return dag.Declined(event.node, event.reason)
        case NodeLetGo():
            return dag.LetGo(event.node, event.reason)
        case Asked():
            return dag.Paused(event.node)
        case CallReserved():
            return dag.Reserved(event.call, event.worst_usd, event.node, event.model, event.prompt_tokens)
        case CallSettled():
            return dag.Settled(event.call, event.cost_usd)
        case _:
            return _of_the_run(event, at_s, workflow)


def _of_the_run(event: Event, at_s: float, workflow: AnyWorkflow) -> dag.Event | None:
    match event:
        case RunStarted():
            asked = event.request
            return dag.Began(_inputs(asked.inputs, workflow), asked.budget_usd, asked.deadline_s)
        case RunResumed():
            return dag.Resumed(at_s)
        case Planned():
            return dag.Planned(event.plan)
        case NodeRetried():
            return dag.Retried(event.node)
        case RunEnded(status="cancelled"):
            return dag.Cancelled(event.reason)
        case _:
            return None


def _inputs(given: Mapping[str, Any], workflow: AnyWorkflow) -> dict[str, Labeled]:
    return {
        name: Labeled(workflow.codec(name).validate_python(value), _input_label(workflow, name))
        for name, value in given.items()
    }


def _input_label(workflow: AnyWorkflow, name: str) -> Label:
    """An input is the user's own word, unless the workflow's signature says that it comes from outside."""
    hint = workflow.hints.get(name)
    marks = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return untrusted(f"input {name}") if Trust.UNTRUSTED in marks else Label(trust=Trust.USER, by="the user")


def finished(declared: AnyDeclared, node: str, result: Any, label: Label) -> NodeFinished:
    """The event that carries a function's result. Raises AppFailed if the result is not of the declared type."""
    codec = declared.codec("return")
    try:
        value = codec.dump_python(codec.validate_python(result), mode="json")
    except ValueError as error:
        raise AppFailed(f"{declared.name}() gave a result that is not of its declared type.", f"{error}") from error
    return NodeFinished(node=node, value=value, label=label)
