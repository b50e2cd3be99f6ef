"""Tries a command out where it can harm nothing, shows what it would change, and only then makes these changes.

The command sees the system read-only, one folder of yours, an empty home and no network. What it writes to the folder
goes into a layer above it. Nothing else is kept of it.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from pathlib import Path
from re import fullmatch
from secrets import token_hex

from ..errors import BadSandbox, ChangedSince, NoSandbox, NotApplied, NotKept, NotRestored, UnfitValue
from ..path import within
from ..shown import quoted
from .bare import run_bare
from .blobs import read_or_none, write_whole
from .checkpoints import Checkpoints
from .door import LAUNCHER, PORT, Door, Reach, checked_domains, reach
from .ended import Allowance, Ended
from .layer import FIXED, Layer, discard, unfit
from .syscalls import refusing
from .tryout import Change, Tryout, changes
from .wall import INTERPRETER, WRITTEN, Plot, alone, bubblewraps, shown, surroundings, wall
from .watched import run

_COMMAND_BYTES = 100_000
_SHELLS = ("/bin/bash", "/bin/sh")


class Sandbox:
    """A folder in which commands can be tried out. Several processes may share it; a tryout's name is used by one.

    Args:
        folder: the one folder of yours that commands see, and would change.
        kept: where tryouts are kept until they are applied or forgotten; made on first use, for its owner alone.
        domains: what commands may reach over TLS: "docs.python.org", or "*.python.org" for all below. Else no network.
        readable: further folders that commands may read.
        closed: files and folders in `folder` that they may not read.
        allowance: how much one command may take.
        reach: how an allowed domain is reached; by default directly, and only at public addresses.

    Raises BadSandbox for a folder that is missing or holds your home or `kept`, and for a domain that is none.
    """

    def __init__(
        self,
        folder: Path,
        kept: Path,
        *,
        domains: Iterable[str] = (),
        readable: Iterable[Path] = (),
        closed: Iterable[str] = (".env",),
        allowance: Allowance = Allowance(),  # noqa: B008 (frozen)
        reach: Reach = reach,
    ) -> None:
        self.folder, self._kept = _checked_folder(folder, kept), Path(os.path.realpath(kept))
        self.domains, self.allowance = checked_domains(domains), allowance
        self._readable = tuple(os.path.realpath(place) for place in readable)
        self._closed, self._reach = tuple(closed), reach
        self._files = Checkpoints(self._kept)

    def try_out(self, command: str, *, name: str = "", network: bool = True) -> Tryout:
        """Runs a command in the sandbox, and keeps what it would change.

        Args:
            command: a line or a script for the shell.
            name: to find the tryout under; an earlier one of this name is forgotten. Letters, digits, - and _.
            network: False to leave it without, whatever `domains` says.

        Raises:
            NoSandbox: none can run here. Nothing was run.
            NotKept: there is no room to keep what it did, or a file can't be read.
            UnfitValue: the command is too long, or is no text that a shell could be given.
        """
        bubblewrap = _bubblewrap()
        name, given = name or token_hex(8), _checked_command(command)
        place = self._place(name)
        discard(place)
        plot = self._plotted(place)
        with ExitStack() as until_done:
            door = Door(self.domains, self._reach) if self.domains and network else None
            told = until_done.enter_context(door.open()) if door else None
            line = [bubblewrap, *alone(), *wall(plot), *_told(self._around(told)), "--", *_launched(given, told)]
            until_done.callback(discard, place / "upper")
            until_done.callback(discard, place / "work")
            ended = run(line, self.allowance, place / "upper", _files(), () if told is None else (told,))
            tryout = Tryout(
                name=name,
                command=command,
                **vars(ended),
                reached=tuple(sorted(door.reached)) if door else (),
                turned_away=tuple(sorted(door.turned_away)) if door else (),
            )
            if not ended.stopped:
                tryout = self._with_changes(tryout, place / "upper")
        write_whole(place / "tryout.json", tryout.model_dump_json().encode())
        return tryout

    def tried(self, name: str) -> Tryout | None:
        """The tryout that is kept under a name; None if there is none, or it was cut off."""
        written = read_or_none(self._place(name) / "tryout.json")
        return None if written is None else Tryout.model_validate_json(written)

    def has_begun(self, name: str) -> bool:
        """Whether a tryout of this name was begun, whatever came of it."""
        return self._place(name).is_dir()

    def changes(self, tryout: Tryout) -> tuple[Change, ...]:
        """What a tryout would change, with the differences of texts. Raises NotRestored if a content is damaged."""
        return changes(tryout, str(self.folder), self._files)

    def apply(self, tryout: Tryout) -> tuple[Path, ...]:
        """Makes the changes that a tryout showed: these and no others; nothing is run. Done again, it adds nothing.

        Returns:
            The paths that were changed.

        Raises:
            NotApplied: it was stopped, may not be applied, or the folder has changed since; nothing was touched. Or the
                disk is full or the system refused; then it says what was done.
        """
        reasons = (tryout.stopped, *tryout.unfit)
        if any(reasons):
            raise NotApplied(f"Nothing was changed. {' '.join(reason for reason in reasons if reason)}")
        try:
            return self._files.restore(tryout.target, expected=tryout.base)
        except ChangedSince as error:
            paths = ", ".join(quoted(os.path.relpath(path, self.folder)) for path in error.paths)
            raise NotApplied(
                f"Nothing was changed: {paths} is not as it was when this was tried. Try it again."
            ) from None
        except (NotKept, NotRestored) as error:
            raise NotApplied(f"Writing what was tried came to an end. {error}", touched=True) from error

    def take_back(self, tryout: Tryout) -> tuple[Path, ...]:
        """Puts back what stood there before a tryout was applied. Returns the paths; raises as Checkpoints.restore."""
        return self._files.restore(tryout.base, expected=tryout.target)

    def run_outside(self, command: str, *, name: str) -> Ended:
        """Where no sandbox can run: runs a command in the folder as you, who can do there and elsewhere what you can.

        It is told nothing of your environment but the search path, the language and your home, and held to its time.

        Args:
            command: a line or a script for the shell.
            name: under which it is known, from now until it is forgotten, to have begun.

        Raises UnfitValue as `try_out`.
        """
        given = _checked_command(command)
        self._place(name).mkdir(parents=True, exist_ok=True, mode=0o700)
        return run_bare([*_shell(), given], self.folder, self.allowance)

    def forget(self, name: str) -> None:
        """Removes a tryout. It can't be applied any more; the contents stay among those that are kept."""
        discard(self._place(name))

    def _place(self, name: str) -> Path:
        if not fullmatch(r"[A-Za-z0-9_-]{1,100}", name):
            raise BadSandbox(f"A tryout can't be named {name!r}. Use at most 100 letters, digits, - and _.")
        return self._kept / "tryouts" / name

    def _plotted(self, place: Path) -> Plot:
        for part in ("upper", "work"):
            (place / part).mkdir(parents=True, mode=0o700)
        inside = [os.path.realpath(self.folder / name) for name in self._closed]
        return Plot(
            folder=str(self.folder),
            layer=str(place),
            readable=self._readable,
            closed=tuple(path for path in inside if within(path, str(self.folder)) and os.path.exists(path)),
            fixed=tuple(str(path) for name in FIXED if not _is_missing(path := self.folder / name)),
            scratch_bytes=self.allowance.written_mb << 20,
        )

    def _around(self, told: int | None) -> dict[str, str]:
        variables = surroundings(str(self.folder), self._readable)
        proxy = {} if told is None else {"HTTPS_PROXY": f"http://127.0.0.1:{PORT}"}
        return variables | proxy | {name.lower(): value for name, value in proxy.items()}

    def _with_changes(self, tryout: Tryout, upper: Path) -> Tryout:
        layer = Layer(upper, self.folder)
        written = layer.changes(self.allowance.changes)
        if len(written) > self.allowance.changes:
            return tryout.model_copy(update={"unfit": (f"It would change more than {self.allowance.changes} paths.",)})
        try:
            base, target = layer.kept(written, self._files)
        except NotKept as error:
            return tryout.model_copy(update={"unfit": (str(error),)})
        since_ns = os.lstat(upper.parent).st_ctime_ns
        reasons = tuple(unfit(str(self.folder), base, target, shown(self._readable), since_ns))
        return tryout.model_copy(update={"base": base, "target": target, "unfit": reasons})


