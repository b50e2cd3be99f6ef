"""Ways to run a node that calls models: one call, or calls composed. A choice is plain data; `pursue` runs it.

The compositions have one algebra each for cost, time and quality (`forecast`), and the same tree says what to do next
(`pursue`), so that what was planned is what runs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

Effort = Literal["low", "medium", "high"]
"""How hard a reasoning model is told to think."""

Path = tuple[int, ...]
"""Where in a choice's tree a call stands: the index of the part at each level. A council's members are (0, i), their
rankings (1, i), its chair (2,)."""

MOST_CALLS = 64
"""Calls that one choice may come to; more is a mistake, or an attack."""

_DEEPEST = 16


class _Choice(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Call(_Choice):
    """One model asked once, with what its node allows of asking again after an unusable answer.

    Args:
        model: its name.
        effort: for reasoning models; None leaves it to the provider.
        temperature: 0 for the likeliest answer. Answers that are to differ need more.
    """

    kind: Literal["call"] = "call"
    model: str = Field(min_length=1, max_length=200)
    effort: Effort | None = None
    temperature: float = Field(default=0.0, ge=0, le=2, allow_inf_nan=False)


class _Composed(_Choice):
    @model_validator(mode="after")
    def _bounded(self) -> _Composed:
        depth, most = _extent(cast("Choice", self))
        if most > MOST_CALLS:
            raise ValueError(f"it may come to {most} calls, and more than {MOST_CALLS} are a mistake; try less")
        if depth > _DEEPEST:
            raise ValueError(f"its parts are nested {depth} deep, and more than {_DEEPEST} are a mistake; nest less")
        return self


class Cascade(_Composed):
    """One stage after another, until an answer is good enough.

    Args:
        stages: tried in order.
        until: "passed" goes on after an answer that fails the checks, and after one that passes with a low score if the
            next stage is worth its money; "answered" goes on after an error alone.
    """

    kind: Literal["cascade"] = "cascade"
    stages: tuple[Choice, ...] = Field(min_length=1, max_length=MOST_CALLS)
    until: Literal["passed", "answered"] = "passed"


class Best(_Composed):
    """All at once, and the answer that the checks score highest."""

    kind: Literal["best"] = "best"
    of: tuple[Choice, ...] = Field(min_length=1, max_length=MOST_CALLS)


class Vote(_Composed):
    """All at once, and the answer given most often; among equals the one that the checks score highest."""

    kind: Literal["vote"] = "vote"
    of: tuple[Choice, ...] = Field(min_length=1, max_length=MOST_CALLS)


class Council(_Composed):
    """Independent answers, ranked by each member without knowing whose they are; the chair writes the answer."""

    kind: Literal["council"] = "council"
    members: tuple[Call, ...] = Field(min_length=2, max_length=9)
    chair: Call


class Skip(_Choice):
    """The node is let go: no cost, no value. Only for nodes that are optional."""

    kind: Literal["skip"] = "skip"


Choice = Annotated[Call | Cascade | Best | Vote | Council | Skip, Field(discriminator="kind")]
"""A way to run a node."""

Cascade.model_rebuild()
Best.model_rebuild()
Vote.model_rebuild()

SAMPLED = 0.7
"""The temperature of answers that are to differ, unless one is given."""


def as_choice(given: Choice | str) -> Choice:
    """A model's name stands for one call of it."""
    return Call(model=given) if isinstance(given, str) else given


def cascade(*stages: Choice | str) -> Cascade:
    """Cheap first: each stage is asked only if no answer before it was good enough."""
    return Cascade(stages=tuple(map(as_choice, stages)))


def fallback(*stages: Choice | str) -> Cascade:
    """Each stage is asked only if those before it gave no answer: an outage, a refusal, nothing usable."""
    return Cascade(stages=tuple(map(as_choice, stages)), until="answered")


def retry(choice: Choice | str, times: int) -> Cascade:
    """The same again, up to `times` more, after an error."""
    return Cascade(stages=(as_choice(choice),) * (1 + times), until="answered")


def best_of(samples: int, choice: Choice | str) -> Best:
    """`samples` answers at once, of which the checks choose."""
    return Best(of=(_sampled(as_choice(choice)),) * samples)


