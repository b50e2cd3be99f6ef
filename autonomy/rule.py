"""A builder's or an operator's own rule. It can only make rheostat ask more."""

from collections.abc import Iterator
from datetime import datetime
from enum import IntEnum
from itertools import chain
from posixpath import normpath
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from .action import Action, Argument
from .amount import amounts
from .canonical import canonical
from .errors import BadRule
from .glob import Glob, closed, like
from .hours import Hours
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


def _findable(path: str) -> str:
    """Actions carry settled paths, so a glob with anything else in it would be a rule that never speaks."""
    if path and (path[0] not in "/*?[" or "//" in path or "\0" in path or {".", ".."} & set(path.split("/"))):
        raise BadRule(
            f"{quoted(path)} is no place that a path leads to, so it would match nothing. Begin with / or *, and "
            "leave out `.`, `..` and doubled slashes."
        )
    return path.rstrip("/") or path[:1]


PathGlob = Annotated[str, AfterValidator(closed), AfterValidator(_findable)]


class Rule(BaseModel):
    """Raises the ruling on every action that matches all that it names.

    Args:
        name: shown as what decided.
        tool: pattern of tool names.
        argument, value: some argument whose name matches `argument` must hold a text or number that matches `value`, at
            any depth; "*" for both matches every action, also one without arguments.
        path: some argument whose name matches `argument` must lead to a path that matches, or into a folder that does;
            "" for any action. `*` also crosses folders.
        over: some argument whose name matches `argument` must hold a number above this, at any depth, also one that
            is written in a text ("1,200 EUR"). What is not finite is above anything.
        person: pattern of those on whose behalf the run acts.
        hours: when it speaks; None for always.
        at_least: the ruling it raises to.
        people: how many different people have to accept, if it makes somebody ask; from two on it asks two.
        role: one of them must have this role; "" for none.
        four_eyes: the one on whose behalf the run acts does not count.
        why: one sentence for the person who is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    tool: Glob = "*"
    argument: Glob = "*"
    value: Glob = "*"
    path: PathGlob = ""
    over: float | None = Field(default=None, allow_inf_nan=False)
    person: Glob = "*"
    hours: Hours | None = None
    at_least: Ruling
    people: int = Field(default=1, ge=1, le=20)
    role: Name | Literal[""] = ""
    four_eyes: bool = False
    why: Annotated[Line, Field(min_length=1)]

    @model_validator(mode="after")
    def _raises(self) -> Self:
        if self.at_least is Ruling.ALLOW:
            raise BadRule(f"The rule {quoted(self.name)} allows, but rules only raise. Turn the dial up instead.")
        asks = Ruling.ASK <= self.at_least <= Ruling.ASK_TWO
        if not asks and (self.people > 1 or self.role or self.four_eyes):
            raise BadRule(
                f"The rule {quoted(self.name)} says who has to accept, but its ruling is "
                f"{self.at_least.name.lower()}, for which nobody is asked. Let it ask, or leave the people out."
            )
        return self

    @property
    def raises_to(self) -> Ruling:
        """The ruling it raises to, where more than one has to accept."""
        return max(self.at_least, Ruling.ASK_TWO) if self.people > 1 else self.at_least

    @property
    def path_globs(self) -> tuple[str, ...]:
        """What a path may match: the glob itself or, as it may be a folder, anything in that."""
        return (self.path, f"{self.path.rstrip('/')}/*") if self.path else ()

    @property
    def needs_argument(self) -> bool:
        """Whether it speaks only of actions with some argument."""
        return not (self.argument == self.value == "*" and not self.path and self.over is None)

    def matches(self, action: Action, *, by: str = "", now: datetime | None = None) -> bool:
        """Whether the rule speaks about this action.

        Args:
            action: what is proposed.
            by: on whose behalf; "" if nobody knows, and then every rule for a person speaks.
            now: an aware time; None if nobody knows, and then every rule with hours speaks.
        """
        return self.concerns(action.tool, by) and self.fits(action) and self.speaks_at(now)

    def concerns(self, tool: str, by: str) -> bool:
        """Whether it is about this tool, used on behalf of this person."""
        return like(tool, self.tool) and (not by or like(by, self.person))

    def speaks_at(self, now: datetime | None) -> bool:
        """Whether it is about this time; a time without its zone is none that anybody knows."""
        return self.hours is None or now is None or now.utcoffset() is None or self.hours.hold(now)

    def fits(self, action: Action) -> bool:
        """Whether it is about these arguments."""
        return not self.needs_argument or any(map(self._fits_argument, action.arguments))

    def _fits_argument(self, argument: Argument) -> bool:
        return (
            like(argument.name, self.argument)
            and (not self.path or self._leads_there(argument))
            and (self.value == "*" or any(like(text, self.value) for text in texts(argument)))
            and (self.over is None or any(_above(text, self.over) for text in texts(argument)))
        )

    def _leads_there(self, argument: Argument) -> bool:
        return any(like(path, glob) for path in paths(argument) for glob in self.path_globs)


def texts(argument: Argument) -> list[str]:
    """Every text and number in an argument, keys of objects too."""
    value = argument.value
    if isinstance(value, str):
        return [value]
    return list(_texts(value)) if isinstance(value, dict | list) else [_in_words(value)]


def paths(argument: Argument) -> list[str]:
    """Where an argument leads: its own path, and every text in it that reads as an absolute one."""
    value = argument.value
    if isinstance(value, str) and value[:1] != "/":  # as most are
        return [argument.path] if argument.path else []
    read = [f"/{normpath(text).lstrip('/')}" for text in texts(argument) if text[:1] == "/"]
    return [argument.path, *read] if argument.path else read


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        yield from chain.from_iterable(map(_texts, value.values()))
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_texts, value))
    else:
        yield _in_words(value)


def _in_words(value: float | bool | None) -> str:
    return repr(value) if type(value) in (int, float) else canonical(value)


def _above(text: str, limit: float) -> bool:
    return any(amount != amount or amount > limit for amount in amounts(text))
