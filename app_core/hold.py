"""What the code that runs one node needs of the process that drives the run."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from rheostat import dag
from rheostat.autonomy import Grants, Question

from .events import Event
from .outlook import Outlook
from .ports import ChatReply, ChatRequest, Gateway
from .replay import Cast
from .view import View


class Hold(Protocol):
    """One process's hold on a run. The driver is one; each module here asks for no more than it uses."""

    view: View
    state: dag.State
    cast: Cast
    gateway: Gateway
    outlook: Outlook
    replanned: asyncio.Future[None]
    """Is done, and replaced by the next, as soon as there is another plan."""
    grants: Grants
    """Those that outlast a run."""
    around: "Hold | None"
    """The run whose function started this one, or took it up."""

    def now(self) -> float:
        """The run's time in epoch seconds. It never goes back, whatever is done to the clock."""
        ...

    def emit(self, *events: Event) -> None:
        """Appends events to the Log, all or none, and lets them take effect. Raises RunTaken or StoreFull."""
        ...

    def later(self, *events: Event) -> None:
        """As `emit`, but together with whatever else comes up in this turn: for what nothing outside depends on yet."""
        ...

    def tell(self, *events: dag.Event) -> None:
        """Tells `step` what is not kept in the Log, and does what it commands."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None], *, asks: bool = False) -> None:
        """Starts a piece of work that the run waits for. If it only asks people, others may take the run on."""
        ...

    def hearing(self, node: str, call: str) -> Callable[[str], None] | None:
        """Who is to be told an answer as it comes; None if nobody listens."""
        ...

    def keep(self, key: str, body: str) -> None:
        """Keeps something for other runs."""
        ...

    def kept(self, key: str) -> str | None:
        """What a run has kept under this key."""
        ...

    def call_off(self, why: str) -> None:
        """Has the run end, as soon as what has begun has ended, as if somebody had called it off from outside."""
        ...

    def asks(self, question: Question) -> None:
        """Puts a question in front of whoever is there to be asked."""
        ...

    async def call(
        self, node: str, request: ChatRequest, place: dag.Path = (), *, hedge_after_s: float | None = None
    ) -> ChatReply:
        """One call of a model, its worst case reserved before and its bill booked after.

        `place` is where it stands in the node's choice: equal requests in different places are different calls. After
        `hedge_after_s` without an answer the same is asked once more beside it, if the budget allows; None for never.
        """
        ...

    async def run_function(self, function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
        """Runs a function of the app. Raises AppFailed for whatever it raises."""
        ...
