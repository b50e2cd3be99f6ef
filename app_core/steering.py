"""What may be changed about a run while it goes, from whatever process: its dial, and what is granted in it."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Self

from rheostat.autonomy import Bound, Dial, Grant, Risk, UnknownGrant

from .around import check_outside
from .declare import AnyTool, Tool
from .drive import Watch
from .granting import grant_ahead
from .inputs import as_dial
from .log import Store
from .people import Decide
from .run_errors import BadInput, RunTaken
from .vertical import Vertical
from .view import View
from .word import Give, Revoke, Turn, Word

_LOOK_S = 0.1


class Steering:
    """The part of a Run that people steer it by. What they say holds from the next decision on; what waits is one."""

    app: Vertical
    id: str
    view: View
    _store: Store

    @abstractmethod
    def resume(self, *, decide: Decide | None = None, watch: Watch | None = None) -> Self:
        """See Run."""

    @abstractmethod
    def _read(self) -> None: ...

    def turn(
        self,
        dial: Dial | int,
        *,
        tool: str = "",
        kind: str = "",
        by: str = "you",
        decide: Decide | None = None,
        watch: Watch | None = None,
        patience_s: float = 60.0,
    ) -> Self:
        """Moves the dial. What waits is decided again: it may go through now, be declined, or wait on.

        If another process works on the run, that one hears of it. Else this one takes the run up, and goes on with it.

        Args:
            dial: a level, 0 to 4, for everything, or a Dial. Where this run has a ceiling, that stays.
            tool: pattern of the tools that get this level; the rest of the dial stays.
            kind: "read", "local", "outward" or "irreversible": the actions that get this level; the rest stays.
            by: who moves it.
            decide, watch: as for App.run.
            patience_s: how long to wait for a process that works on the run to hear of it.

        Raises:
            BadInput: the run has ended, or there is no such level, tool or kind.
            RunHeld: that process has not heard yet; it will as soon as it can.
        """
        turned = Turn(dial=as_dial(dial), tool=self._pattern(tool), risk=Risk.parse(kind) if kind else None, by=by)
        if tool and kind:
            raise BadInput("Both a tool and a kind were named.", "Each has a level of its own.", "Turn twice.")
        return self._say(turned, decide, watch, patience_s)

    def grant(
        self,
        tool: AnyTool | str,
        *,
        by: str | Sequence[str],
        until: datetime,
        bounds: Iterable[Bound] = (),
        cost_usd: float = 0.0,
        rules: Iterable[str] = (),
        passed: str = "",
        why: str = "",
        decide: Decide | None = None,
        watch: Watch | None = None,
        patience_s: float = 60.0,
    ) -> Grant:
        """Lets a tool's actions go, in this run alone, without a person being asked; what waits is decided again.

        Arguments and errors as for App.grant and `turn`.
        """
        given = grant_ahead(
            self.app,
            tool,
            by=by,
            until=until,
            run=self.id,
            bounds=tuple(bounds),
            cost_usd=cost_usd,
            rules=tuple(rules),
            passed=passed,
            why=why,
        )
        self._say(Give(grant=given), decide, watch, patience_s)
        return given

    def revoke(
        self,
        grant: str,
        *,
        by: str = "you",
        decide: Decide | None = None,
        watch: Watch | None = None,
        patience_s: float = 60.0,
    ) -> Self:
        """Takes back a grant that was given in this run, from the next decision on.

        Arguments and errors as for `turn`; UnknownGrant if this run has no such grant of its own.
        """
        self._read()
        known = self.view.grants.get(grant)
        if known is None or not known.run:
            raise UnknownGrant(grant)
        return self if known.revoked_at else self._say(Revoke(grant=grant, by=by), decide, watch, patience_s)

    def _say(self, word: Word, decide: Decide | None, watch: Watch | None, patience_s: float) -> Self:
        """Leaves word for the run, and sees to it that it is heard: by who works on it, else by this process."""
        check_outside()
        self._read()
        self._check_goes_on()
        number = self._store.leave_word(self.id, word.model_dump_json())
        until_s = time.monotonic() + patience_s
        while number in dict(self._store.words(self.id)):
            self._read()
            if self.view.status != "running":
                self._store.heard(self.id, number)
            self._check_goes_on()
            try:
                self.resume(decide=decide, watch=watch)
            except RunTaken:
                if time.monotonic() > until_s:
                    raise
                time.sleep(_LOOK_S)
        self._read()
        return self

    def _check_goes_on(self) -> None:
        if self.view.status != "running":
            raise BadInput(f"Run {self.id} can't be steered any more.", f"It has ended: {self.view.status}.")

    def _pattern(self, tool: str) -> str:
        tools = [name for name, declared in self.app.declared.items() if isinstance(declared, Tool)]
        if tool and not any(fnmatchcase(name, tool) for name in tools):
            raise BadInput(f"No tool is called {tool!r}.", "", f"There are {', '.join(tools) or 'none'}.")
        return tool
