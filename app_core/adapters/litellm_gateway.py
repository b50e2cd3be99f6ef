"""The Gateway over litellm: hosted models, Ollama, and local model files served in this process."""

import asyncio
import os
import random
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NoReturn

from rheostat.context import Counter, Message

from ..errors import BadRequest, ModelBusy, ModelNotAllowed, ModelTimeout
from ..models import LOCAL
from ..ports import ChatReply, ChatRequest, ModelFacts, Price, Usage
from ..schemas import as_text
from . import llama_server, ollama
from .counters import hosted_counter
from .get_local_model import CONTEXT_TOKENS, get_local_model
from .litellm_call import Raw, bounds_its_answer, complete, load_litellm
from .litellm_errors import Failure, read_failure
from .litellm_messages import as_sent, told
from .price_list import find_entry, listed_facts, stated_prices, takes

GGUF = "gguf:"
ALLOWED_VARIABLE = "RHEOSTAT_ALLOW_MODELS"

ATTEMPTS = 3
_FIRST_PAUSE_S = 0.5
_GRACE_S = 30.0
"""litellm's own time limit lies this much beyond ours, so that ours is the one that ends a call."""

_FREE = Price(prompt_usd=0.0, answer_usd=0.0)


class LitellmGateway:
    """Calls any litellm model, Ollama's, and local model files: `local` for the embedded one, `gguf:PATH` for others.

    It keeps nothing between calls but what the process shares: loaded local models.

    Args:
        on_progress: is told in words how far the fetching of the embedded model is, if it must be fetched.
    """

    def __init__(self, on_progress: Callable[[str], None] | None = None) -> None:
        self._on_progress = on_progress

    def facts(self, model: str) -> ModelFacts:
        """What is known of a model. Local ones cost nothing, nor does Ollama on this machine, unless a price is stated.

        Raises:
            UnknownModel, UnknownPrice, BadPrice: as the price list says.
            NoLocalModel, NoNetwork: the file or the Ollama server is not there.
        """
        if model == LOCAL:
            return _own_facts(model, CONTEXT_TOKENS)
        if model.startswith(GGUF):
            return _own_facts(model, llama_server.context_tokens(_gguf_path(model)))
        if _is_own_ollama(model) and model not in stated_prices():
            return _own_facts(model, ollama.context_tokens(_ollama_name(model)))
        return listed_facts(model)

    def counter(self, model: str) -> Counter:
        """How to count a model's tokens: exactly for local files, which are loaded for it; else with a stated error."""
        if _is_local(model):
            return self._serve(model).counter()
        return hosted_counter(model)

    def schema_text(self, model: str, answer_schema: dict[str, Any] | None) -> str:
        """What an answer schema adds to this model's prompt, to be counted; "" where it only steers the writing."""
        if answer_schema is None or _is_local(model) or _is_ollama(model):
            return ""
        return as_text(answer_schema) if _takes_schema(model) else _schema_instruction(answer_schema)

    async def chat(self, request: ChatRequest, on_text: Callable[[str], None] | None = None) -> ChatReply:
        """Calls the model, at most three times in all, and again only where the failed call can't have been billed.

        `request.timeout_s` bounds all of it. Usage that the provider does not report is booked at the most it could be.

        Raises:
            GatewayError: whose class says who can mend it, and whose `cost_usd` what the failed call may have cost.
        """
        _check_allowed(request.model)
        _check_attachments(request)
        facts = await asyncio.to_thread(self.facts, request.model)
        try:
            async with asyncio.timeout(request.timeout_s), self._arguments(request, facts) as arguments:
                await asyncio.to_thread(load_litellm)
                started = time.monotonic()  # what is loaded once says nothing of how fast a model answers
                raw = await self._ask(request, arguments, on_text, facts)
        except TimeoutError:
            raise ModelTimeout(
                f"{request.model} gave no whole answer within {request.timeout_s:g} s; it may have been billed all the "
                "same. Allow more seconds, ask for a shorter answer, or use a faster model.",
                cost_usd=self._worst(request, facts)[1],
            ) from None
        usage, cost_usd = raw.usage, 0.0
        if usage is None:
            usage, cost_usd = self._worst(request, facts)
        return ChatReply(
            text=raw.text,
            usage=usage,
            cost_usd=cost_usd or facts.price.cost_usd(usage),
            latency_s=time.monotonic() - started,
            cut_short=raw.cut_short,
            reported=raw.usage is not None,
        )

    async def _ask(
        self, request: ChatRequest, arguments: dict[str, Any], on_text: Callable[[str], None] | None, facts: ModelFacts
    ) -> Raw:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await complete(arguments, on_text or (_unheard if _is_local(request.model) else None))
            except Exception as error:
                failure = read_failure(error, request.model)
            if not failure.again or attempt == ATTEMPTS:
                self._give_up(request, failure, facts)
            await _pause(failure, attempt, request)
        raise AssertionError("unreachable")

    def _give_up(self, request: ChatRequest, failure: Failure, facts: ModelFacts) -> NoReturn:
        cost_usd = self._worst(request, facts)[1] if failure.billed else 0.0
        # Without its cause: tracebacks are shown and kept, and litellm's carry headers.
        raise failure.error(failure.message, cost_usd=cost_usd) from None

    def _worst(self, request: ChatRequest, facts: ModelFacts) -> tuple[Usage, float]:
        """The most tokens a request can have taken, and what they cost."""
        schema = self.schema_text(request.model, request.answer_schema)
        prompt_tokens = self.counter(request.model).count(request.messages, schema)
        usage = Usage(prompt_tokens=prompt_tokens, answer_tokens=request.max_answer_tokens)
        return usage, facts.worst_usd(request, prompt_tokens)

    @asynccontextmanager
    async def _arguments(self, request: ChatRequest, facts: ModelFacts) -> AsyncGenerator[dict[str, Any]]:
        """What litellm is called with; for a local model with a connection of its own, closed afterwards."""
        arguments: dict[str, Any] = {
            "model": request.model,
            "messages": as_sent(_messages(request), facts.cache),
            "max_tokens": request.max_answer_tokens,
            "timeout": request.timeout_s + _GRACE_S,
            **_manner(request),
        }
        if _is_local(request.model):
            server = await asyncio.to_thread(self._serve, request.model)
            # It notices that nobody listens when it writes, so it is made to write while it still reads the prompt.
            body: dict[str, Any] = {"return_progress": True}
            if request.answer_schema is not None:
                body["grammar"] = llama_server.grammar(request.answer_schema)
            arguments["extra_body"] = body
            async with _loopback_client(server) as client:
                yield arguments | {"model": f"openai/{LOCAL}", "client": client}
            return
        if request.answer_schema is not None and _takes_schema(request.model):
            # Not strict: that would refuse schemas with optional fields. Answers are validated in any case.
            schema = {"name": "answer", "schema": request.answer_schema}
            arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
        if _is_ollama(request.model):
            place = {"api_base": ollama.ollama_address(), "num_ctx": facts.window_tokens}
            arguments |= {"model": f"ollama_chat/{_ollama_name(request.model)}", **place}
        elif not await asyncio.to_thread(bounds_its_answer, request.model):
            raise BadRequest(
                f"The provider of {request.model} takes no limit on an answer's length, so no budget could hold. "
                "Choose another model."
            )
        yield arguments

    def _serve(self, model: str) -> llama_server.LlamaServer:
        path = get_local_model(self._on_progress) if model == LOCAL else _gguf_path(model)
        return llama_server.serve(path)