def vote(samples: int, choice: Choice | str) -> Vote:
    """`samples` answers at once, of which the commonest is taken."""
    return Vote(of=(_sampled(as_choice(choice)),) * samples)


def council(*members: Choice | str, chair: Choice | str) -> Council:
    """Independent answers, anonymous ranking by the members, and a chair that writes the answer: all single calls."""
    return Council.model_validate(
        {"members": [as_choice(member).model_dump() for member in members], "chair": as_choice(chair).model_dump()}
    )


def _sampled(choice: Choice) -> Choice:
    if isinstance(choice, Call) and choice.temperature == 0:
        return choice.model_copy(update={"temperature": SAMPLED})
    return choice


def choice_name(choice: Choice) -> str:
    """A choice as a person reads it, and as forecasts are kept under: `cascade(local, best(3 × gpt-4o))`."""
    match choice:
        case Call():
            marks = [choice.effort] if choice.effort else []
            marks += [f"t{choice.temperature:g}"] if choice.temperature not in (0, SAMPLED) else []
            return choice.model + (f"[{','.join(marks)}]" if marks else "")
        case Cascade():
            word = "cascade" if choice.until == "passed" else "fallback"
            if word == "fallback" and len(set(choice.stages)) == 1:
                return f"retry({choice_name(choice.stages[0])}, {len(choice.stages) - 1})"
            return f"{word}({', '.join(map(choice_name, choice.stages))})"
        case Best():
            return f"best({_several(choice.of)})"
        case Vote():
            return f"vote({_several(choice.of)})"
        case Council():
            return f"council({_several(choice.members)}; chair {choice_name(choice.chair)})"
        case Skip():
            return "skip"


def _several(parts: tuple[Choice, ...]) -> str:
    if len(parts) > 1 and len(set(parts)) == 1:
        return f"{len(parts)} × {choice_name(parts[0])}"
    return ", ".join(map(choice_name, parts))


def calls(choice: Choice) -> tuple[Call, ...]:
    """Every single call that a choice may come to, in the order of its tree; a council's chair last."""
    match choice:
        case Call():
            return (choice,)
        case Cascade():
            return tuple(call for stage in choice.stages for call in calls(stage))
        case Best() | Vote():
            return tuple(call for part in choice.of for call in calls(part))
        case Council():
            return (*choice.members, choice.chair)
        case Skip():
            return ()


def _extent(choice: Choice) -> tuple[int, int]:
    """How deep its tree is, and how many calls it may come to."""
    match choice:
        case Call():
            return 0, 1
        case Cascade(stages=parts) | Best(of=parts) | Vote(of=parts):
            extents = [_extent(part) for part in parts]
            return 1 + max(depth for depth, _ in extents), sum(most for _, most in extents)
        case Council():
            return 1, 2 * len(choice.members) + 1
        case Skip():
            return 0, 0


def part_of(choice: Choice, path: Path = ()) -> str:
    """The name under which Lessons about one call of a choice are kept, so that all that is the same learns together.

    A call that is made in any case goes by its own name, in whatever choice it stands. One that is made only after
    others fell short meets the harder cases, and goes by the choice's name and its place: `cascade(local, gpt-5)/1`. So
    do a council's rankings and its chair, which do something else. Equal samples share a name.

    Args:
        choice: the whole.
        path: where the call stands; () for the whole of the choice, whose lessons tell what `composed` can't know: that
            samples of one model err together.
    """
    part, places, alone = choice, list[int](), True
    for depth, place in enumerate(path):
        match part:
            case Cascade():
                alone = alone and place == 0
                part = part.stages[place]
            case Best() | Vote():
                place = part.of.index(part.of[place])
                part = part.of[place]
            case Council():
                places += path[depth:]
                if not alone or place != 0:
                    return _placed(choice, places)
                return choice_name(part.members[path[depth + 1]])
            case Call() | Skip():
                raise ValueError(f"{choice_name(choice)} has no part at {path}.")
        places.append(place)
    return choice_name(part) if alone else _placed(choice, places)


def _placed(choice: Choice, places: Iterable[int]) -> str:
    return f"{choice_name(choice)}/{'.'.join(map(str, places))}"
