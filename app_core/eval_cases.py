"""The cases of an eval: one JSON object a line, the workflow's arguments, each checked before anything is run."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from .declare import AnyWorkflow
from .run_errors import BadInput

NAME = "name"
"""The key that names a case, unless it is an argument of the workflow."""

MOST_BYTES = 100_000_000
_MOST_SHOWN = 5


@dataclass(frozen=True)
class Case:
    """One line: the workflow's arguments as plain data, and what the case is called."""

    name: str
    inputs: Mapping[str, Any]


def read_cases(path: Path, workflow: AnyWorkflow) -> list[Case]:
    """The cases of a file.

    Raises:
        BadInput: the file can't be read, holds none, or lines of it don't fit; the message names each line.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BadInput(f"{path} has more than {MOST_BYTES:,} bytes.", "Is it the right file?", "Give fewer cases.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{path} can't be read: {error.strerror or error}.", "", "Check its name.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}: not UTF-8 text.", "", "Save the file as UTF-8.") from error
    return cases_in(text.split("\n"), workflow, called=path.name)


def cases_in(lines: Sequence[str], workflow: AnyWorkflow, *, called: str) -> list[Case]:
    """The cases on these lines, of which empty ones count for nothing.

    Args:
        lines: JSON objects.
        workflow: whose arguments they are.
        called: what the file is called in an error.

    Raises:
        BadInput: as `read_cases`.
    """
    cases, problems = list[Case](), list[str]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            cases.append(_case(line, workflow, f"line {number}"))
        except ValueError as error:
            problems.append(f"{called}, line {number}: {error}")
    names = Counter(case.name for case in cases)
    problems += [f"{called}: {times} cases are called {name!r}." for name, times in names.items() if times > 1]
    if problems:
        more = len(problems) - _MOST_SHOWN
        raise BadInput("\n".join([*problems[:_MOST_SHOWN], *([f"And {more} more like these."] if more > 0 else [])]))
    if not cases:
        raise BadInput(
            f"{called} holds no cases.", "", f"Write one JSON object a line, with {_wanted(workflow)} for keys."
        )
    return cases


def _case(line: str, workflow: AnyWorkflow, place: str) -> Case:
    """The case on a line. Raises ValueError with what is wrong with it."""
    try:
        given: Any = json.loads(line, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON ({error.msg} at character {error.colno}).") from None
    except RecursionError:
        raise ValueError("nested too deeply.") from None
    if not isinstance(given, dict):
        raise ValueError(f"no JSON object. Write one with {_wanted(workflow)} for keys.")
    inputs = cast("dict[str, Any]", given)
    name = place if NAME in workflow.parameters else inputs.pop(NAME, place)
    if not isinstance(name, str):
        raise ValueError(f"its {NAME} is no text.")
    _check_fit(inputs, workflow)
    return Case(name, inputs)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's pairs as a dict; a key that stands there twice would hide a value."""
    twice = [key for key, times in Counter(key for key, _ in pairs).items() if times > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} stands there twice.")
    return dict(pairs)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no JSON.")


def _check_fit(inputs: Mapping[str, Any], workflow: AnyWorkflow) -> None:
    takes = inspect.signature(workflow.function).parameters
    missing = [name for name, at in takes.items() if at.default is at.empty and name not in inputs]
    if missing:
        raise ValueError(f"{missing[0]!r} is missing. It takes {_wanted(workflow)}.")
    for name, value in inputs.items():
        if name not in takes:
            raise ValueError(f"{workflow.name} takes no {name!r}. It takes {_wanted(workflow)}.")
        try:
            workflow.codec(name).validate_python(value)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in (name, *first["loc"]))
            raise ValueError(f"{where}: {first['msg']}.") from None


def _wanted(workflow: AnyWorkflow) -> str:
    return ", ".join(workflow.parameters)