def no_sandbox() -> str:
    """Why no command can be run in a sandbox here, as a sentence; empty if one can. Tried once in a process."""
    return _probed()[1]


@cache
def _probed() -> tuple[str, str]:
    """The first bubblewrap that works here, or why none does."""
    if not refusing():
        return "", "No sandbox can run here: the system calls of this kind of machine are not known."
    why = "bubblewrap is not installed"
    for bubblewrap in bubblewraps():
        with tempfile.TemporaryDirectory() as folder:
            try:
                _try_bubblewrap(bubblewrap, Path(os.path.realpath(folder)))
                return bubblewrap, ""
            except (NoSandbox, OSError) as error:
                why = " ".join(str(error).split())
    return "", (
        f"No sandbox can run here: {why}. Allow user namespaces to this user, and install bubblewrap 0.11 or newer, or "
        "go on and be asked about each command."
    )


def _try_bubblewrap(bubblewrap: str, folder: Path) -> None:
    for part in ("below", "upper", "work"):
        (folder / part).mkdir()
    plot = Plot(str(folder / "below"), str(folder), (), (), (), 1 << 20)
    line = [bubblewrap, *alone(), *wall(plot), "--", "/bin/sh", "-c", "echo well > tried"]
    ended = run(line, replace(Allowance(), deadline_s=10.0), folder / "upper", _files(), ())
    discard(folder / "work")
    if (folder / "below" / "tried").exists() or not (folder / "upper" / "tried").is_file():
        raise NoSandbox(ended.stopped or ended.stderr.strip() or "what is written does not go into a layer")


