"""Asking people: one open question after another, while the rest of the run goes on."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

from rheostat.autonomy import Approval, Question

from . import answers
from .hold import Hold
from .view import View

Ask = Callable[[Question, View], Approval | None]
Decide = Ask | Callable[[Question, View], Awaitable[Approval | None]]
"""Asks a person; runs in a thread if it is not async. None leaves this question and all after it open."""


class People:
    """Whoever is there to be asked.

    Args:
        hold: of the run that asks.
        decide: asks them.
    """

    def __init__(self, hold: Hold, decide: Decide) -> None:
        self._hold, self._decide = hold, decide
        self._questions = deque[str]()
        self._asking = False

    def asks(self, question: Question) -> None:
        """Puts a question at the end of the queue."""
        self._questions.append(question.id)
        if not self._asking:
            self._asking = True
            self._hold.spawn(self._ask(), asks=True)

    async def _ask(self) -> None:
        """Asks until no question is left or they leave one open."""
        while self._questions:
            asked = self._questions.popleft()
            view = self._hold.view
            question = next((question for question in view.open_questions() if question.id == asked), None)
            if question is None:
                continue
            if inspect.iscoroutinefunction(self._decide):
                approval = await self._decide(question, view)
            else:
                approval = await asyncio.to_thread(cast(Ask, self._decide), question, view)
            if approval is None:
                return
            answers.record(self._hold, approval)
            # What was just accepted, and what "all like this" covers, is open until its task has begun.
            await asyncio.sleep(0)
        self._asking = False
