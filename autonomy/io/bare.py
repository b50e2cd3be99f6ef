"""Runs a command as you, where no sandbox can run. Nothing holds it but its time."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from .ended import Allowance, Ended, Stream
from .wall import TAKEN_OVER

_LEFT_S = 1.0
_TOLD = (*TAKEN_OVER, "HOME", "PATH", "USER")


def run_bare(command: Sequence[str], folder: Path, allowance: Allowance) -> Ended:
    """Runs a command until it ends or its time is up; then all that it started, and that did not hide, is ended."""
    running = subprocess.Popen(
        command,
        cwd=folder,
        env={name: os.environ[name] for name in _TOLD if name in os.environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert running.stdout and running.stderr
    streams = Stream(running.stdout, allowance.output_chars), Stream(running.stderr, allowance.output_chars)
    stopped = ""
    try:
        running.wait(allowance.deadline_s)
    except subprocess.TimeoutExpired:
        stopped = f"It had not ended after {allowance.deadline_s:g} seconds."
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
    # What left its session lives on, and may keep the streams open.
    out, error = (stream.text(_LEFT_S) for stream in streams)
    return Ended(running.wait(), out, error, stopped)
