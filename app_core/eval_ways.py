"""The ways to run a workflow that an eval compares: one app for each, in which every step has one choice left."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rheostat.autonomy import Rule, Ruling
from rheostat.dag import Call, Graph, choice_name

from .app import App
from .declare import AnyWorkflow, Llm, Tool
from .run_errors import BadInput

NO_EFFECTS = Rule(name="eval", tool="*", at_least=Ruling.DENY, why="An eval performs no action.")


@dataclass(frozen=True)
class Way:
    """One of the ways that are compared.

    Args:
        name: what it is called while it runs.
        model: serves where a function names no choices of its own.
        choices: by function that calls a model, how that is run, as `rheostat plan` names it.
        app: with that choice alone left to each of them, and no tool that may act.
    """

    name: str
    model: str
    choices: Mapping[str, str]
    app: App


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
    named = set(calling_models(workflow.graph, app).values())
    llms = {name: llm for name, llm in app.declared.items() if name in named and isinstance(llm, Llm)}
    if not llms:
        raise BadInput(f"The workflow {workflow.name} calls no model.", "An eval compares models and choices.")
    number = max(len(llm.choices or models) for llm in llms.values())
    return [_way(app, llms, models[at % len(models)], at) for at in range(number)]


def _way(app: App, llms: Mapping[str, Llm[Any, ..., Any]], model: str, at: int) -> Way:
    own = copy.copy(app)
    chosen = {
        name: llm.choices[at % len(llm.choices)] if llm.choices else Call(model=model) for name, llm in llms.items()
    }
    own.declared = app.declared | {
        name: replace(declared, rules=(*declared.rules, NO_EFFECTS))
        for name, declared in app.declared.items()
        if isinstance(declared, Tool)
    }
    own.declared |= {name: replace(llm, choices=(chosen[name],)) for name, llm in llms.items()}
    choices = {name: choice_name(choice) for name, choice in chosen.items()}
    return Way(", ".join(dict.fromkeys(choices.values())) or model, model, choices, own)


def calling_models(graph: Graph, app: App, prefix: str = "") -> dict[str, str]:
    """The functions that a graph's nodes call models by, by the node's id without the numbers of copies."""
    found = dict[str, str]()
    for node in graph.nodes:
        if node.body is not None:
            found |= calling_models(node.body, app, f"{prefix}{node.id}/")
        elif isinstance(app.declared.get(node.calls), Llm):
            found[prefix + node.id] = node.calls
    return found
