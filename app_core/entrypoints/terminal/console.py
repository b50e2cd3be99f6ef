"""Where words go: results to stdout, all that is said along the way to stderr. Colours on a terminal only."""

import os
import sys

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text
from rich.theme import Theme

from .words import harmless

WIDEST = 100
"""Columns on a terminal. Lines longer than this are hard to read."""

_IN_A_FILE = 200
"""Columns where nobody says how many there are: programs that read on want whole lines."""

THEME = Theme(
    {
        "heading": "bold",
        "label": "dim",
        "quiet": "dim",
        "deleted": "red strike",
        "inserted": "green underline",
        "good": "green",
        "waits": "yellow",
        "bad": "red",
        "key": "bold",
    }
)


def results() -> Console:
    """Writes what was asked for to stdout."""
    return _console(stderr=False)


def aside() -> Console:
    """Writes progress, questions and errors to stderr."""
    return _console(stderr=True)


def someone_is_there() -> bool:
    """Whether a person sits at this terminal: can read a question on stderr and answer on stdin."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def text(*parts: str | tuple[str, str]) -> Text:
    """Words, each plain or with a style, made harmless. Nothing in them is taken for markup."""
    made = Text()
    for part in parts:
        words, style = (part, "") if isinstance(part, str) else part
        made.append(harmless(words), style or None)
    return made


def indented(what: RenderableType) -> Padding:
    """The same, two columns to the right."""
    return Padding(what, (0, 0, 0, 2), expand=False)


def _console(stderr: bool) -> Console:
    file = sys.stderr if stderr else sys.stdout
    console = Console(file=file, theme=THEME, markup=False, emoji=False, highlight=False)
    if console.is_terminal:
        console.width = min(console.width, WIDEST)
    elif "COLUMNS" not in os.environ:
        console.width = _IN_A_FILE
    return console
