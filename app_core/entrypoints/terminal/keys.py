"""Menus of single keys, and the line that a person types."""

from collections.abc import Collection, Mapping

from rich.console import Console
from rich.text import Text

from .console import text
from .keyboard import GONE, key, listening

_APART = 3


def menu(words: Mapping[str, str], width: int) -> Text:
    """Keys and what each does, on as many lines as they take; no key is torn from its words."""
    made, at = Text("  "), 2
    for letter, word in words.items():
        takes = len(letter) + 1 + len(word)
        if at > 2 and at + takes > width:
            made.rstrip()
            made.append("\n  ")
            at = 2
        made.append_text(text((letter, "key"), (f" {word}", "quiet")))
        made.append(" " * _APART)
        at += takes + _APART
    made.rstrip()
    return made


async def one_of(letters: Collection[str], words: Text, console: Console, *, gone: str) -> str:
    """Shows a menu and waits for one of its keys; `gone` is pressed in the name of someone who left."""
    with listening():
        console.print(words)
        while True:
            pressed = (await key()).lower()
            if pressed == GONE or pressed in letters:
                return pressed or gone
