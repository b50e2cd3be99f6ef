"""An App whose tools have effects of every kind, for the tests of who decides; and a run driven aside."""

import threading
from collections.abc import Callable
from typing import Any

from rheostat import App
from rheostat.app_core.label import Untrusted
from rheostat.app_core.log import Store
from rheostat.app_core.run import Run
from rheostat.app_core.testing import ScriptedGateway


class Office:
    """Sends letters and writes notes; `done` are its effects, in order. One to "slow" waits until `go_on` is set."""

    def __init__(self, store: Store, name: str = "office", **terms: Any) -> None:
        self.done = list[str]()
        self.begun, self.go_on = threading.Event(), threading.Event()
        self.app = app = App(name, store=store, gateway=ScriptedGateway([]), **terms)

        @app.function
        def ready(to: str) -> str:
            if to == "slow":
                self.begun.set()
                self.go_on.wait(10)
            return to

        @app.tool(risk="outward", control=["to"])
        def send(to: str, text: str) -> str:
            self.done.append(f"sent {to}")
            return to

        @app.tool(risk="local", control=["to"])
        def note(to: str) -> str:
            self.done.append(f"noted {to}")
            return to

        @app.tool(risk="irreversible", control=["to", "usd"])
        def pay(to: str, usd: float) -> str:
            self.done.append(f"paid {to}")
            return to

        @app.workflow
        def letter(to: str, text: str) -> str:
            return send(ready(to), text)

        @app.workflow
        def letters(to: list[str], text: str) -> list[str]:
            return letter.each(to, text)

        @app.workflow
        def mail(to: Untrusted[str], text: str) -> str:
            return send(to, text)

        @app.workflow
        def noted(to: str) -> str:
            return note(ready(to))

        @app.workflow
        def paid(to: str, usd: float) -> str:
            return pay(to, usd)

        self.send, self.pay = send, pay
        self.letter, self.letters, self.mail, self.noted, self.paid = letter, letters, mail, noted, paid

    def run(self, workflow: Any, **given: Any) -> Run[Any]:
        """A run of one of its workflows."""
        terms: dict[str, Any] = {"model": "scripted", **given}
        return self.app.run(workflow, **terms)

    def write(self, to: str = "ann", **given: Any) -> Run[Any]:
        """A run that sends a letter, if it may."""
        return self.run(self.letter, to=to, text="Hello.", **given)


class Aside:
    """Something done in a thread of its own."""

    def __init__(self, go: Callable[[], Any]) -> None:
        self.error: Exception | None = None
        self.result: Any = None
        self._go = go
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.result = self._go()
        except Exception as error:
            self.error = error

    def ends(self) -> Any:
        """What came of it, once it has ended."""
        self._thread.join(20)
        assert not self._thread.is_alive(), "it still runs"
        if self.error is not None:
            raise self.error
        return self.result
