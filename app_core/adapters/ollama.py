"""An Ollama server: which models it has, and how many tokens they hold. Spoken to only where the user runs one."""

import ipaddress
import json
import os
import urllib.error
import urllib.request
from typing import Any, cast
from urllib.parse import urlsplit

from ..errors import NoNetwork, UnknownModel

PREFIXES = ("ollama_chat/", "ollama/")
MOST_CONTEXT_TOKENS = 8192
"""What Ollama is told to hold, if the model can. Its own default is less, and it cuts longer prompts silently."""

_PROBE_S = 0.3
_ASK_S = 5.0


def ollama_address() -> str:
    """Where Ollama is, as its own variables say; on loopback unless they say otherwise."""
    stated = os.environ.get("OLLAMA_API_BASE") or os.environ.get("OLLAMA_HOST") or "127.0.0.1:11434"
    address = stated if "://" in stated else f"http://{stated}"
    return address.rstrip("/").replace("//0.0.0.0", "//127.0.0.1")


def is_own_machine(address: str) -> bool:
    """Whether an address is this machine's loopback, where answers cost nothing."""
    host = urlsplit(address).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def probe_ollama() -> tuple[str, ...]:
    """Names of the models of an Ollama server on loopback; none if there is no server. Takes at most a moment."""
    address = ollama_address()
    if not is_own_machine(address):
        return ()
    try:
        listed = _ask(f"{address}/api/tags", None, _PROBE_S)
    except (OSError, ValueError):
        return ()
    models = cast("list[dict[str, Any]]", listed.get("models") or [])
    return tuple(str(model.get("name", "")) for model in models if model.get("name"))


def context_tokens(name: str) -> int:
    """Tokens that a call of this model will be given.

    Raises:
        UnknownModel: if the server has no such model.
        NoNetwork: if there is no server.
    """
    address = ollama_address()
    try:
        shown = _ask(f"{address}/api/show", {"model": name}, _ASK_S)
    except urllib.error.HTTPError as error:
        error.close()
        has = ", ".join(probe_ollama()) or "none"
        raise UnknownModel(
            f"The Ollama server at {address} has no model {name!r}; it has: {has}. Fetch it with `ollama pull {name}`."
        ) from None
    except (OSError, ValueError):
        raise NoNetwork(
            f"No Ollama server answers at {address}, so {name!r} can't be used. Start it with `ollama serve`, or "
            "choose another model."
        ) from None
    facts = cast("dict[str, Any]", shown.get("model_info") or {})
    stated = [value for key, value in facts.items() if key.endswith(".context_length") and isinstance(value, int)]
    return min([value for value in stated if value > 0] + [MOST_CONTEXT_TOKENS])


def _ask(url: str, body: dict[str, Any] | None, timeout_s: float) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=timeout_s) as response:
        answer: object = json.load(response)
    if not isinstance(answer, dict):
        raise ValueError("not an object")
    return cast("dict[str, Any]", answer)
