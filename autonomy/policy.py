"""What an organisation, or one person, lays down: rules, who may approve, and how long people are waited for."""

from collections.abc import Iterable, Iterator
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import BadPolicy
from .rule import Rule
from .shown import Name, plain, quoted

Seconds = Annotated[float, Field(gt=0, le=3_200_000_000, allow_inf_nan=False)]
"""More than none, and not much more than a hundred years."""


class Patience(BaseModel):
    """How long a question waits.

    Args:
        expires_s: seconds until silence is a no; None for what the run says.
        remind_s: seconds after which whoever was asked is asked again; None for never.
        escalate_s: seconds after which `escalate_to` may answer as well; None for never.
        escalate_to: a person of the policy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    expires_s: Seconds | None = None
    remind_s: Seconds | None = None
    escalate_s: Seconds | None = None
    escalate_to: Name | Annotated[str, Field(max_length=0)] = ""


class Contradiction(NamedTuple):
    """Where a policy contradicts itself, as the keys and places that lead there, and how."""

    place: tuple[str | int, ...]
    sentence: str


class Policy(BaseModel):
    """Raises what the dial says, never lowers it. An empty one changes nothing.

    One that contradicts itself is refused: pydantic's ValidationError, with a BadPolicy inside.

    Args:
        rules: each raises the ruling on what it matches.
        people: who may approve, each with their roles. Nobody else's answer counts; with nobody named, everybody's.
        patience: how long a question waits.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rules: tuple[Rule, ...] = ()
    people: dict[Name, tuple[Name, ...]] = Field(default_factory=dict[str, tuple[str, ...]])
    patience: Patience = Patience()

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        found = [*self.contradictions()]
        if found:
            raise BadPolicy(*(each.sentence for each in found))
        return self

    def contradictions(self) -> Iterator[Contradiction]:
        """What in it can't be meant. Where nobody is named, another policy may name the people that it speaks of."""
        yield from _one_name_for_two(self.rules)
        yield from _one_person_twice(self.people)
        yield from _out_of_turn(self.patience)
        if self.people:
            yield from self.unmet()

    def unmet(self) -> Iterator[Contradiction]:
        """What it asks of people that it does not name; with nobody named, of whom it asks at all."""
        for place, rule in enumerate(self.rules):
            if rule.role and not any(rule.role in roles for roles in self.people.values()):
                yield Contradiction(("rules", place, "role"), _nobody_is(rule))
            if self.people and rule.people + rule.four_eyes > len(self.people):
                key = "four_eyes" if rule.people <= len(self.people) else "people"
                yield Contradiction(("rules", place, key), _too_few(rule, len(self.people)))
        to = self.patience.escalate_to
        if to and to not in self.people:
            yield Contradiction(
                ("patience", "escalate_to"),
                f"Questions go on to {quoted(to)}, but `people` does not name them. Name them there.",
            )

    def knows(self, people: Iterable[str]) -> bool:
        """Whether all of these people may approve, so that a grant of theirs counts."""
        named = {person.casefold() for person in self.people}
        return not named or all(person.casefold() in named for person in people)


def _one_name_for_two(rules: tuple[Rule, ...]) -> Iterator[Contradiction]:
    seen: set[str] = set()
    for place, rule in enumerate(rules):
        if rule.name in seen:
            yield Contradiction(
                ("rules", place, "name"),
                f"Two rules are called {quoted(rule.name)}, so nobody could tell which one spoke. Rename one.",
            )
        seen.add(rule.name)


def _one_person_twice(people: dict[str, tuple[str, ...]]) -> Iterator[Contradiction]:
    seen: dict[str, str] = {}
    for person in people:
        first = seen.setdefault(person.casefold(), person)
        if first != person:
            yield Contradiction(
                ("people", person),
                f"{plain(first)} and {plain(person)} are the same person in other capitals, and would count as two. "
                "Name each person once.",
            )


def _out_of_turn(patience: Patience) -> Iterator[Contradiction]:
    if (patience.escalate_s is None) != (not patience.escalate_to):
        missing, key = ("to whom", "escalate_s") if patience.escalate_s else ("after how long", "escalate_to")
        yield Contradiction(
            ("patience", key), f"Questions go on to somebody else, but it is not said {missing}. Say both, or neither."
        )
    for key, what in (("remind_s", "reminds of"), ("escalate_s", "hands on")):
        after_s = getattr(patience, key)
        if after_s is not None and patience.expires_s is not None and after_s >= patience.expires_s:
            yield Contradiction(
                ("patience", key),
                f"It {what} a question only when that has expired already. Do so earlier, or let it expire later.",
            )


def _nobody_is(rule: Rule) -> str:
    return (
        f"The rule {quoted(rule.name)} waits for somebody with the role {quoted(rule.role)}, which `people` gives to "
        "nobody. Give it to somebody."
    )


def _too_few(rule: Rule, named: int) -> str:
    wanted = f"{rule.people} to accept" + (", not counting the one the run is for" if rule.four_eyes else "")
    return f"The rule {quoted(rule.name)} wants {wanted}, but `people` names only {named}. Name more, or ask fewer."
