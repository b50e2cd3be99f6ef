"""What the code that runs one node needs of the process that drives the run."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from rheostat.autonomy import Question
from rheostat.dag import State

from .events import Event
from .ports import ChatReply, ChatRequest, Gateway
from .replay import Cast
from .view import View


class Hold(Protocol):
    """One process's hold on a run. The driver is one; each module here asks for no more than it uses."""

    view: View
    state: State
    cast: Cast
    gateway: Gateway

    def emit(self, *events: Event) -> None:
        """Appends events to the Log, all or none, and lets them take effect. Raises RunTaken or StoreFull."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Starts a piece of work that the run waits for."""
        ...

    def asks(self, question: Question) -> None:
        """Puts a question in front of whoever is there to be asked."""
        ...

    async def call(self, node: str, request: ChatRequest) -> ChatReply:
        """One call of a model, its worst case reserved before and its bill booked after."""
        ...

    async def run_function(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Runs a function of the app. Raises AppFailed for whatever it raises."""
        ...
