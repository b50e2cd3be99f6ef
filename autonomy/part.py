"""What an action changes, piece by piece, so that a person may accept some pieces and leave the others."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Annotated, Any, cast

from pydantic import BaseModel, ConfigDict, Field

from .action import Action, Argument
from .canonical import Json, Text
from .shown import Name

MOST_PARTS = 200
"""Nobody picks among more; then it is accepted as a whole, or not."""

_MOST_PAIRS = 50_000
"""Of equal lines, one on each side. Beyond, to compare them could take longer than a person waits."""


class Part(BaseModel):
    """A stretch of a text or a list that can be accepted by itself.

    Args:
        argument: whose value it is part of.
        start, end: where it is in that value, in characters or items.
        old: what stood there, and what stays if the part is not accepted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    argument: Name
    start: Annotated[int, Field(ge=0)]
    end: Annotated[int, Field(ge=0)]
    old: Text | list[Json]

    def new(self, action: Action) -> Json:
        """What is to stand there: the stretch of the action's value."""
        value = _value(action, self.argument)
        return value[self.start : self.end] if isinstance(value, str | list) else None


def items_of(argument: str, value: Sequence[Any]) -> tuple[Part, ...]:
    """Each item of a list as a part; empty if there is nothing to pick among."""
    return _offered([Part(argument=argument, start=at, end=at + 1, old=[]) for at in range(len(value))])


def hunks_of(argument: str, before: str, after: str) -> tuple[Part, ...]:
    """Each stretch in which two texts differ as a part, by lines or, within one line, by words.

    Args:
        argument: whose value the text is.
        before: the text that it replaces.
        after: the value.
    """
    olds, news = (_units(text, by_line="\n" in before + after) for text in (before, after))
    starts = [0]
    for unit in news:
        starts.append(starts[-1] + len(unit))
    return _offered(
        [
            Part(argument=argument, start=starts[j1], end=starts[j2], old="".join(olds[i1:i2]))
            for i1, i2, j1, j2 in _differing(olds, news)
        ]
    )


def with_parts(action: Action, parts: Sequence[Part], accepted: Collection[int]) -> Action:
    """The action with the parts that were accepted, and what stood there before in place of the others.

    Args:
        action: as it was proposed.
        parts: what it can be divided into.
        accepted: numbers of parts, counted from 1.
    """
    left = [part for number, part in enumerate(parts, 1) if number not in accepted]
    arguments = tuple(_without(argument, left) for argument in action.arguments)
    return action.model_copy(update={"arguments": arguments})


def unfit_parts(action: Action, parts: Sequence[Part]) -> str:
    """Why parts are not what this action can be divided into; empty if they are."""
    ends = dict[str, int]()
    for part in parts:
        value = _value(action, part.argument)
        if not isinstance(value, str | list) or type(part.old) is not type(value):
            return f"{part.argument} is neither a text nor a list of which a part could be accepted."
        if not ends.get(part.argument, 0) <= part.start <= part.end <= len(value):
            return f"The parts of {part.argument} overlap, or lie outside of it."
        ends[part.argument] = part.end
    return ""


def _offered(parts: list[Part]) -> tuple[Part, ...]:
    return tuple(parts) if 1 < len(parts) <= MOST_PARTS else ()


def _units(text: str, *, by_line: bool) -> list[str]:
    return re.findall(r"[^\n]*\n|[^\n]+", text) if by_line else re.findall(r"\s*\S+|\s+\Z", text)


def _differing(olds: Sequence[str], news: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """The stretches in which two sequences differ, each as its place in the one and in the other."""
    there, here = Counter(olds), Counter(news)
    # In a long text SequenceMatcher passes over lines that are everywhere, such as blank ones.
    everywhere = len(news) / 100 + 1 if len(news) >= 200 else len(news)
    if sum(there[unit] * number for unit, number in here.items() if number <= everywhere) > _MOST_PAIRS:
        yield 0, len(olds), 0, len(news)
        return
    for tag, *places in SequenceMatcher(None, olds, news).get_opcodes():
        if tag != "equal":
            yield cast("tuple[int, int, int, int]", tuple(places))


def _value(action: Action, name: str) -> Json:
    return next((argument.value for argument in action.arguments if argument.name == name), None)


def _without(argument: Argument, left: Sequence[Part]) -> Argument:
    """An argument with what stood there before in place of the parts left; last part first, so that places hold."""
    value: Any = argument.value
    mine = [part for part in left if part.argument == argument.name]
    for part in reversed(mine):
        value = value[: part.start] + part.old + value[part.end :]
    return Argument.model_validate({**dict(argument), "value": value}) if mine else argument
