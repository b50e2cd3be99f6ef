"""A tool that runs shell commands in one folder: tried in a sandbox, shown, and only then made to count."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from secrets import token_hex
from typing import Any

from pydantic import BaseModel, ConfigDict

from rheostat.autonomy import Json, NotApplied, Raised, Risk, plain, read_shell, risk_of_shell
from rheostat.autonomy.io import Allowance, Change, Sandbox, Tryout, no_sandbox
from rheostat.context import Trust

from .declare import Tool
from .home import data_folder
from .run_errors import AppFailed

_SAID_CHARS = 2000
_MARKS = {"-": "delete", "+": "insert"}


class Ran(BaseModel):
    """What became of a command.

    Args:
        exit_code: as it ended; 128 + n where signal n ended it.
        stdout, stderr: what it said, with the middle left out where there was much.
        changed: the paths in the folder that it changed; None where it ran outside a sandbox, so that nobody knows.
    """

    model_config = ConfigDict(frozen=True)

    exit_code: int
    stdout: str
    stderr: str
    changed: tuple[str, ...] | None = None


def shell_tool(
    folder: Path,
    *,
    domains: Iterable[str],
    readable: Iterable[Path],
    closed: Iterable[str],
    allowance: Allowance | None,
    trusted: bool,
) -> Tool[str, [], Ran]:
    """The tool that `App.shell` declares; arguments as there."""
    options: dict[str, Any] = {"readable": readable, "closed": closed, "allowance": allowance or Allowance()}
    sandbox = Sandbox(folder, data_folder() / "sandbox", domains=domains, **options)
    commands = _Commands(sandbox)

    def shell(command: str, idempotency_key: str = "") -> Ran:
        """Runs a command with bash in the folder, and gives what it says and changes."""
        return commands.run(command, idempotency_key or token_hex(16))

    return Tool(
        function=shell,
        name="shell",
        risk=Risk.READ,
        control=frozenset({"command"}),
        raises=commands.weigh,
        preview=commands.preview,
        undo=commands.undo,
        preview_undo=commands.preview_undo,
        status=commands.status,
        trust=Trust.TRUSTED if trusted else Trust.UNTRUSTED,
    )


class _Commands:
    """How the tool's commands are weighed, shown, done and undone. A tryout is kept under its effect's key."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox, self._folder = sandbox, str(sandbox.folder)

    def weigh(self, command: str) -> Raised:
        """The risk of a command. The sandbox bounds it: without a network to its folder, which can be put back."""
        if why := no_sandbox():
            return Raised(Risk.IRREVERSIBLE, (f"{why} The command would run as you.",), opaque=True)
        found = risk_of_shell(read_shell(command), folder=self._folder, leads_to=os.path.realpath)
        if found.risk is Risk.READ:
            return Raised(Risk.READ)
        if found.risk is Risk.LOCAL or not self._sandbox.domains:
            return Raised(Risk.LOCAL, (f"It runs in a sandbox, where it can change {self._folder} and nothing else.",))
        sends = f"It may send what it reads to {', '.join(self._sandbox.domains)}."
        return Raised(Risk.OUTWARD, (*found.reasons, sends))

    def preview(self, command: str, idempotency_key: str) -> Json:
        """What a command would change: it is tried out, and the tryout is what an acceptance applies."""
        self._sandbox.forget(idempotency_key)
        facts: dict[str, Json] = {"command": command, "folder": self._folder}
        if why := no_sandbox():
            return {"title": "Run a command as you", "facts": facts, "note": f"{why} What it would do is not known."}
        if self._wants_network(command):
            note = "It wants the network, so it can't be tried before you agree. It runs in the sandbox if you do."
            return {"title": "Run a command with a network", "facts": facts, "note": note}
        tryout = self._sandbox.try_out(command, name=idempotency_key, network=False)
        changes = self._counting(tryout)
        facts |= {"exit code": str(tryout.exit_code), "changes": _counted(changes)}
        title = "Make the changes that a command made in the sandbox"
        return {"title": title, "facts": facts, "diff": [*_pieces(changes)], "note": _said(tryout)}

    def run(self, command: str, key: str) -> Ran:
        """Makes a command's changes: those that were shown, or else those that it makes now."""
        if no_sandbox():
            return self._run_outside(command, key)
        tryout = self._sandbox.tried(key)
        if tryout is None or tryout.command != command:
            tryout = self._sandbox.try_out(command, name=key, network=self._wants_network(command))
        try:
            changed = self._sandbox.apply(tryout) if self._counting(tryout) else ()
        except NotApplied as error:
            if not error.touched:
                self._sandbox.forget(key)
            raise
        paths = tuple(os.path.relpath(path, self._folder) for path in changed)
        return Ran(exit_code=tryout.exit_code, stdout=tryout.stdout, stderr=tryout.stderr, changed=paths)

    def status(self, key: str) -> Ran | None:
        """After a crash: nothing counts yet, and a tryout can go on. Raises AppFailed if it may have got further."""
        cut_off = self._sandbox.has_begun(key) and self._sandbox.tried(key) is None
        if cut_off and (self._sandbox.domains or no_sandbox()):
            raise AppFailed("The command was cut off, and it was not shut in a sandbox without a network.")
        return None

    def undo(self, command: str, idempotency_key: str) -> str:
        """Puts the files back as they were. Raises AppFailed where that is not known."""
        tryout = self._applied(idempotency_key)
        changed = self._sandbox.take_back(tryout) if self._counting(tryout) else ()
        return f"Put back: {', '.join(plain(str(path)) for path in changed)}." if changed else "All stood as before."

    def preview_undo(self, idempotency_key: str) -> Json:
        """What that would change."""
        tryout = self._applied(idempotency_key)
        back = tryout.model_copy(update={"base": tryout.target, "target": tryout.base})
        note = "What it sent over the network stays sent." if tryout.reached else ""
        title = "Put back what stood there before"
        return {"title": title, "diff": [*_pieces(self._counting(back))], "note": note}

    def _wants_network(self, command: str) -> bool:
        return self.weigh(command).risk > Risk.LOCAL

    def _counting(self, tryout: Tryout) -> Sequence[Change]:
        """The changes that a tryout leads to. Raises NotApplied if they may not be made.

        What is known to read only may leave a cache behind, or have been misread: none of that counts.
        """
        if tryout.stopped:
            said = (tryout.stderr or tryout.stdout).strip()[-_SAID_CHARS:]
            last = f" It said last: {said}" if said else ""
            raise NotApplied(f"The command was stopped, and nothing was changed. {tryout.stopped}{last}")
        if self.weigh(tryout.command).risk is Risk.READ:
            return ()
        if tryout.unfit:
            raise NotApplied(f"Nothing was changed. {' '.join(tryout.unfit)}")
        return self._sandbox.changes(tryout)

    def _applied(self, key: str) -> Tryout:
        tryout = self._sandbox.tried(key)
        if tryout is None:
            raise AppFailed(
                "What the command changed is not known.", "It ran outside the sandbox, or what was kept is gone."
            )
        return tryout

    def _run_outside(self, command: str, key: str) -> Ran:
        ended = self._sandbox.run_outside(command, name=key)
        self._sandbox.forget(key)
        if ended.stopped:
            raise AppFailed("The command was stopped.", f"{ended.stopped} What it did until then stays done.")
        return Ran(exit_code=ended.exit_code, stdout=ended.stdout, stderr=ended.stderr)


def _counted(changes: Iterable[Change]) -> str:
    kinds = [change.kind for change in changes]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds)) or "none"


def _pieces(changes: Iterable[Change]) -> Iterable[Json]:
    """The changes line by line, as previews tell them, each after a line that names its path."""
    for change in changes:
        yield {"op": "keep", "text": f"{plain(change.path)}: {change.what} is {change.kind}\n"}
        for line in StringIO(change.diff, newline="\n").readlines()[2:]:  # the first two name the path once more
            op = _MARKS.get(line[0], "keep")
            yield {"op": op, "text": line[1:] if line[0] in "+- " else line}


def _said(tryout: Tryout) -> str:
    said = "\n".join(part.rstrip() for part in (tryout.stdout, tryout.stderr) if part.strip())
    return said if len(said) <= _SAID_CHARS else f"{said[:_SAID_CHARS]}\n[...]"
