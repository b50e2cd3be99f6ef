"""Runs a command behind bubblewrap, holds it to its allowance, and keeps what it wrote to its streams."""

import json
import os
import resource
import select
import signal
import subprocess
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from io import FileIO
from pathlib import Path
from stat import S_IMODE

from ..errors import NoSandbox
from .ended import Allowance, Ended, Stream
from .layer import bytes_in

_EVERY_S = 0.05
"""How often it is looked at. What is counted only then may be exceeded by a moment's worth."""

_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty")
_FILES_OPEN = 1024
_MB = 1 << 20


def run(
    command: Sequence[str], allowance: Allowance, upper: Path, files: Mapping[str, bytes], passed: Sequence[int]
) -> Ended:
    """Runs bubblewrap with a command, until that has ended and no process of it is left.

    Args:
        command: all of it. `files` are laid out before what comes behind its first "--".
        allowance: for the command.
        upper: where it writes to.
        files: by path, small files that are made for it; "" is the filter of system calls.
        passed: descriptors that the command inherits.

    Raises NoSandbox if bubblewrap can't lay it out here.
    """
    with ExitStack() as until_done:
        told, tell = until_done.enter_context(_pipe())
        held, let_go = until_done.enter_context(_pipe())
        given, handles = list[str](), [tell.fileno(), held.fileno(), *passed]
        for path, content in files.items():
            handles.append(until_done.enter_context(_in_memory(content)))
            given += ["--file", str(handles[-1]), path] if path else ["--seccomp", str(handles[-1])]
        given += ["--remount-ro", "/", "--json-status-fd", str(tell.fileno()), "--block-fd", str(held.fileno())]
        start = command.index("--")
        running = until_done.enter_context(_started([*command[:start], *given, *command[start:]], handles))
        tell.close()
        held.close()
        assert running.stdout and running.stderr
        streams = Stream(running.stdout, allowance.output_chars), Stream(running.stderr, allowance.output_chars)
        until_done.callback(_open_devices, _device_modes())
        stopped = ""
        first = json.loads(told.readline() or b"{}").get("child-pid")
        if first is not None:
            with _Family(first) as family:
                _hold_to(first, allowance)
                let_go.write(b"!")
                stopped = _watch(family, allowance, upper)
        running.wait()
        ended = Ended(running.returncode, streams[0].text(), streams[1].text(), stopped)
        # bubblewrap tells an exit code only if there was a command to have one.
        if not stopped and b"exit-code" not in told.read():
            raise NoSandbox(ended.stderr.strip().removeprefix("bwrap: ") or "bubblewrap ended without a word")
        return ended


@cache
def _device_modes() -> Mapping[str, int]:
    """The permissions of the devices that sandboxes share with the machine, before one was there."""
    return {device: S_IMODE(os.stat(device).st_mode) for device in _DEVICES if os.path.exists(device)}


def _open_devices(modes: Mapping[str, int]) -> None:
    """Undoes what a command can do where we are root: then it owns the devices, and may close them to everybody."""
    for device, mode in modes.items():
        if S_IMODE(os.stat(device).st_mode) != mode:
            os.chmod(device, mode)


@contextmanager
def _started(command: Sequence[str], handles: Sequence[int]) -> "Generator[subprocess.Popen[bytes]]":
    """A process that does not outlive its block."""
    # bubblewrap stays beside the command as its first process, whose environment /proc shows: so it gets none.
    running = subprocess.Popen(
        command,
        env={},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=handles,
    )
    with running:
        try:
            yield running
        finally:
            running.kill()


class _Family:
    """All processes of a sandbox, which die with their first."""

    def __init__(self, first: int) -> None:
        self._proc = os.path.join("/proc", str(first), "root", "proc")
        self._handle = os.pidfd_open(first)

    def __enter__(self) -> "_Family":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        os.close(self._handle)

    def end(self) -> None:
        """Ends them all, and waits until they are gone."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        self.has_ended(None)

    def has_ended(self, within_s: float | None) -> bool:
        """Waits for the end of all, so long at the most; says whether it came."""
        return bool(select.select([self._handle], [], [], within_s)[0])

    def members(self) -> list[str]:
        """Their numbers; none once they have ended. Raises PermissionError if they can't be counted here."""
        try:
            return [name for name in os.listdir(self._proc) if name.isdigit()]
        except (FileNotFoundError, ProcessLookupError):
            return []

    def memory_kb(self, members: Sequence[str]) -> int:
        """What they have in memory that is their own or shared between them, but of no file."""
        return sum(self._own_kb(member) for member in members)

    def _own_kb(self, member: str) -> int:
        try:
            lines = Path(self._proc, member, "status").read_text("utf-8", "replace").splitlines()
        except OSError:
            return 0  # it has ended meanwhile
        return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))


def _hold_to(process: int, allowance: Allowance) -> None:
    """Sets what of it the kernel itself holds, which children inherit."""
    memory, file = allowance.memory_mb * _MB, allowance.file_mb * _MB
    resource.prlimit(process, resource.RLIMIT_DATA, (memory, memory))
    resource.prlimit(process, resource.RLIMIT_FSIZE, (file, file))
    resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))
    resource.prlimit(process, resource.RLIMIT_NOFILE, (_FILES_OPEN, _FILES_OPEN))


def _watch(family: _Family, allowance: Allowance, upper: Path) -> str:
    """Waits for the end; says why it was stopped, if it was."""
    until = time.monotonic() + allowance.deadline_s
    while not family.has_ended(_EVERY_S):
        if time.monotonic() > until:
            return f"It had not ended after {allowance.deadline_s:g} seconds."
        members = family.members()
        if len(members) > allowance.processes:
            return f"It had more than {allowance.processes} processes at a time."
        if family.memory_kb(members) > allowance.memory_mb * 1024:
            return f"Its processes together took more than {allowance.memory_mb} MB of memory."
        if bytes_in(upper) > allowance.written_mb * _MB:
            return f"It wrote more than {allowance.written_mb} MB."
    return ""


@contextmanager
def _pipe() -> Generator[tuple[FileIO, FileIO]]:
    reads, writes = os.pipe()
    with FileIO(reads, "r") as reader, FileIO(writes, "w") as writer:
        yield reader, writer


@contextmanager
def _in_memory(content: bytes) -> Generator[int]:
    with FileIO(os.memfd_create("given"), "r+") as file:
        file.write(content)
        file.seek(0)
        yield file.fileno()
