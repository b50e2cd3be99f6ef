"""Changing what an action says before it is accepted: in the person's own editor, or on a line."""

import asyncio
import json
import os
import shlex
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from rich.console import Console

from rheostat.autonomy import Argument, Json

from .console import text
from .keyboard import line
from .spelling import spelled


class NotEdited(Exception):
    """There is no edit to accept. Its words say why."""


async def edited(arguments: Sequence[Argument], console: Console) -> dict[str, Json]:
    """Lets a person change the values of arguments. Returns the new values of those that were changed.

    Text alone is edited as text, anything else as JSON; without an editor a new value is asked for on the console.

    Raises:
        NotEdited: nothing was changed, or what was written can't be read.
    """
    before = {argument.name: argument.value for argument in arguments}
    (only, *more) = arguments
    as_text = not more and isinstance(only.value, str)
    written = await _typed(
        spelled(only.value if not more else before), suffix=".txt" if as_text else ".json", console=console
    )
    after: Mapping[str, Json] = {only.name: written} if as_text else _read(written, only.name if not more else "")
    unknown = set(after) - set(before)
    if unknown:
        raise NotEdited(f"The action has no {', '.join(sorted(unknown))}. Change only the values that are there.")
    changes = {name: value for name, value in after.items() if spelled(value) != spelled(before[name])}
    if not changes:
        raise NotEdited("Nothing was changed.")
    return changes


def _read(written: str, only: str) -> dict[str, Json]:
    try:
        value = json.loads(written)
    except ValueError as error:
        raise NotEdited(f"That is not JSON ({error}). Edit it again.") from None
    if only:
        return {only: value}
    if not isinstance(value, dict):
        raise NotEdited("That is no JSON object with a value for each name. Edit it again.")
    return cast("dict[str, Json]", value)


async def _typed(before: str, *, suffix: str, console: Console) -> str:
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if editor:
        return await _in_editor(editor, before, suffix)
    return await _on_a_line(console)


async def _in_editor(editor: str, before: str, suffix: str) -> str:
    with tempfile.TemporaryDirectory(prefix="rheostat-") as folder:
        path = Path(folder) / f"edit{suffix}"
        path.write_text(before, encoding="utf-8")
        try:
            # stdout may be a file that gets the result; the editor needs the terminal.
            process = await asyncio.create_subprocess_exec(*shlex.split(editor), str(path), stdout=2)
        except (OSError, ValueError) as error:
            raise NotEdited(f"The editor {editor!r} could not be started ({error}). Set EDITOR to another.") from None
        try:
            code = await process.wait()
        finally:
            if process.returncode is None:
                process.terminate()
        if code != 0:
            raise NotEdited(f"The editor {editor!r} ended with code {code}, so nothing was changed.")
        written = path.read_text(encoding="utf-8")
        # Editors end a file with a line break that was not there.
        return written if before.endswith("\n") else written.removesuffix("\n")


async def _on_a_line(console: Console) -> str:
    console.print(text(("  New value: ", "label"), ("(Enter leaves it) ", "quiet")), end="")
    try:
        typed = await line()
    except ValueError as error:
        raise NotEdited(f"{error} Set EDITOR to edit it there.") from None
    if not typed:
        raise NotEdited("Nothing was changed.")
    return typed
