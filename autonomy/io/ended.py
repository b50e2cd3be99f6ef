"""What a command may take, and what it says until it ends."""

import os
import threading
from dataclasses import dataclass
from typing import IO


@dataclass(frozen=True)
class Allowance:
    """How much one command may take. What takes more is stopped, and nothing of what it did is kept.

    Args:
        deadline_s: seconds it may run.
        memory_mb: megabytes of memory: of one process, which is then refused more, and of all together.
        processes: at the same time.
        file_mb: size of one file.
        written_mb: what it may write to its folder; as much again goes into /tmp.
        changes: paths that it may leave different.
        output_chars: of each stream that are kept: its beginning and its end.
    """

    deadline_s: float = 60.0
    memory_mb: int = 2048
    processes: int = 128
    file_mb: int = 256
    written_mb: int = 512
    changes: int = 2000
    output_chars: int = 20_000


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said. `stopped` is a sentence if it was stopped, and then nothing counts."""

    exit_code: int
    stdout: str
    stderr: str
    stopped: str = ""


class Stream:
    """What comes out of a pipe: its beginning and its end, however much there is."""

    def __init__(self, pipe: IO[bytes], most: int) -> None:
        self._half = max(1, most // 2)
        self._start, self._end, self._count = bytearray(), bytearray(), 0
        self._thread = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._thread.start()

    def text(self, within_s: float | None = None) -> str:
        """All of it that was kept, once the pipe is closed, or so much time has gone by."""
        self._thread.join(within_s)
        left_out = self._count - len(self._start) - len(self._end)
        gap = f"\n[... {left_out} bytes are left out here ...]\n" if left_out else ""
        return self._start.decode(errors="replace") + gap + self._end.decode(errors="replace")

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            while piece := os.read(pipe.fileno(), 1 << 16):
                self._count += len(piece)
                room = self._half - len(self._start)
                self._start += piece[:room]
                self._end = (self._end + piece[room:])[-self._half :] if len(piece) > room else self._end
