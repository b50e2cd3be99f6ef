"""What running a node in one way is expected to take, and to be worth."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from .spread import NOTHING, Spread


class Forecast(BaseModel):
    """What one choice for one node is expected to take and to be worth.

    Args:
        cost_usd, latency_s: of running the node once this way, asking again included.
        quality: the expected score of what it delivers, 0 for nothing delivered; in [0, 1].
        passes: the chance that its answer passes the node's checks.
        fails: the chance that it gives no answer at all.
        worst_usd: the most that may be reserved for it at one time.
        runs: how many recorded runs it rests on; 0 for prices and priors alone.
    """

    model_config = ConfigDict(frozen=True)

    cost_usd: Spread = NOTHING
    latency_s: Spread = NOTHING
    quality: float = Field(default=1.0, ge=0, le=1)
    passes: float = Field(default=1.0, ge=0, le=1)
    fails: float = Field(default=0.0, ge=0, le=1)
    worst_usd: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    runs: int = Field(default=0, ge=0)
