"""What app_core needs from the world outside. Adapters implement these; tests script them."""

from collections.abc import Callable
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from rheostat.context import Counter, Message


class Price(BaseModel):
    """List price in USD per token. `cached_read` is what a token served from the provider's prompt cache costs."""

    model_config = ConfigDict(frozen=True)

    prompt_usd: float = Field(ge=0, allow_inf_nan=False)
    answer_usd: float = Field(ge=0, allow_inf_nan=False)
    cached_read_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def cost_usd(self, usage: "Usage") -> float:
        """What these tokens cost at this price. Without a price for cached tokens they cost like any others."""
        cached_usd = self.prompt_usd if self.cached_read_usd is None else self.cached_read_usd
        cached_tokens = min(usage.cached_tokens, usage.prompt_tokens)
        fresh_tokens = usage.prompt_tokens - cached_tokens
        return fresh_tokens * self.prompt_usd + cached_tokens * cached_usd + usage.answer_tokens * self.answer_usd


class ModelFacts(BaseModel):
    """What must be known of a model before it is called: its window and largest answer in tokens, and its price."""

    model_config = ConfigDict(frozen=True)

    name: str
    window_tokens: int = Field(gt=0)
    max_answer_tokens: int = Field(gt=0)
    price: Price


class ChatRequest(BaseModel):
    """One call. The answer must satisfy `answer_schema`; `max_answer_tokens` bounds its length, and so its cost."""

    model_config = ConfigDict(frozen=True)

    model: str
    messages: tuple[Message, ...]
    max_answer_tokens: int = Field(gt=0)
    answer_schema: dict[str, Any] | None = None
    temperature: float = 0.0
    timeout_s: float = Field(default=300.0, gt=0)


class Usage(BaseModel):
    """Tokens as the provider reports them."""

    model_config = ConfigDict(frozen=True)

    prompt_tokens: int = Field(default=0, ge=0)
    answer_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)


class ChatReply(BaseModel):
    """An answer and what it took: `cost_usd` at list price for the reported usage; `cut_short` at its length limit."""

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage
    cost_usd: float = Field(ge=0, allow_inf_nan=False)
    latency_s: float = Field(ge=0)
    cut_short: bool = False


class Gateway(Protocol):
    """Calls models. The one way out to a provider; it retries what is retryable and nothing else."""

    def facts(self, model: str) -> ModelFacts:
        """What is known of a model. Raises UnknownModel, or UnknownPrice with the way to state one."""
        ...

    def counter(self, model: str) -> Counter:
        """How to count this model's tokens, with the count's stated error."""
        ...

    def schema_text(self, model: str, answer_schema: dict[str, Any] | None) -> str:
        """What an answer schema adds to this model's prompt, to be counted; "" where it only steers the writing."""
        ...

    async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
        """Calls the model. `on_text` receives the answer piece by piece. Cancelling the task stops generation.

        Raises a GatewayError whose class says who can mend it, and whose `cost_usd` what the failed call may have cost.
        A cancelled call may have cost as much as its request allows.
        """
        ...