def _manner(request: ChatRequest) -> dict[str, Any]:
    """How the model is to go about it. While a model thinks, its provider chooses the temperature."""
    if request.effort is None or _is_local(request.model):
        return {"temperature": request.temperature}
    return {"reasoning_effort": request.effort}


def _check_allowed(model: str) -> None:
    stated = os.environ.get(ALLOWED_VARIABLE)
    if stated is None:
        return
    allowed = [name.strip() for name in stated.split(",") if name.strip()]
    if model not in allowed:
        raise ModelNotAllowed(
            f"The model {model!r} may not be called: {ALLOWED_VARIABLE} allows only {', '.join(allowed) or 'none'}. "
            "Choose one of those, or add it to the variable."
        )


def _own_facts(model: str, window_tokens: int) -> ModelFacts:
    return ModelFacts(
        name=model,
        window_tokens=window_tokens,
        max_answer_tokens=window_tokens,
        price=_FREE,
        cache=llama_server.CACHE if _is_local(model) else None,  # Ollama does not say what it has cached
    )


def _is_local(model: str) -> bool:
    return model == LOCAL or model.startswith(GGUF)


def _gguf_path(model: str) -> Path:
    return Path(model.removeprefix(GGUF)).expanduser()


def _is_ollama(model: str) -> bool:
    return model.startswith(ollama.PREFIXES)


def _is_own_ollama(model: str) -> bool:
    return _is_ollama(model) and ollama.is_own_machine(ollama.ollama_address())


def _ollama_name(model: str) -> str:
    return model.partition("/")[2]


def _takes_schema(model: str) -> bool:
    """Whether an answer can be held to a schema while it is written."""
    if _is_local(model) or _is_ollama(model):
        return True
    return bool((find_entry(model) or {}).get("supports_response_schema"))


def _schema_instruction(answer_schema: dict[str, Any]) -> str:
    return f"Answer with one JSON value and nothing else. It must satisfy this JSON schema:\n{as_text(answer_schema)}"


def _messages(request: ChatRequest) -> tuple[Message, ...]:
    """The request's messages: with the schema in words for models that can't be held to it."""
    if request.answer_schema is None or _takes_schema(request.model):
        return request.messages
    return told(request.messages, _schema_instruction(request.answer_schema))


def _check_attachments(request: ChatRequest) -> None:
    """Refuses what the model can't see: some providers would leave it out without a word, and bill the rest.

    Raises:
        BadRequest: the model is not known to take images, or PDFs.
    """
    for message in request.messages:
        for _, attachment in message.attachments:
            if _is_local(request.model) or not takes(request.model, attachment.media_type):
                raise BadRequest(
                    f"{request.model} is not known to take {attachment.media_type}, so {attachment.name} was not sent. "
                    "Choose a model that does, or give it what the file says as text."
                )


@asynccontextmanager
async def _loopback_client(server: llama_server.LlamaServer) -> AsyncGenerator[Any]:
    import httpx
    import openai

    async with httpx.AsyncClient(trust_env=False, timeout=None) as connection:  # a proxy has no business on loopback
        address = f"{server.address}/v1"
        yield openai.AsyncOpenAI(api_key=server.key, base_url=address, http_client=connection, max_retries=0)


def _unheard(_text: str) -> None:
    """Hears nothing: a local server stops writing when its listener leaves, but only if it writes to one."""


async def _pause(failure: Failure, attempt: int, request: ChatRequest) -> None:
    """Waits before asking again: as long as the provider says, else twice as long each time and a little at random."""
    wait_s = failure.wait_s
    if wait_s is None:
        wait_s = _FIRST_PAUSE_S * 2 ** (attempt - 1) * random.uniform(1.0, 1.5)
    if wait_s >= request.timeout_s:
        raise ModelBusy(f"{failure.message} The provider asks to wait {wait_s:g} s, longer than this call may take.")
    await asyncio.sleep(wait_s)
