"""A Gateway whose counts are as near as its providers' reports allow."""

from collections.abc import Callable, Mapping
from typing import Any

from rheostat.context import Calibration, Calibrations, Counter, calibrated

from .errors import GatewayError
from .ports import ChatReply, ChatRequest, Gateway, ModelFacts


class CalibratedGateway:
    """The Gateway of one run: it counts by one calibration from the run's start to its end, and learns for later runs.

    Were the calibration to change within a run, so would its packs, and answers already paid for would not be known
    again after a crash.

    Args:
        gateway: calls the models.
        calibrations: what was known of the run's models when the run was started.
        kept: where the reports are noted.
    """

    def __init__(self, gateway: Gateway, calibrations: Mapping[str, Calibration | None], kept: Calibrations) -> None:
        self._gateway, self._calibrations, self._kept = gateway, calibrations, kept

    def facts(self, model: str) -> ModelFacts:
        """See Gateway."""
        return self._gateway.facts(model)

    def counter(self, model: str) -> Counter:
        """How to count this model's tokens, with the error that is left after calibration."""
        return calibrated(self._gateway.counter(model), self._calibrations.get(model))

    def schema_text(self, model: str, answer_schema: dict[str, Any] | None) -> str:
        """See Gateway."""
        return self._gateway.schema_text(model, answer_schema)

    async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
        """See Gateway. What is booked at the most it could be, is so by the calibrated count."""
        try:
            reply = await self._gateway.chat(request, on_text)
        except GatewayError as error:
            if error.cost_usd:
                error.cost_usd = min(error.cost_usd, self._worst_usd(request))
            raise
        counter = self._gateway.counter(request.model)
        if not counter.error:
            return reply
        sent = (request.messages, self.schema_text(request.model, request.answer_schema))
        if not reply.reported:
            tokens = min(reply.usage.prompt_tokens, self.counter(request.model).count(*sent))
            usage = reply.usage.model_copy(update={"prompt_tokens": tokens})
            cost_usd = min(reply.cost_usd, self._worst_usd(request))
            return reply.model_copy(update={"usage": usage, "cost_usd": cost_usd})
        self._kept.note(request.model, counter.name, counter.measure(*sent), reply.usage.prompt_tokens)
        return reply

    def _worst_usd(self, request: ChatRequest) -> float:
        schema = self.schema_text(request.model, request.answer_schema)
        prompt_tokens = self.counter(request.model).count(request.messages, schema)
        return self.facts(request.model).worst_usd(request, prompt_tokens)
