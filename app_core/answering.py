"""What people may say to what a run asks, from whatever process."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Self

from rheostat.autonomy import Approval, GrantScope, Json, Question, together

from .around import AROUND
from .asking import said_at
from .drive import Watch
from .run_errors import UnfitAnswer
from .view import View


class Answering:
    """The part of a Run that people answer it by."""

    id: str
    view: View

    @abstractmethod
    def _going(self, approvals: Sequence[Approval], watch: Watch | None) -> Coroutine[Any, Any, None]: ...

    @property
    def questions(self) -> list[Question]:
        """What waits for a person."""
        return self.view.open_questions()

    @property
    def groups(self) -> list[tuple[Question, ...]]:
        """The same, with those together that can be looked at on one screen; what may be steered stands alone."""
        return together(self.questions)

    def answer(self, *approvals: Approval, watch: Watch | None = None) -> Self:
        """Takes what people said to questions that wait, all of it or nothing, and goes on.

        For whoever shows questions in a way of their own: an Approval carries the digest of the Question they showed.

        Raises:
            UnfitAnswer: one does not fit its question: that is settled, or another by now, or this person may not say.
        """
        if AROUND.get() is not None:
            raise UnfitAnswer(
                f"Run {self.id} can't be answered by what a run does.", "", "A person has to, from outside of it."
            )
        if self.view.status != "running":
            raise UnfitAnswer(f"Run {self.id} asks nothing.", f"It has ended: {self.view.standing()}.")
        asyncio.run(self._going(approvals, watch))
        return self

    def approve(
        self,
        question: str | None = None,
        *,
        by: str = "you",
        parts: Sequence[int] | None = None,
        edits: Mapping[str, Json] | None = None,
        like_this: bool | GrantScope = False,
        group: bool = False,
        watch: Watch | None = None,
    ) -> Self:
        """Accepts an action, and goes on.

        Args:
            question: its id; None if only one waits.
            by: who accepts.
            parts: numbers of the parts that are accepted; None for all.
            edits: new values for arguments. They make another action, which is decided on again.
            like_this: also accept the run's other actions of the same kind, or all within a GrantScope.
            group: also accept the questions that wait in one group with this one.
            watch: as for App.run.

        Raises:
            UnfitAnswer: no such question waits, or several do and none was named; or the answer does not fit.
        """
        scope = like_this if isinstance(like_this, GrantScope) else GrantScope() if like_this else None
        more = {"parts": parts, "edits": dict(edits or {}), "grant": scope}
        return self.answer(*self._said("accept", question, by, group, **more), watch=watch)

    def reject(
        self,
        question: str | None = None,
        *,
        by: str = "you",
        reason: str = "",
        group: bool = False,
        watch: Watch | None = None,
    ) -> Self:
        """Refuses an action, and goes on without it. Arguments and errors as for `approve`; `reason` is kept."""
        return self.answer(*self._said("reject", question, by, group, reason=reason), watch=watch)

    def stop(
        self, question: str | None = None, *, by: str = "you", reason: str = "", watch: Watch | None = None
    ) -> Self:
        """Refuses an action and calls the run off. Arguments and errors as for `reject`."""
        return self.answer(*self._said("stop", question, by, False, reason=reason), watch=watch)

    def _said(self, answer: str, question: str | None, by: str, group: bool, **more: Any) -> list[Approval]:
        groups = self.groups if group else [(asked,) for asked in self.questions]
        meant = [each for each in groups if question is None or any(asked.id == question for asked in each)]
        if len(meant) != 1:
            raise UnfitAnswer(*self._unclear(question))
        return [
            Approval.model_validate(
                {
                    "question": asked.id,
                    "digest": asked.digest,
                    "by": by,
                    "at": said_at(asked),
                    "answer": answer,
                    **more,
                }
            )
            for asked in meant[0]
        ]

    def _unclear(self, question: str | None) -> tuple[str, str]:
        if self.view.status != "running":
            return f"Run {self.id} asks nothing.", f"It has ended: {self.view.standing()}."
        waiting = ", ".join(asked.id for asked in self.questions) or "none is open"
        which = "Several questions wait" if question is None and self.questions else f"No question {question!r} waits"
        return f"{which} in run {self.id}.", f"Name one of: {waiting}."
