"""Runs the functions of an app, which may raise, hang, or have effects."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from rheostat.autonomy import AutonomyError
from rheostat.context import ContextError
from rheostat.dag import DagError

from .errors import RheostatError
from .run_errors import AppFailed, TookTooLong
from .threads import in_thread

_is_async = lru_cache(maxsize=1024)(inspect.iscoroutinefunction)


async def run_function(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Any:
    """Runs a function of the app, in a thread if it is not async. Raises AppFailed for whatever it raises."""
    try:
        if _is_async(function):
            return await function(**arguments)
        return await in_thread(partial(function, **arguments))
    except (RheostatError, ContextError, DagError, AutonomyError):
        raise
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        name = getattr(function, "__name__", "a function")
        raise AppFailed(f"{name}() raised CancelledError, though nobody had cancelled it: {error}") from error
    except Exception as error:
        name = getattr(function, "__name__", "a function")
        raise AppFailed(f"{name}() raised {type(error).__name__}: {error}") from error


async def do_effect(function: Callable[..., Any], arguments: Mapping[str, Any], timeout_s: float | None) -> Any:
    """As `run_function`, but what has begun is waited for even if it is called off, so that its end is known.

    Raises:
        AppFailed: the function raised something.
        TookTooLong: it has not ended in time, and goes on where nobody hears of it.
        CancelledError: it was called off a second time.
    """
    loop = asyncio.get_running_loop()
    running = loop.create_task(run_function(function, arguments))
    until_s = None if timeout_s is None else loop.time() + timeout_s
    called_off = False
    while not running.done():
        try:
            await asyncio.wait([running], timeout=None if until_s is None else max(0.0, until_s - loop.time()))
        except asyncio.CancelledError:
            if called_off:
                running.cancel()
                raise
            called_off = True
            continue
        if timeout_s is not None and not running.done():
            running.cancel()
            raise TookTooLong(getattr(function, "__name__", "a tool"), timeout_s)
    return running.result()
