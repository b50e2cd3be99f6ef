"""What a failed call means: which of our errors it is, whether it was billed, and whether to ask again."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from ..errors import BadRequest, GatewayError, ModelBusy, ModelTimeout, NoNetwork, NotPermitted
from .litellm_call import BrokenOff

# Names of exceptions, of whichever HTTP library is below.
_NEVER_SENT = frozenset(
    "ConnectError ConnectTimeout ClientConnectorError ConnectionRefusedError gaierror ProxyError".split()
)
_LINE_BROKE = frozenset(
    "BrokenOff ReadError WriteError RemoteProtocolError ServerDisconnectedError ClientPayloadError".split()
)
_TIMED_OUT = frozenset("Timeout ReadTimeout WriteTimeout PoolTimeout APITimeoutError".split())
_ANSWERED = frozenset("HTTPStatusError APIStatusError".split())

_NO_CREDIT = re.compile(r"insufficient[ _]quota|current quota|credit balance|billing|payment", re.IGNORECASE)
_NO_KEY = re.compile(r"api[ _-]?key|credential|authentication", re.IGNORECASE)
_LITELLM_PREFIX = re.compile(r"^(?:litellm\.\w+: |\w+(?:Error|Exception)(?: - |: ))+")
_SECRET = re.compile(r"\b(?:sk|pk|gsk|xai|key|AIza)[-_]?[\w*-]{8,}|(?<=Bearer )\S+|(?<=[?&]key=)[^&\s]+")
_SECRET_NAME = re.compile(r"KEY|TOKEN|SECRET|PASSWORD")


@dataclass(frozen=True)
class Failure:
    """A failed call.

    Args:
        error: the class of ours to raise.
        message: its text.
        again: whether asking again may help and can't be billed twice.
        billed: whether it may have been billed.
        wait_s: how long the provider asks to wait, if it says.
    """

    error: type[GatewayError]
    message: str
    again: bool = False
    billed: bool = False
    wait_s: float | None = None


def read_failure(error: Exception, model: str) -> Failure:
    """What an exception of litellm, or of the connection below it, means. No key is ever in the message."""
    names = {type(e).__name__ for e in _chain(error)}
    said = _said(error)
    if names & _NEVER_SENT:
        message = f"{model} could not be reached: {said}. Check the network, or use `local`, which needs none."
        return Failure(NoNetwork, message, again=True)
    if names & _TIMED_OUT:
        message = f"The provider of {model} gave up: {said}. Allow more seconds, or ask for less."
        return Failure(ModelTimeout, message, billed=True)
    if names & _LINE_BROKE:
        why = "the stream ended too early" if isinstance(error, BrokenOff) else said
        message = f"The line to {model} broke before the answer was whole ({why}); it may have been billed. Try again."
        return Failure(NoNetwork, message, billed=True)
    return _by_status(error, model, said, answered=bool(names & _ANSWERED))


def _by_status(error: Exception, model: str, said: str, *, answered: bool) -> Failure:
    stated = getattr(error, "status_code", None)
    status = stated if isinstance(stated, int) else 500
    if status in (401, 403) or (_NO_KEY.search(said) and not answered):
        message = f"{model} was refused for lack of a valid key or right: {said}. Check the provider's key."
        return Failure(NotPermitted, message)
    if status == 402 or _NO_CREDIT.search(said):
        message = f"{model} was refused for lack of credit: {said}. Look into the account, or change model."
        return Failure(NotPermitted, message)
    if status == 404:
        message = f"{model} is not offered to this account: {said}. Check the name, or ask the provider for access."
        return Failure(NotPermitted, message)
    if status == 429:
        message = f"{model} takes no more requests for now: {said}. Wait, or run fewer at once."
        return Failure(ModelBusy, message, again=True, wait_s=_wait_s(error))
    if status >= 500:
        # A status that litellm made up says nothing about whether the provider did its work.
        message = f"{model} is overloaded or out of order: {said}. Wait, or change model."
        return Failure(ModelBusy, message, again=answered, billed=not answered, wait_s=_wait_s(error))
    return Failure(BadRequest, f"{model} refused the request as it was put: {said}. It must be asked otherwise.")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _said(error: Exception) -> str:
    """The provider's own words, on one line, without secrets."""
    text = " ".join(_LITELLM_PREFIX.sub("", str(error)).split()) or type(error).__name__
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name.upper()):
            text = text.replace(value, "***")
    return _SECRET.sub("***", text)[:300].rstrip(" .")


def _wait_s(error: Exception) -> float | None:
    """What a Retry-After header says, if it says seconds."""
    ours = getattr(error, "litellm_response_headers", None)
    theirs = getattr(getattr(error, "response", None), "headers", None)
    for headers in (ours, theirs):
        if isinstance(headers, Mapping):
            stated = str(cast("Mapping[str, object]", headers).get("retry-after", ""))
            if stated.isdecimal():
                return float(stated)
    return None
