"""Hearing Ctrl-C at once, while Python itself only comes to it once a function of the app has ended."""

import os
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager


@contextmanager
def on_ctrl_c(tell: Callable[[], None]) -> Generator[None]:
    """Calls `tell` in a thread of its own when Ctrl-C is pressed. What Ctrl-C does stays as it is."""
    heard, rung = os.pipe()
    os.set_blocking(rung, False)
    before = signal.set_wakeup_fd(rung, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(heard, tell), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(rung)


def _listen(heard: int, tell: Callable[[], None]) -> None:
    while signals := os.read(heard, 64):
        if signal.SIGINT in signals:
            tell()
    os.close(heard)
