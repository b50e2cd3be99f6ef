"""What app_core needs from the world outside. Adapters implement these; tests script them."""

from collections.abc import Callable
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict, Field

from rheostat.context import Counter, Message
from rheostat.dag import Effort


class Price(BaseModel):
    """List price in USD per token.

    Args:
        prompt_usd, answer_usd: of a token read, and of one written.
        cached_read_usd: of a prompt token that the provider's cache serves; None if it costs like any other.
        cached_write_usd: of a prompt token that goes into the cache; None if it costs like any other.
    """

    model_config = ConfigDict(frozen=True)

    prompt_usd: float = Field(ge=0, allow_inf_nan=False)
    answer_usd: float = Field(ge=0, allow_inf_nan=False)
    cached_read_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    cached_write_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)

    def cost_usd(self, usage: "Usage") -> float:
        """What these tokens cost at this price."""
        return self.plain_usd(usage) - self.saved_usd(usage)

    def plain_usd(self, usage: "Usage") -> float:
        """What they would cost without a cache."""
        return usage.prompt_tokens * self.prompt_usd + usage.answer_tokens * self.answer_usd

    def saved_usd(self, usage: "Usage") -> float:
        """What the cache takes off; below zero if writing to it cost more than reading from it spared."""
        read_tokens = min(usage.cached_tokens, usage.prompt_tokens)
        written_tokens = min(usage.cache_write_tokens, usage.prompt_tokens - read_tokens)
        read_usd = self.prompt_usd if self.cached_read_usd is None else self.cached_read_usd
        written_usd = self.prompt_usd if self.cached_write_usd is None else self.cached_write_usd
        return read_tokens * (self.prompt_usd - read_usd) - written_tokens * (written_usd - self.prompt_usd)


class CacheFacts(BaseModel):
    """How a provider's prompt cache works.

    Args:
        min_tokens: no prefix shorter than this is cached.
        step_tokens: the tokens served are a multiple of this.
        marked: whether it caches only up to the breakpoints that a request names; else it does so by itself.
        answers: whether an answer is cached along with its prompt.
        keeps_s: seconds for which a prefix stays after its last use, as a rule.
    """

    model_config = ConfigDict(frozen=True)

    min_tokens: int = Field(default=1, gt=0)
    step_tokens: int = Field(default=1, gt=0)
    marked: bool = False
    answers: bool = False
    keeps_s: float = Field(default=300.0, gt=0)


class ModelFacts(BaseModel):
    """What must be known of a model before it is called.

    Args:
        name: of the model.
        window_tokens, max_answer_tokens: what it can hold, and write.
        price: at list.
        cache: how its provider's prompt cache works; None if it has none, or none that is known.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    window_tokens: int = Field(gt=0)
    max_answer_tokens: int = Field(gt=0)
    price: Price
    cache: CacheFacts | None = None

    def worst_usd(self, request: "ChatRequest", prompt_tokens: int) -> float:
        """The most that a request can cost: nothing comes from the cache, and all of it may go into it.

        Args:
            request: what is asked.
            prompt_tokens: an upper bound on its prompt.
        """
        price = self.price
        told = any(message.breakpoints for message in request.messages)
        writes = told or self.cache is None or not self.cache.marked
        dearest_usd = max(price.prompt_usd, price.cached_read_usd or 0.0, writes and price.cached_write_usd or 0.0)
        return prompt_tokens * dearest_usd + request.max_answer_tokens * price.answer_usd


class ChatRequest(BaseModel):
    """One call. The answer must satisfy `answer_schema`; `max_answer_tokens` bounds its length, and so its cost.

    `effort` is how hard a reasoning model is told to think; what it writes for itself counts as answer.
    """

    model_config = ConfigDict(frozen=True)

    model: str
    messages: tuple[Message, ...]
    max_answer_tokens: int = Field(gt=0)
    answer_schema: dict[str, Any] | None = None
    temperature: float = 0.0
    effort: Effort | None = None
    timeout_s: float = Field(default=300.0, gt=0)


class Usage(BaseModel):
    """Tokens as the provider reports them; those read from its prompt cache and written to it are prompt tokens too."""

    model_config = ConfigDict(frozen=True)

    prompt_tokens: int = Field(default=0, ge=0)
    answer_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    cache_write_tokens: int = Field(default=0, ge=0)


class ChatReply(BaseModel):
    """An answer and what it took.

    Args:
        text: the answer.
        usage: as the provider reported it, or the most that it can be where `reported` is False.
        cost_usd: at list price, for that usage.
        latency_s: until the answer was whole.
        cut_short: whether it ended at its length limit.
    """

    model_config = ConfigDict(frozen=True)

    text: str
    usage: Usage
    cost_usd: float = Field(ge=0, allow_inf_nan=False)
    latency_s: float = Field(ge=0)
    cut_short: bool = False
    reported: bool = True


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
