"""Asking people: one open question after another, while the rest of the run goes on."""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

from rheostat.autonomy import Approval, Question

from . import answers
from .asking import remind
from .hold import Hold
from .view import View

Said = Approval | Sequence[Approval] | None
"""A person's word on a question; on it and others that came with it; or None: it and all after it stay open."""

Ask = Callable[[Question, View], Said]
Decide = Ask | Callable[[Question, View], Awaitable[Said]]
"""Asks a person; runs in a thread if it is not async. The View tells what else waits."""

_LOOK_S = 0.5
"""Seconds between two looks whether a question that is being asked still waits, or is to be brought to mind."""


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
            question = next((each for each in self._hold.view.open_questions() if each.id == asked), None)
            if question is None:
                continue
            said = await self._said(question)
            if said is None:
                return
            answers.record(self._hold, *said)
            # What was just accepted, and what "all like this" covers, is open until its task has begun.
            await asyncio.sleep(0)
        self._asking = False

    async def _said(self, question: Question) -> Sequence[Approval] | None:
        """What people say to a question; nothing if it is settled before they do; None if they leave it open."""
        asking = asyncio.ensure_future(self._decided(question))
        try:
            while not (await asyncio.wait([asking], timeout=_LOOK_S))[0]:
                remind(self._hold)
                answers.expire(self._hold)
                if not answers.is_open(self._hold, question.id):
                    return ()
            said = asking.result()
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        return (said,) if isinstance(said, Approval) else said

    async def _decided(self, question: Question) -> Said:
        view = self._hold.view
        if inspect.iscoroutinefunction(self._decide):
            return await self._decide(question, view)
        return await asyncio.to_thread(cast(Ask, self._decide), question, view)
