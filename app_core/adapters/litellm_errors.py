"""What a failed call means: which of our errors it is, whether it was billed, and whether to ask again."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import BadRequest, GatewayError, ModelBusy, ModelTimeout, NoNetwork, NotPermitted
from .litellm_call import BrokenOff

_NEVER_SENT = {
    "ConnectError",
    "ConnectTimeout",
    "ClientConnectorError",
    "ConnectionRefusedError",
    "gaierror",
    "ProxyError",
}
_LINE_BROKE = {
    "BrokenOff",
    "ReadError",
    "WriteError",
    "RemoteProtocolError",
    "ServerDisconnectedError",
    "ClientPayloadError",
}
_TIMED_OUT = {"Timeout", "ReadTimeout", "WriteTimeout", "PoolTimeout", "APITimeoutError"}
_ANSWERED = {"HTTPStatusError", "APIStatusError"}

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
    """What an exception of litellm or of the connection below it means. No key is ever in the message."""
    names = {type(e).__name__ for e in _chain(error)}
    said = _said(error)
    if names & _NEVER_SENT:
        return Failure(NoNetwork, _unreachable(model, said), again=True)
    if names & _TIMED_OUT:
        return Failure(
            ModelTimeout, f"The provider of {model} gave up: {said}. Allow more seconds or ask for less.", billed=True
        )
    if names & _LINE_BROKE:
        why = "the stream ended too early" if isinstance(error, BrokenOff) else said
        message = f"The line to {model} broke before the answer was whole ({why}); it may have been billed. Try again."
        return Failure(NoNetwork, message, billed=True)
    status = getattr(error, "status_code", None)
    return _by_status(status if isinstance(status, int) else 500, model, said, _wait_s(error), bool(names & _ANSWERED))


def _by_status(status: int, model: str, said: str, wait_s: float | None, answered: bool) -> Failure:
    if status in (401, 403) or (_NO_KEY.search(said) and not answered):
        what = f"{model} was refused for lack of a valid key or right: {said}."
        return Failure(
            NotPermitted, f"{what} Check the provider's key in your environment; `rheostat doctor` lists them."
        )
    if status == 402 or _NO_CREDIT.search(said):
        return Failure(
            NotPermitted, f"{model} was refused for lack of credit: {said}. Look into the account, or change model."
        )
    if status == 404:
        what = f"The provider does not offer {model} to this account: {said}."
        return Failure(NotPermitted, f"{what} Check the name with `rheostat models`, or ask for access.")
    if status == 429:
        message = f"{model} takes no more requests for now: {said}. Wait, or run fewer at once."
        return Failure(ModelBusy, message, again=True, wait_s=wait_s)
    if status >= 500:
        message = f"{model} is overloaded or out of order: {said}. Wait, or change model."
        return Failure(ModelBusy, message, again=answered, billed=not answered, wait_s=wait_s)
    return Failure(
        BadRequest, f"{model} refused the request as it was put: {said}. The step that asked must ask otherwise."
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _unreachable(model: str, said: str) -> str:
    return f"{model} could not be reached: {said}. Check the network, or use a model of this machine such as `local`."


def _said(error: Exception) -> str:
    """The provider's own words, on one line, without secrets."""
    text = " ".join(_LITELLM_PREFIX.sub("", str(error)).split()) or type(error).__name__
    for name, value in os.environ.items():
        if len(value) >= 8 and _SECRET_NAME.search(name.upper()):
            text = text.replace(value, "***")
    return _SECRET.sub("***", text)[:300].rstrip(" .")


def _wait_s(error: Exception) -> float | None:
    for holder in (
        getattr(error, "litellm_response_headers", None),
        getattr(getattr(error, "response", None), "headers", None),
    ):
        try:
            return max(0.0, float(holder["retry-after"]))  # type: ignore[index]
        except (TypeError, KeyError, ValueError):
            continue  # none, or a date
    return None
