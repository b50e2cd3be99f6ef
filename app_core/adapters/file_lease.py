"""Who works on a run, as a locked file: the operating system unlocks it when its process ends, kill -9 included."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from ..run_errors import RunHeld

try:
    import fcntl
except ImportError:  # no such locks here; the Log still lets only one of two writers through
    fcntl = None

_LONGEST_NAME = 200

_PATIENCE_S = 1.0
"""Who comes too late has the lease for a moment, until the Log tells it so; that is to turn nobody else away."""


class FileLease:
    """The Lease on `run`, as the file `path`, which is there only while somebody has it."""

    def __init__(self, path: Path, run: str) -> None:
        self._path, self._run = path, run
        self._file: int | None = None

    def take(self) -> None:
        """See Lease."""
        until_s = time.monotonic() + _PATIENCE_S
        while self._file is None and fcntl is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(file, _LONGEST_NAME).decode(errors="replace")
                os.close(file)
                if time.monotonic() > until_s:
                    raise RunHeld(self._run, holder or "another process") from None
                time.sleep(0.02)
                continue
            if _is_at(file, self._path):
                os.truncate(file, 0)
                os.write(file, f"process {os.getpid()} on {socket.gethostname()}".encode())
                self._file = file
            else:  # whoever had it took the file away after it was opened here
                os.close(file)

    def drop(self) -> None:
        """See Lease."""
        if self._file is not None:
            file, self._file = self._file, None
            self._path.unlink(missing_ok=True)
            os.close(file)


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
