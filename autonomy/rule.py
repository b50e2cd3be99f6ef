"""A builder's or an operator's own rule. It can only make rheostat ask more."""

import re
from collections.abc import Iterator
from datetime import datetime, time
from enum import IntEnum
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self, get_args
from unicodedata import normalize
from zoneinfo import ZoneInfo

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


Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = get_args(Day)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise BadRule(f"{quoted(name)} is no time zone. Use a name like Europe/Berlin or UTC.") from None
    return name


Zone = Annotated[str, AfterValidator(_zone)]


class Hours(BaseModel):
    """A stretch of the day, on some days of the week.

    Args:
        zone: the time zone's name, like "Europe/Berlin".
        days: of the week.
        start, end: from when until just before when; an end that is not after the start is on the next day. The day
            is the one on which the stretch begins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    zone: Zone
    days: Annotated[tuple[Day, ...], Field(min_length=1)] = DAYS
    start: time = time(0)
    end: time = time(0)

    def hold(self, now: datetime) -> bool:
        """Whether an aware time falls into them."""
        there = now.astimezone(ZoneInfo(self.zone))
        begun_today = self.start <= there.time() and (there.time() < self.end or self.end <= self.start)
        before_end = there.time() < self.end <= self.start
        yesterday = DAYS[(there.weekday() - 1) % 7]
        return (begun_today and DAYS[there.weekday()] in self.days) or (before_end and yesterday in self.days)


class Rule(BaseModel):
    """Raises the ruling on every action that matches all that it names.

    Args:
        name: shown as what decided.
        tool: pattern of tool names.
        argument, value: some argument whose name matches `argument` must hold a text or number that matches `value`, at
            any depth; "*" for both matches every action, also one without arguments.
        path: some argument whose name matches `argument` must lead to a path that matches; "" for any action. `*` also
            crosses folders.
        over: some argument whose name matches `argument` must hold a number above this, at any depth. A text that
            reads as a number is one; what is not finite is above anything.
        person: pattern of those on whose behalf the run acts.
        hours: when it speaks; None for always.
        at_least: the ruling it raises to.
        people: how many different people have to accept, if it makes somebody ask.
        role: one of them must have this role; "" for none.
        four_eyes: the one on whose behalf the run acts does not count.
        why: one sentence for the person who is asked.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Name
    tool: Glob = "*"
    argument: Glob = "*"
    value: Glob = "*"
    path: Glob | Literal[""] = ""
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

    def matches(self, action: Action, *, by: str = "", now: datetime | None = None) -> bool:
        """Whether the rule speaks about this action.

        Args:
            action: what is proposed.
            by: on whose behalf; "" if nobody knows, and then every rule for a person speaks.
            now: an aware time; None if nobody knows, and then every rule with hours speaks.
        """
        return (
            like(action.tool, self.tool)
            and (not by or like(by, self.person))
            and (now is None or self.hours is None or self.hours.hold(now))
            and self._matches_arguments(action)
        )

    def _matches_arguments(self, action: Action) -> bool:
        if self.argument == self.value == "*" and not self.path and self.over is None:
            return True
        return any(self._matches_argument(argument) for argument in action.arguments)

    def _matches_argument(self, argument: Argument) -> bool:
        return (
            like(argument.name, self.argument)
            and (not self.path or (bool(argument.path) and like(argument.path, self.path)))
            and (self.value == "*" or any(like(text, self.value) for text in _texts(argument.value)))
            and (self.over is None or any(_above(text, self.over) for text in _texts(argument.value)))
        )


def like(text: str, glob: str) -> bool:
    """Whether a text matches a pattern, as written or folded.

    Capitals and full-width letters are an easy way around, and a wide rule only asks more.
    """
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


def _above(text: str, limit: float) -> bool:
    """Whether a text reads as a number above a limit. What is no number at all says nothing about how much."""
    try:
        number = float(normalize("NFKC", text))
    except ValueError:
        return False
    return number != number or number > limit
