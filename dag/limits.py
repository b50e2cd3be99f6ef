"""What providers and machines bear: how many calls at once, and how many a minute."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Rate(BaseModel):
    """What a provider allows for one model in a minute. None: no limit.

    Args:
        requests_per_min: calls started.
        tokens_per_min: tokens of prompts and answers, as reserved when a call starts.
    """

    model_config = ConfigDict(frozen=True)

    requests_per_min: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    tokens_per_min: float | None = Field(default=None, gt=0, allow_inf_nan=False)


class Limits(BaseModel):
    """What one run may do at the same time.

    Args:
        calls_at_once: model calls in flight.
        nodes_at_once: nodes at work; those that wait for a person don't count.
        rates: by model.
    """

    model_config = ConfigDict(frozen=True)

    calls_at_once: int = Field(default=4, ge=1)
    nodes_at_once: int = Field(default=64, ge=1)
    rates: dict[str, Rate] = Field(default_factory=dict)
