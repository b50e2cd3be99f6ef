"""A builder's or an operator's own rule. It can only make rheostat ask more."""

import re
from collections.abc import Iterator
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Annotated, Self
from unicodedata import normalize

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from .action import Action, Argument
from .canonical import canonical
from .errors import BadRule
from .shown import Line, Name, quoted


class Ruling(IntEnum):
    """What may become of an action, from lax to strict, so that joining two rulings is `max`."""

    ALLOW = 0
    NOTIFY = 1
    """It runs, and the person is told."""
    ASK = 2
    """It waits for one person."""
    ASK_TWO = 3
    """It waits for two different people."""
    DENY = 4


_CLASS = re.compile(r"\[!?+\]?+[^\]]*+\]")


def _closed(glob: str) -> str:
    if "[" in _CLASS.sub("", glob):
        raise BadRule(
            f"The pattern {quoted(glob)} opens a [ that it never closes, so it would match nothing. Close it."
        )
    return glob


Glob = Annotated[str, Field(min_length=1), AfterValidator(_closed)]
"""A shell-like pattern: * for anything, ? for one character, [abc] for one of these. Case makes no difference."""


class Rule(BaseModel):
    """Raises the ruling on every action that matches.

    Args:
        name: shown as what decided.
        tool: pattern of tool names.
        argument, value: some argument whose name matches `argument` must hold a text or number that matches `value`, at
            any depth; "*" for both matches every action, also one without arguments.
        at_least: the ruling it raises to.
        why: one sentence for the person who is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    tool: Glob
    argument: Glob = "*"
    value: Glob = "*"
    at_least: Ruling
    why: Annotated[Line, Field(min_length=1)]

    @model_validator(mode="after")
    def _raises(self) -> Self:
        if self.at_least is Ruling.ALLOW:
            raise BadRule(f"The rule {quoted(self.name)} allows, but rules only raise. Turn the dial up instead.")
        return self

    def matches(self, action: Action) -> bool:
        """Whether the rule speaks about this action."""
        if not _like(action.tool, self.tool):
            return False
        if self.argument == self.value == "*":
            return True
        return any(self._matches_argument(argument) for argument in action.arguments)

    def _matches_argument(self, argument: Argument) -> bool:
        if not _like(argument.name, self.argument):
            return False
        return self.value == "*" or any(_like(text, self.value) for text in _texts(argument.value))


def _like(text: str, glob: str) -> bool:
    """As written or folded: capitals and full-width letters are an easy way around, and a wide rule only asks more."""
    return fnmatchcase(text, glob) or fnmatchcase(_folded(text), _folded(glob))


def _folded(text: str) -> str:
    return normalize("NFKC", text).casefold()


def _texts(value: JsonValue) -> Iterator[str]:
    """Every text and number in a value, keys of objects too."""
    match value:
        case dict():
            yield from value
            for inner in value.values():
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)
        case str():
            yield value
        case _:
            yield canonical(value)
