"""Results kept from run to run, for nodes that say `keep=True`: nothing is worked out or paid for twice."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from rheostat.dag import Labeled

from .declare import AnyDeclared, Function, Llm
from .events import NodeFinished
from .hold import Hold
from .label import join


def key_for(hold: Hold, declared: AnyDeclared, arguments: Mapping[str, Labeled]) -> str:
    """What a node's result is kept under; "" if it is not to be kept.

    It is a digest of the App's name, of the function's own text, of the arguments, and for a model call of the models
    that may answer it and of the text of its sources and checks. What these read or call is not looked at.
    """
    if not isinstance(declared, Function | Llm) or not declared.keep:
        return ""
    values = {name: declared.codec(name).dump_python(value.data, mode="json") for name, value in arguments.items()}
    told: list[Any] = [hold.view.terms.app, declared.name, _text(declared.function), values]
    if isinstance(declared, Llm):
        told += [
            hold.view.terms.model,
            hold.view.terms.models,
            [choice.model_dump_json() for choice in declared.choices],
        ]
        told += [_text(source.function) for source in declared.context]
        told += [_text(check.function) for check in declared.checks]
    return sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()


def kept(hold: Hold, key: str, node: str, arguments: Mapping[str, Labeled]) -> NodeFinished | None:
    """A result that was kept, as this node's. It is no more trusted than what it was asked with here."""
    body = hold.kept(key)
    if body is None:
        return None
    event = NodeFinished.model_validate_json(body)
    label = join([event.label, *(value.label for value in arguments.values())])
    return event.model_copy(update={"node": node, "label": label})


def keep(hold: Hold, key: str, event: NodeFinished) -> None:
    """Keeps a node's result for other runs."""
    hold.keep(key, event.model_copy(update={"kept_from": hold.view.run}).model_dump_json())


def _text(function: object) -> str:
    """A function's source; its name where it has none, as at a prompt."""
    try:
        return inspect.getsource(inspect.unwrap(function))  # pyright: ignore[reportArgumentType]
    except (OSError, TypeError):
        return getattr(function, "__qualname__", "")