def _bubblewrap() -> str:
    found, why = _probed()
    if why:
        raise NoSandbox(why)
    return found


def _files() -> dict[str, bytes]:
    return {"": refusing(), **{path: content.encode() for path, content in WRITTEN.items()}}


def _told(variables: dict[str, str]) -> list[str]:
    return [part for name, value in variables.items() for part in ("--setenv", name, value)]


def _launched(command: str, told: int | None) -> list[str]:
    launcher = [] if told is None else [INTERPRETER, "-I", "-S", "-c", LAUNCHER, str(told)]
    return [*launcher, *_shell(), command]


def _shell() -> tuple[str, str]:
    return next(path for path in _SHELLS if os.path.exists(path)), "-c"


def _checked_command(command: str) -> str:
    try:
        length = len(command.encode())
    except UnicodeEncodeError:
        raise UnfitValue("The command holds what is no text. Write it in UTF-8.") from None
    if length > _COMMAND_BYTES or "\0" in command:
        raise UnfitValue(
            f"The command holds a zero byte, or more than {_COMMAND_BYTES:,} bytes. Write a script and run that."
        )
    return command


def _checked_folder(folder: Path, kept: Path) -> Path:
    real, home = Path(os.path.realpath(folder)), os.path.realpath(Path.home())
    if not real.is_dir():
        raise BadSandbox(f"{real} is no folder. Name the folder that commands are to work in.")
    for what, inside in (("your home", home), ("what the sandbox keeps", os.path.realpath(kept))):
        if within(inside, str(real)):
            raise BadSandbox(f"{real} holds {what}, which commands must not see. Name a folder that doesn't.")
    if within(str(real), os.path.realpath(kept)):
        raise BadSandbox(f"{real} is in the folder that is kept for the sandbox itself. Name another.")
    return real


def _is_missing(path: Path) -> bool:
    """Whether nothing is there that could be laid over: a link would lead elsewhere."""
    return not path.exists() or path.is_symlink() or path.parent.is_symlink()
