"""Keys and lines typed at the terminal. Waiting for them can be cancelled, so that Ctrl-C and other work go through."""

import asyncio
import os
import sys
import termios
import tty
from collections.abc import Generator
from contextlib import contextmanager

GONE = ""
"""In place of a key: Ctrl-D was pressed, or the terminal was closed."""

_CTRL_D = b"\x04"
_MOST_BYTES = 4096
"""What a terminal hands over of one line; it cuts off the rest."""


@contextmanager
def listening() -> Generator[None]:
    """Single keys arrive without Enter, and are not shown. What was typed before is thrown away.

    Ask inside, so that nothing is answered before it could be read.
    """
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor)
    tty.setcbreak(descriptor, termios.TCSAFLUSH)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def key() -> str:
    """Waits for one key while `listening`, and gives its character; GONE if nobody will press one.

    What comes in a bundle is passed over: a paste, or the code of an arrow key.
    """
    while True:
        typed = await _typed()
        if typed in (b"", _CTRL_D):
            return GONE
        character = typed.decode("utf-8", "ignore")
        if len(character) == 1:
            return character


async def line() -> str | None:
    """Waits for one line and gives it without its end; None if Ctrl-D was pressed instead.

    Raises:
        ValueError: it is longer than a terminal can hand over.
    """
    typed = await _typed()
    if not typed:
        return None
    if len(typed) >= _MOST_BYTES - 1:
        raise ValueError("This is longer than a line in a terminal can be.")
    return typed.decode("utf-8", "replace").rstrip("\n")


async def _typed() -> bytes:
    descriptor = sys.stdin.fileno()
    await _readable(descriptor)
    try:
        return os.read(descriptor, _MOST_BYTES)
    except OSError:  # the terminal was closed
        return b""


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)
