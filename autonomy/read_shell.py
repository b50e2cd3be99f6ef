"""Reads a shell script as bash would, and says so where it can't."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .look_alike import look_alike
from .shell import Command, Shell
from .shell_hidden import seen_through
from .shell_tree import Walk
from .shell_words import Unsure
from .shown import plain

if TYPE_CHECKING:
    from tree_sitter import Node

MOST_CHARACTERS = 20_000
"""The longest script that is read. Nobody reads more before saying yes."""

_MOST_NESTED = 4


def read_shell(text: str) -> Shell:
    """Reads a script for bash. Never raises: whatever can't be read for certain is named in `opaque`."""
    return _read(text, _MOST_NESTED)


def _read(text: str, nested: int) -> Shell:
    if unfit := _unfit(text):
        return Shell(text, opaque=(unfit,))
    walk = Walk(text.encode())
    try:
        walk.script(_parsed(text.encode()))
    except (Unsure, RecursionError) as error:
        return Shell(text, tuple(walk.commands), (str(error) if isinstance(error, Unsure) else "It nests too deep.",))
    commands, opaque = list[Command](), dict[str, None]()
    for command in walk.commands:
        seen = seen_through(command)
        commands += seen.commands
        opaque |= dict.fromkeys(seen.opaque)
        for script in seen.scripts:
            inner = _read(script, nested - 1) if nested else Shell(script, opaque=("It starts shell after shell.",))
            commands += inner.commands
            opaque |= dict.fromkeys(inner.opaque)
    return Shell(text, tuple(commands), tuple(opaque))


def _unfit(text: str) -> str:
    """Why a text is not read at all."""
    if len(text) > MOST_CHARACTERS:
        return f"It has {len(text):,} characters, and no more than {MOST_CHARACTERS:,} are read."
    odd = next((letter for letter in sorted(set(text)) if letter not in " \n\t" and plain(letter) != letter), "")
    if odd:
        return f"It holds a character that doesn't show: U+{ord(odd):04X}."
    seen = look_alike(text)
    return f"Not all of it is what it looks like: {seen}" if seen else ""


def _parsed(source: bytes) -> Node:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    root = Parser(Language(tree_sitter_bash.language())).parse(source).root_node
    if root.has_error:
        raise Unsure("It can't be read as a script for bash.")
    return root
