"""The ways to run a workflow that an eval compares: one app for each, in which every step has one choice left."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rheostat.autonomy import Rule, Ruling
from rheostat.dag import Call, Choice, Graph, Skip, calls, choice_name

from .app import App
from .declare import AnyDeclared, AnyWorkflow, Llm, Tool
from .run_errors import BadInput

NO_EFFECTS = Rule(name="eval", tool="*", at_least=Ruling.DENY, why="An eval performs no action.")


@dataclass(frozen=True)
class Way:
    """One of the ways that are compared.

    Args:
        name: what it is called while it runs.
        model: serves where a function names no choices of its own.
        choices: by function that calls a model, how that is run.
        app: with that choice alone left to each of them, and no tool that may act.
    """

    name: str
    model: str
    choices: Mapping[str, Choice]
    app: App

    @property
    def models(self) -> set[str]:
        """All that it asks."""
        return {call.model for choice in self.choices.values() for call in calls(choice)}


def ways(app: App, workflow: AnyWorkflow, models: Sequence[str]) -> list[Way]:
    """The ways to run a workflow that are to be compared.

    A function that names choices is run in each of them, any other with each of the models. The first way takes the
    first of everything, the second the second, and so on; where one has fewer, it begins anew.

    Args:
        app: whose workflow it is; it stays as it is.
        workflow: only what it calls counts.
        models: at least one.

    Raises:
        BadInput: the workflow calls no model.
    """
    called = set(calling_models(workflow.graph, app).values())
    llms = {name: llm for name, llm in app.declared.items() if name in called and isinstance(llm, Llm)}
    if not llms:
        raise BadInput(f"The workflow {workflow.name} calls no model.", "An eval compares models and choices.")
    choices = {name: _choices(llm, models) for name, llm in llms.items()}
    return [
        _way(app, models[at % len(models)], {name: each[at % len(each)] for name, each in choices.items()})
        for at in range(max(map(len, choices.values())))
    ]


def _choices(llm: Llm[Any, ..., Any], models: Sequence[str]) -> Sequence[Choice]:
    own = [choice for choice in llm.choices if not isinstance(choice, Skip)]
    return own or [Call(model=model) for model in models]


def _way(app: App, model: str, choices: Mapping[str, Choice]) -> Way:
    own = copy.copy(app)
    own.declared = {name: _held(declared, choices.get(name)) for name, declared in app.declared.items()}
    return Way(", ".join(dict.fromkeys(map(choice_name, choices.values()))), model, choices, own)


def _held(declared: AnyDeclared, choice: Choice | None) -> AnyDeclared:
    """The same function, with one choice left or with its hands tied."""
    match declared:
        case Llm() if choice is not None:
            return replace(declared, choices=(choice,))
        case Tool():
            return replace(declared, rules=(*declared.rules, NO_EFFECTS))
        case _:
            return declared


def calling_models(graph: Graph, app: App, prefix: str = "") -> dict[str, str]:
    """The functions that a graph's nodes call models by, by the node's id without the numbers of copies."""
    found = dict[str, str]()
    for node in graph.nodes:
        if node.body is not None:
            found |= calling_models(node.body, app, f"{prefix}{node.id}/")
        elif isinstance(app.declared.get(node.calls), Llm):
            found[prefix + node.id] = node.calls
    return found
