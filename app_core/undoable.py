"""The part of a Run that takes back what it has done."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

from rheostat.autonomy import Json

from .around import AROUND
from .done import Effect, effects, since
from .log import Record, Store
from .run_errors import NotUndone
from .undo import previewed_undo, undo, undo_to
from .vertical import Vertical


class Undoable:
    """What a Run has done to the world, and how people take it back. That needs no model, and no dial moves it."""

    app: Vertical
    id: str
    _store: Store

    @abstractmethod
    def _read(self) -> None: ...

    @abstractmethod
    def _known(self) -> Sequence[Record]: ...

    @property
    def effects(self) -> list[Effect]:
        """What was done to the world, oldest end first, and whether it still stands."""
        return effects(self._known())

    def effects_since(self, point: str = "") -> list[Effect]:
        """What `undo_to` would take back, in that order. Raises NotUndone if the step has not finished."""
        return since(self.effects, point, self._known())

    def preview_undo(self, node: str) -> Json:
        """What undoing a step would do, as its tool tells it; None if it does not. Nothing is done.

        Raises NotUndone if the step has done nothing.
        """
        return previewed_undo(self._known(), self.id, self.app.declared, node)

    def undo(self, node: str, *, by: str = "you", again: bool = False) -> Self:
        """Takes back the effect of one step, and nothing else. Steps that went on with its result are left as they are.

        Args:
            node: the step's id.
            by: who asks for it.
            again: undo it although an undo that was cut off may have done so already; somebody has looked.

        Raises:
            NotUndone: there is nothing to undo, no way to, or it failed; the message says which.
            RunHeld: another process works on the run.
        """
        self._check_outside()
        try:
            undo(self._store, self.id, self.app.declared, node, by=by, again=again)
        finally:
            self._read()
        return self

    def undo_to(self, point: str = "", *, by: str = "you") -> Self:
        """Takes back all effects that ended after a step did, newest first, and stops at the first that fails.

        If one of them has no undo, none is undone.

        Args:
            point: the step's id; "" for the beginning of the run.
            by: who asks for it.

        Raises:
            NotUndone: it names what was undone, what was not, and why.
            RunHeld: another process works on the run.
        """
        self._check_outside()
        try:
            undo_to(self._store, self.id, self.app.declared, point, by=by)
        finally:
            self._read()
        return self

    def _check_outside(self) -> None:
        if AROUND.get() is not None:
            raise NotUndone(
                "Nothing was undone.", "A function of a run asked for it.", "Only people may, from outside."
            )
