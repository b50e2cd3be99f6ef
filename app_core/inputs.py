"""From a workflow's arguments to the JSON that a Request keeps, with errors for whoever gave them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from rheostat.autonomy import Dial, Json, Level

from .declare import AnyWorkflow
from .run_errors import BadInput


def inputs_of(workflow: AnyWorkflow, given: Mapping[str, Any]) -> dict[str, Json]:
    """All arguments of a workflow as JSON, defaults filled in.

    Raises:
        BadInput: one is missing, unknown, or does not fit the signature.
    """
    signature = inspect.signature(workflow.function)
    try:
        bound = signature.bind(**given)
    except TypeError as error:
        takes = ", ".join(f"{name}: {hint}" for name, hint in _spelled(workflow).items())
        raise BadInput(
            f"{workflow.name} was run with the wrong arguments.", f"{error}.".capitalize(), f"It takes {takes}."
        ) from None
    bound.apply_defaults()
    return {name: _input(workflow, name, value) for name, value in bound.arguments.items()}


def decoded(workflow: AnyWorkflow, inputs: Mapping[str, Json]) -> dict[str, Any]:
    """The arguments that a Request kept, as they were given."""
    return {name: workflow.codec(name).validate_python(value) for name, value in inputs.items()}


def bad_terms(error: ValidationError) -> BadInput:
    """What is wrong with the terms of a Request."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    return BadInput(f"{name} can't be {first['input']!r}.", f"{first['msg']}.", "Give another value, or leave it out.")


def as_dial(given: Dial | int) -> Dial:
    """The dial that a level or a dial stands for. Raises BadInput if it is neither."""
    try:
        return given if isinstance(given, Dial) else Dial(level=Level(given))
    except (ValueError, TypeError):
        raise BadInput(f"dial can't be {given!r}.", "It goes from 0 to 4.", "Give one of these, or a Dial.") from None


def _input(workflow: AnyWorkflow, name: str, value: Any) -> Json:
    codec = workflow.codec(name)
    try:
        return codec.dump_python(codec.validate_python(value), mode="json")
    except ValidationError as error:
        raise BadInput(
            f"The argument {name} of {workflow.name} does not fit.", f"{error}.", f"Give {_spelled(workflow)[name]}."
        ) from None


def _spelled(workflow: AnyWorkflow) -> dict[str, str]:
    return {name: getattr(hint, "__name__", str(hint)) for name, hint in workflow.hints.items() if name != "return"}
