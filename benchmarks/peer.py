"""Runs a peer in a process of its own, which stays alive between calls so that no start or import is ever timed."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from shutil import which
from typing import Any

LONGEST_ANSWER_S = 120.0


class Peer:
    """A worker in benchmarks/peers: it answers each line of JSON on stdin with one on stdout, and times itself.

    A peer that isn't installed, fails or takes too long answers None from then on, and `trouble` says why.

    Args:
        script: the worker's file in benchmarks/peers.
        environment: the folder that has what it imports, made by `make bench-deps`.
    """

    def __init__(self, script: str, environment: Path) -> None:
        self.trouble = ""
        self._script = script
        self._process: subprocess.Popen[bytes] | None = None
        path = Path(__file__).parent / "peers" / script
        is_node = path.suffix == ".mjs"
        program = which("node") if is_node else str(environment / "bin" / "python")
        if not program or not environment.exists() or not Path(program).exists():
            self.trouble = f"{script}: not installed; run `make bench-deps`."
            return
        self._process = subprocess.Popen(
            [program, str(path), str(environment)] if is_node else [program, "-I", str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=sys.stderr,
            env=os.environ | token_tables(),
        )

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any] | None:
        """The peer's answer."""
        if self._process is None or self._process.stdin is None or self._process.stdout is None:
            return None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
            self._process.stdin.flush()
            ready, _, _ = select.select([self._process.stdout], [], [], LONGEST_ANSWER_S)
            line = self._process.stdout.readline() if ready else b""
            return json.loads(line)
        except (OSError, ValueError) as error:
            self.trouble = f"{self._script}: gave no answer ({type(error).__name__})."
            self.close()
            return None

    def close(self) -> None:
        """Ends the process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


def token_tables() -> dict[str, str]:
    """The setting by which tiktoken finds its tables offline: litellm ships them."""
    from rheostat.app_core.compose import token_tables as folder

    found = folder()
    return {"TIKTOKEN_CACHE_DIR": str(found)} if found else {}
