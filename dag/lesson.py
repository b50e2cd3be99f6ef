"""What past runs teach: how each part of a choice did at each task, and how long lists turned out to be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field


class Lesson(BaseModel):
    """What trying one call once for one task came to.

    Args:
        task: the node's path without the numbers of the copies, as in `Task.id`.
        part: which call of which choice: `gpt-5` tried alone; `cascade(local, gpt-5)/1` as a cascade's second stage, so
            that what a stage meets after another one failed is learned apart. "" for a node that calls no model.
        answered: whether it gave an answer of the declared type.
        score: the checks' word on it, in [0, 1]; None where the node has no checks.
        passed: whether it passed them; True where there are none.
        cost_usd, latency_s, prompt_tokens, answer_tokens: of all that it took, asking again included.
    """

    model_config = ConfigDict(frozen=True)

    task: str
    part: str = ""
    answered: bool = True
    score: float | None = Field(default=None, ge=0, le=1)
    passed: bool = True
    cost_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    latency_s: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    prompt_tokens: int = Field(default=0, ge=0)
    answer_tokens: int = Field(default=0, ge=0)


class Copies(BaseModel):
    """How many copies a map or a loop made, once."""

    model_config = ConfigDict(frozen=True)

    task: str
    count: int = Field(ge=0)


class Lessons(Protocol):
    """Keeps lessons from run to run, those of each App apart."""

    def add(self, app: str, lessons: Sequence[Lesson | Copies]) -> None:
        """Adds lessons, the oldest first.

        Raises:
            LessonsNotKept: they could not be written.
        """
        ...

    def of(self, app: str) -> tuple[list[Lesson], list[Copies]]:
        """An App's lessons, the newest first; of each part of each task only the newest, none that can't be read."""
        ...
