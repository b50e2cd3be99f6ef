"""What an organisation, or one person, lays down: rules, who may approve, and how long people are waited for."""

from collections.abc import Iterable
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .errors import BadRule
from .rule import Rule
from .shown import Name, quoted


class Patience(BaseModel):
    """How long a question waits.

    Args:
        expires_s: seconds until silence is a no; None for what the run says.
        remind_s: seconds after which whoever was asked is asked again; None for never.
        escalate_s: seconds after which `escalate_to` may answer as well; None for never.
        escalate_to: a person of the policy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    expires_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    remind_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    escalate_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    escalate_to: Name | Annotated[str, Field(max_length=0)] = ""


class Policy(BaseModel):
    """Raises what the dial says, never lowers it. An empty one changes nothing.

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
    def _names_are_unique(self) -> Self:
        names = [rule.name for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise BadRule(f"Two rules are called {quoted(twice)}, so nobody could tell which one spoke. Rename one.")
        return self

    def knows(self, people: Iterable[str]) -> bool:
        """Whether all of these people may approve, so that a grant of theirs counts."""
        named = {person.casefold() for person in self.people}
        return not named or all(person.casefold() in named for person in people)
