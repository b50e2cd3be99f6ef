"""Runs functions that are not async in threads that die with the process, so that one that hangs holds nothing up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import Any

_IDLE_S = 10.0
"""A thread without work for so long ends."""


class _Crew:
    """As many threads as there are functions running; those that are done wait a while for the next."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._lock = threading.Lock()
        self._free = 0

    def do(self, job: Callable[[], None]) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
            else:
                threading.Thread(target=self._serve, name="rheostat function", daemon=True).start()
        self._jobs.put(job)

    def _serve(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=_IDLE_S)
            except Empty:
                with self._lock:
                    if not self._free:  # somebody counts on this thread: the job is on its way
                        continue
                    self._free -= 1
                return
            job()
            del job  # or it would keep its result alive
            with self._lock:
                self._free += 1


_CREW = _Crew()


def in_thread(function: Callable[[], Any]) -> asyncio.Future[Any]:
    """Calls a function in a thread, with the context variables of here. A thread can't be stopped: nor can this."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Any] = loop.create_future()
    context = copy_context()

    def tell(result: Any, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    def job() -> None:
        result, error = None, None
        try:
            result = context.run(function)
        except Exception as raised:
            # A future can't carry this one.
            error = RuntimeError(f"StopIteration: {raised}") if isinstance(raised, StopIteration) else raised
        except BaseException as raised:  # what would stop the one who waits, and means only this thread
            error = RuntimeError(f"{type(raised).__name__}: {raised}")
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, result, error)

    _CREW.do(job)
    return future
