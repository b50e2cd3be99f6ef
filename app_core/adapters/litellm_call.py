"""One call through litellm: the only module that touches it. It is imported on first use, silently and offline."""

import asyncio
import importlib
import logging
import os
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from ..ports import Usage

# litellm fetches its price list from the web and reads a .env file of the working directory, unless told not to.
_WHILE_IMPORTING = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}


class BrokenOff(Exception):
    """The answer's stream ended before the model said that it was done."""


@dataclass(frozen=True)
class Raw:
    """An answer as it came. `usage` is None if the provider did not report any."""

    text: str
    usage: Usage | None
    cut_short: bool


async def complete(arguments: Mapping[str, Any], on_text: Callable[[str], None] | None) -> Raw:
    """Calls a model once.

    Args:
        arguments: as `litellm.acompletion` takes them.
        on_text: receives the pieces of the answer; without it the answer comes as a whole.

    Raises:
        BrokenOff, and whatever litellm raises.
    """
    litellm = await asyncio.to_thread(load_litellm)
    unretried = {"num_retries": 0, "max_retries": 0, "drop_params": True}
    if on_text is None:
        return _whole(await litellm.acompletion(**arguments, **unretried))
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    stream = await litellm.acompletion(**arguments, **unretried, **streamed)
    return await _gather(stream, on_text)


@cache
def load_litellm() -> Any:
    """litellm, imported without a look at the network, and kept from writing to the terminal."""
    with _environment(_WHILE_IMPORTING), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        litellm: Any = importlib.import_module("litellm")
        for shape in (litellm.ModelResponse, litellm.ModelResponseStream):
            shape()  # built on first use, and warns then
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    litellm.disable_token_counter = True  # where usage is missing it would guess, for some models by asking a hub
    if "LITELLM_LOG" not in os.environ:
        logging.getLogger("LiteLLM").setLevel(logging.CRITICAL)
    return litellm


def bounds_its_answer(model: str) -> bool:
    """Whether the provider takes a limit on the answer's length; without one no budget could hold."""
    supported = load_litellm().get_supported_openai_params(model=model) or ()
    return "max_tokens" in supported or "max_completion_tokens" in supported


async def _gather(stream: Any, on_text: Callable[[str], None]) -> Raw:
    pieces: list[str] = []
    usage: Usage | None = None
    finish = None
    async with aclosing(stream):  # closing the connection is what stops a server from writing on
        async for chunk in stream:
            usage = _usage(getattr(chunk, "usage", None)) or usage
            for choice in chunk.choices[:1]:
                finish = choice.finish_reason or finish
                if piece := choice.delta.content:
                    pieces.append(piece)
                    on_text(piece)
    if stream.received_finish_reason is None:  # litellm then says "stop" of its own accord
        raise BrokenOff
    # litellm fills in a guess where the provider reported nothing.
    reported = any(getattr(chunk, "usage", None) for chunk in stream.chunks)
    return Raw("".join(pieces), usage if reported else None, finish == "length")


def _whole(response: Any) -> Raw:
    choice = response.choices[0]
    return Raw(choice.message.content or "", _usage(response.usage), choice.finish_reason == "length")


def _usage(reported: Any) -> Usage | None:
    if reported is None or not reported.prompt_tokens:
        return None
    details = getattr(reported, "prompt_tokens_details", None)
    return Usage(
        prompt_tokens=reported.prompt_tokens,
        answer_tokens=reported.completion_tokens or 0,
        cached_tokens=getattr(details, "cached_tokens", 0) or 0,
        cache_write_tokens=getattr(details, "cache_write_tokens", 0) or 0,
    )


@contextmanager
def _environment(variables: Mapping[str, str]) -> Generator[None]:
    kept = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in kept.items():
            with suppress(KeyError):
                del os.environ[name]
            if value is not None:
                os.environ[name] = value
