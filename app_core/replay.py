"""Between the Log and the graph: what each event means to `step`. Live runs and replays both go through here."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_args, get_origin

from rheostat import dag
from rheostat.context import Trust
from rheostat.dag import GATE, Labeled, State, step

from .declare import AnyDeclared, AnyWorkflow
from .events import (
    Asked,
    CallReserved,
    CallSettled,
    Event,
    NodeDeclined,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    RunStarted,
)
from .label import Label, join, untrusted
from .log import Record
from .run_errors import AppFailed

Cast = Mapping[str, AnyDeclared]
"""The App's functions, by the name that the graph's nodes call them by."""


def replay(records: Iterable[Record], workflow: AnyWorkflow, cast: Cast) -> State:
    """The state that a Log leads to."""
    state = State(workflow.graph, join)
    for record in records:
        apply(record.event, state, workflow, cast)
    return state


def apply(event: Event, state: State, workflow: AnyWorkflow, cast: Cast) -> list[dag.Command]:
    """Takes one event of the Log into the state, and returns what to do next."""
    consequence = _consequence(event, state, workflow, cast)
    return [] if consequence is None else step(state, consequence)


def _consequence(event: Event, state: State, workflow: AnyWorkflow, cast: Cast) -> dag.Event | None:
    """What an event means to the graph: nothing, for those about people, checks and receipts."""
    match event:
        case RunStarted():
            return dag.Began(_inputs(event.request.inputs, workflow), event.request.budget_usd)
        case NodeStarted():
            return dag.Started(event.node)
        case NodeFinished():
            name = state.nodes[event.node].node.calls
            data = event.value if name == GATE else cast[name].codec("return").validate_python(event.value)
            return dag.Finished(event.node, Labeled(data, event.label, event.fields))
        case NodeFailed():
            return dag.Failed(event.node, event.error)
        case NodeDeclined():
            return dag.Declined(event.node, event.reason)
        case Asked():
            return dag.Paused(event.node)
        case CallReserved():
            return dag.Reserved(event.call, event.worst_usd)
        case CallSettled():
            return dag.Settled(event.call, event.cost_usd)
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
