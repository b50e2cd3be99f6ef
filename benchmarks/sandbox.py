"""Runs a program that a model wrote against tests: in a process of its own, with limits, and walled off where possible.

bubblewrap, where it works, leaves the process no network, no files but the interpreter's and an empty folder. Elsewhere
it runs as you, under the same limits of time, memory and file size.
"""

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WALL_S, CPU_S = 5.0, 3
MEMORY_BYTES, FILE_BYTES = 512 << 20, 1 << 20

_PYTHON = (os.path.realpath(sys.executable), "-I", "-S", "-c")

_RUNNER = """
import json, os, resource, sys
resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
given = json.load(sys.stdin)
told, nothing = os.dup(1), os.open(os.devnull, os.O_RDWR)
for stream in (0, 1, 2):
    os.dup2(nothing, stream)

def tell(about, error=None):
    said = None if error is None else f"{type(error).__name__}: {error}"[:300]
    os.write(told, (given["word"] + json.dumps([about, said]) + "\\n").encode())

names = {"__name__": "answer"}
try:
    exec(compile(given["program"], "answer", "exec"), names)
except BaseException as error:
    tell("the program", error)
    os._exit(0)
for test in given["tests"]:
    try:
        exec(test, names)
        tell(test)
    except BaseException as error:
        tell(test, error)
os._exit(0)
"""


@dataclass(frozen=True)
class Verdict:
    """How many of the tests passed, and what went wrong with the first that did not."""

    passed: int
    tests: int
    trouble: str = ""

    @property
    def share(self) -> float:
        """Of the tests that passed."""
        return self.passed / self.tests


def judge(program: str, tests: Sequence[str]) -> Verdict:
    """Runs a program, then each test, a Python statement, among its names.

    What the program prints is dropped. A test that is not come to within the limits has failed.
    """
    word = secrets.token_hex(8)  # so that nothing that the program writes passes for a result
    given = json.dumps({"program": program, "tests": list(tests), "word": word})
    limits = f"CPU_S, MEMORY_BYTES, FILE_BYTES = {CPU_S}, {MEMORY_BYTES}, {FILE_BYTES}\n"
    written = _ran([*_wall(), *_PYTHON, limits + _RUNNER], given)
    lines = [line for line in written.splitlines() if line.startswith(word)]
    told: list[tuple[str, str | None]] = [tuple(json.loads(line.removeprefix(word))) for line in lines]
    trouble = next((f"{about}: {error}" for about, error in told if error is not None), "")
    passed = sum(error is None for _, error in told)
    if not trouble and passed < len(tests):
        trouble = f"{tests[passed]}: took too long, or ended the process"
    return Verdict(passed, len(tests), trouble)


def _ran(command: Sequence[str], given: str) -> str:
    """What a command wrote until it ended or its time was up. Into a file: a pipe stays open in a process it left."""
    with tempfile.TemporaryFile() as asked, tempfile.TemporaryFile() as written:
        asked.write(given.encode())
        asked.seek(0)
        streams: dict[str, Any] = {"stdin": asked, "stdout": written, "stderr": subprocess.DEVNULL}
        running = subprocess.Popen(command, **streams, env={}, start_new_session=True)
        try:
            running.wait(WALL_S)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
        written.seek(0)
        return written.read().decode(errors="replace")


def is_walled_off() -> bool:
    """Whether bubblewrap works here."""
    return bool(_wall())


@cache
def _wall() -> tuple[str, ...]:
    """What to put before a command so that bubblewrap runs it; nothing where that does not work."""
    bubblewrap = shutil.which("bwrap")
    if not bubblewrap:
        return ()
    shown = {str(path) for path in map(Path, ("/usr", "/lib", "/lib64", "/bin", sys.base_prefix)) if path.exists()}
    binds = [part for path in sorted(shown) for part in ("--ro-bind", path, path)]
    alone = ["--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev"]
    wall = (bubblewrap, *binds, *alone, "--tmpfs", "/tmp", "--chdir", "/tmp")
    tried = subprocess.run([*wall, *_PYTHON, ""], capture_output=True, check=False)
    return wall if tried.returncode == 0 else ()
