"""A local model: llama.cpp's own server, in this process, on loopback, behind a key that only this process knows."""

import atexit
import http.client
import importlib
import json
import os
import secrets
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from math import ceil, inf
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from rheostat.context import Counter, Message, remembered

from ..errors import BadRequest, NoLocalModel
from ..ports import CacheFacts
from .gguf import read_header

SLOTS = 2
"""Answers that one server writes at the same time; further calls wait."""

_MOST_CONTEXT_TOKENS = 16_384
"""Larger windows are cut to this: the cache for them would take gigabytes."""

_SILENT = -1
_BATCH_TOKENS = 512
"""Prompt tokens read at a time; between two lots it notices that nobody listens any more."""
_PROMPT_CACHE_MIB = 512

CACHE = CacheFacts(answers=True, keeps_s=inf)
"""It keeps what its slots hold, to the token; and what they held before in memory, until that is full."""

_ASK_S = 60.0


def context_tokens(path: Path) -> int:
    """Tokens that a model file is served with: as many as it was trained for, within reason. Loads nothing."""
    return min(read_header(path).context_tokens, _MOST_CONTEXT_TOKENS)


@dataclass(frozen=True)
class ExactCounter(Counter):
    """Counts a request by rendering it with the model's chat template and tokenizing that: exact, not a bound.

    The schema of an answer is a grammar for the writing here, and no part of the prompt: its text is "".
    """

    count_request: Callable[[Sequence[Message]], int] = len

    def count(self, messages: Sequence[Message], *extra: str) -> int:
        """The request's prompt tokens. Raises Uncountable for an attachment: only texts are served here."""
        attached = sum(
            self.count_attachment(attachment) for message in messages for _, attachment in message.attachments
        )
        return self.count_request(messages) + sum(self.count_text(text) for text in extra if text) + attached


class LlamaServer:
    """One loaded model file. Use `serve`, which loads each file once.

    Args:
        path: of the GGUF file.

    Raises:
        NoLocalModel: if the file can't be loaded.
    """

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.key = secrets.token_urlsafe(24)
        self.window_tokens = context_tokens(path)
        self._loaded = _load(path, self.name, self.key, self.window_tokens)
        self.address = cast(str, self._loaded.listening_address)
        self.count_text = remembered(self._count_text)

    def count_request(self, messages: Sequence[Message]) -> int:
        """Tokens of a whole request, as the server will see it."""
        rendered = self.post(
            "/apply-template", {"messages": [message.model_dump(include={"role", "content"}) for message in messages]}
        )
        tokens = self.post("/tokenize", {"content": rendered["prompt"], "add_special": True, "parse_special": True})
        return len(tokens["tokens"])

    def counter(self) -> Counter:
        """An exact counter; its parts, added up, are an upper bound."""
        per_message, per_request = self._overhead
        return ExactCounter(
            name=f"{self.name} (exact)",
            count_text=self.count_text,
            per_message=per_message,
            per_request=per_request,
            count_request=self.count_request,
        )

    def busy_slots(self) -> int:
        """How many answers are being written right now."""
        return sum(bool(slot["is_processing"]) for slot in self._send("GET", "/slots", None))

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Calls one of the server's endpoints.

        Raises:
            BadRequest: if the server refuses.
        """
        return self._send("POST", path, json.dumps(body))

    def stop(self) -> None:
        """Unloads the model. The server can't be used any more."""
        self._loaded = None

    def _count_text(self, text: str) -> int:
        return len(self.post("/tokenize", {"content": text, "parse_special": True})["tokens"])

    @cached_property
    def _overhead(self) -> tuple[int, int]:
        """The most that the chat template adds to each message and to a request, found by rendering a few."""
        system, user, answer = (Message(role=role, content="x") for role in ("system", "user", "assistant"))
        added: dict[int, int] = {}
        per_message = 0
        for first in ((user,), (system, user)):  # without a system message of ours, many templates add their own
            short, long = self._added(first), self._added((*first, answer, user))
            added |= {len(first): short or 0, len(first) + 2: long or 0}
            if short is not None and long is not None:
                per_message = max(per_message, ceil((long - short) / 2))
        per_request = max(tokens - length * per_message for length, tokens in added.items())
        # Text may be cut otherwise beside the template's own than alone: one token a message for that.
        return per_message + 1, max(0, per_request)

    def _added(self, messages: Sequence[Message]) -> int | None:
        """Tokens that the template adds to these messages; None if it refuses them: some know no system message."""
        try:
            return self.count_request(messages) - sum(self.count_text(message.content) for message in messages)
        except BadRequest:
            return None

    def _send(self, method: str, path: str, body: str | None) -> Any:
        with closing(http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=_ASK_S)) as connection:
            connection.request(method, path, body, {"Authorization": f"Bearer {self.key}"})
            response = connection.getresponse()
            answer: Any = json.loads(response.read())
        if response.status != http.client.OK:
            why = answer["error"]["message"] if "error" in answer else response.status
            raise BadRequest(f"The local model {self.name} can't take this request: {why}. It must be asked otherwise.")
        return answer


_servers: dict[Path, LlamaServer] = {}
_starting = threading.Lock()


def grammar(schema: dict[str, Any]) -> str:
    """A JSON schema as a grammar for llama.cpp, without the white space in which small models lose themselves."""
    compact = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": ", "lenient": True}
    return cast(str, _native().json_schema_to_grammar({**schema, "x-guidance": compact}))


def serve(path: Path) -> LlamaServer:
    """The server of a model file, started if it is not running. It ends with the process.

    Raises:
        NoLocalModel: if there is no such file, or it can't be loaded.
    """
    path = path.resolve()
    with _starting:
        if path not in _servers:
            if not _servers:
                atexit.register(stop_all)
            _servers[path] = LlamaServer(path)
        return _servers[path]


def stop_all() -> None:
    """Unloads all local models."""
    with _starting:
        while _servers:
            _servers.popitem()[1].stop()


def _load(path: Path, name: str, key: str, window_tokens: int) -> Any:
    params = _native().CommonParams()
    params.model.path = str(path)
    params.model_alias = {name}
    params.api_keys = [key]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.n_parallel = SLOTS
    params.n_ctx = window_tokens * SLOTS
    params.cache_ram_mib = _PROMPT_CACHE_MIB
    params.verbosity = _SILENT
    params.n_batch = _BATCH_TOKENS
    params.ui = False
    params.offline = True
    # Its threads wait for each other by spinning. With one on every core, anything else that runs makes it a hundred
    # times slower; with a core left free it hardly notices.
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = max(1, (os.cpu_count() or 2) - 1)
        cpu.poll = 0
    try:
        return _native().Server(params)
    except (RuntimeError, ValueError) as error:
        raise NoLocalModel(
            f"The model file {path} could not be loaded: {str(error).rstrip('.') or 'llama.cpp refused it'}. It may be "
            "damaged, made for a newer llama.cpp, or too large for this machine's memory; try another GGUF file."
        ) from None


def _native() -> Any:
    return importlib.import_module("xllamacpp")  # a native library, without types
