"""What became of a command that was tried out, and what it would change, as a person reads it."""

import os
from difflib import unified_diff
from io import StringIO
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..shown import plain
from .checkpoints import Checkpoint, Checkpoints, Kept

_DIFF_BYTES = 100_000
_LINK_CHARS = 4096


class Tryout(BaseModel):
    """A command that was tried out. Nothing has happened yet.

    Args:
        name: under which it is kept.
        command: what was run, by bash where there is one.
        exit_code: as it ended; 128 + n where signal n ended it.
        stdout, stderr: what it said, with the middle left out where there was much.
        stopped: why it was stopped, as a sentence; empty if it ended by itself.
        base, target: what stands at the paths that it would change, and what would stand there.
        unfit: why these changes may not be made, a sentence each.
        reached, turned_away: the domains that it reached, and what it was not let through to.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    command: str
    exit_code: int
    stdout: str
    stderr: str
    stopped: str = ""
    base: Checkpoint = Checkpoint(kept=())
    target: Checkpoint = Checkpoint(kept=())
    unfit: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    turned_away: tuple[str, ...] = ()


class Change(BaseModel):
    """One path that a command would leave different.

    Args:
        path: in the folder.
        kind: what would become of it.
        what: a file, a folder or a link, as it would be or as it was, with what `diff` does not show of it.
        diff: of a text, or of where a link leads, as `diff -u` writes it; empty for what has none, or too long a one.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    kind: Literal["added", "changed", "deleted"]
    what: str
    diff: str = ""


def changes(tryout: Tryout, folder: str, files: Checkpoints) -> tuple[Change, ...]:
    """What a tryout would change in a folder. Raises NotRestored if a content among `files` is damaged."""
    pairs = zip(tryout.base.kept, tryout.target.kept, strict=True)
    return tuple(_change(folder, stands, instead, files) for stands, instead in pairs)


def _change(folder: str, stands: Kept, instead: Kept, files: Checkpoints) -> Change:
    kind = "added" if stands.kind == "nothing" else "deleted" if instead.kind == "nothing" else "changed"
    path, lines = os.path.relpath(instead.path, folder), _difference(stands, instead, files)
    what = _what(stands, instead, hidden=lines is None)
    # A line break in a path must not make a line of its own.
    head = [f"--- {plain(path)}\n", f"+++ {plain(path)}\n"] if lines else []
    return Change(path=path, kind=kind, what=what, diff="".join([*head, *(lines or [])]))


def _difference(stands: Kept, instead: Kept, files: Checkpoints) -> list[str] | None:
    """The lines that differ; None where they can't be shown."""
    before, after = _text(stands, files), _text(instead, files)
    if before is None or after is None:
        return None if stands.content != instead.content else []
    return list(unified_diff(_lines(before), _lines(after)))[2:]


def _text(kept: Kept, files: Checkpoints) -> str | None:
    """A file's text, or where a link leads; None for what can't be shown line by line."""
    if kept.kind == "link":
        return f"-> {plain(kept.content, _LINK_CHARS)}\n"
    if kept.kind != "file":
        return ""
    content = files.content(kept)
    if len(content) > _DIFF_BYTES or b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return None


def _lines(text: str) -> list[str]:
    """The lines of a text as `diff -u` writes them, which says where the last one has no end."""
    lines = StringIO(text, newline="\n").readlines()
    return [line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines]


def _what(stands: Kept, instead: Kept, *, hidden: bool) -> str:
    """What it is that changes, with what a difference of texts does not show."""
    shape = stands if instead.kind == "nothing" else instead
    what = f"a {shape.kind}"
    if "nothing" not in (stands.kind, instead.kind) and stands.kind != instead.kind:
        what += f" in place of a {stands.kind}"
    elif stands.kind == instead.kind and stands.mode != instead.mode:
        what += f" with permissions {instead.mode:o} (so far {stands.mode:o})"
    elif instead.kind == "file" and instead.mode & 0o111:
        what += " that can be run"
    return f"{what}, which is no text or too long to show," if hidden else what
