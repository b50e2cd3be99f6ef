"""Effects that change files: what stood there is kept before, and put back to undo them."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from rheostat.autonomy import Json, NotKept

from .compose import default_checkpoints
from .declare import AnyTool
from .functions import run_function
from .run_errors import AppFailed
from .threads import in_thread

if TYPE_CHECKING:
    from rheostat.autonomy.io import Checkpoints, Kept

_SHOWN_LINES = 400


def keeping(tool: AnyTool, key: str) -> Callable[..., Any]:
    """The tool's function, with the files that it changes kept before it is called.

    They are kept again when it has ended, also if it failed halfway, so that just what it did can be taken back.
    """

    async def kept(**arguments: Any) -> Any:
        files = default_checkpoints()
        await in_thread(partial(files.begin, key, list(_paths(tool, arguments))))
        try:
            return await run_function(tool.function, arguments)
        finally:
            with suppress(NotKept):  # then it can't be undone, and says so; but it has happened
                await in_thread(partial(files.end, key))

    kept.__name__ = tool.name
    return kept


def put_back(idempotency_key: str) -> str:
    """Undoes an effect by putting back the files as they were before it. Says which."""
    changed = default_checkpoints().put_back(idempotency_key)
    return f"Put back: {', '.join(map(str, changed))}." if changed else "All stood as before."


def shown_back(idempotency_key: str) -> Json:
    """What putting the files back would change, as a preview."""
    files = default_checkpoints()
    before, now = files.changed(idempotency_key)
    facts, pieces = dict[str, Json](), list[Json]()
    for was, left in zip(before.kept, now.kept, strict=True):
        if was != left:
            facts[was.path] = _said(was, left)
            pieces += _diff(files, left, was)
    return {"title": "Put back what stood there before", "facts": facts, "diff": pieces}


def _paths(tool: AnyTool, arguments: Mapping[str, Any]) -> Iterator[Path]:
    defaults = {name: each.default for name, each in inspect.signature(tool.function).parameters.items()}
    for name in tool.changes:
        value = tool.codec(name).dump_python(arguments.get(name, defaults[name]), mode="json")
        several = cast("list[object]", value) if isinstance(value, list) else [value]
        for path in several:
            if isinstance(path, str):
                yield Path(path)
            elif path is not None:
                raise AppFailed(
                    f"{tool.name}() was not called.",
                    f"{name} names a file that it changes, and {path!r} is no path, so it could not be kept before.",
                )


def _said(was: Kept, left: Kept) -> str:
    if was.kind == "nothing":
        return f"the {left.kind} that was made goes"
    if left.kind == "nothing":
        return f"the {was.kind} that was deleted comes back"
    if was.kind != left.kind:
        return f"the {left.kind} becomes a {was.kind} again"
    return "permissions as before" if was.content == left.content else "content as before"


def _diff(files: Checkpoints, left: Kept, was: Kept) -> list[Json]:
    """The lines that go and come, where both are short texts; nothing for anything else."""
    if left.kind != "file" or was.kind != "file" or was.content == left.content:
        return []
    try:
        now, then = Path(left.path).read_text("utf-8").splitlines(True), files.content(was).decode().splitlines(True)
    except (OSError, UnicodeDecodeError):
        return []
    if len(now) + len(then) > _SHOWN_LINES:
        return []
    return pieces_of(now, then)


def pieces_of(before: list[str], after: list[str]) -> list[Json]:
    """The change of a text line by line, as previews tell it."""
    pieces = list[Json]()
    for op, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if op == "equal":
            pieces.append({"op": "keep", "text": "".join(before[i:j])})
        else:
            gone, come = "".join(before[i:j]), "".join(after[k:m])
            if gone:
                pieces.append({"op": "delete", "text": gone})
            if come:
                pieces.append({"op": "insert", "text": come})
    return pieces
