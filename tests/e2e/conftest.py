"""The command line as a person meets it: real processes, a real terminal, a real store; only the model is scripted."""

import codecs
import fcntl
import json
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
FOREVER_S = "600"
ESCAPES = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][AB012])")

LETTERS = '''
"""An app: a letter to each guest, which a person may look at before it goes out."""
import os
import sys
import time
from pathlib import Path

from rheostat import App
from rheostat.app_core.testing import ScriptedGateway

HERE = Path(__file__).parent


def note(file: str, line: str) -> None:
    with (HERE / file).open("a") as opened:
        opened.write(line + "\\n")


class Noted(ScriptedGateway):
    async def chat(self, request, on_text=None):
        note("calls.txt", request.model)
        return await super().chat(request, on_text)


def answer(request):
    return "Dear guest,\\n\\nwelcome.\\n\\nYour hosts"


app = App("letters", gateway=Noted(answer, delay_s=float(os.environ.get("DELAY_S", "0"))))


@app.llm
def write(name: str) -> str:
    """Write a letter."""
    ...


@app.tool(risk="outward", control=["to"])
def send(to: str, text: str, copies: int) -> str:
    note("sent.txt", f"{to}: {text!r} x{copies}")
    time.sleep(float(os.environ.get("SLOW_S", "0")))
    return to


@app.tool(risk="outward", control=["to"])
def order(to: str, copies: int) -> str:
    note("sent.txt", f"{copies} copies for {to}")
    return to


@app.tool(risk="outward", control=["to"], parts="notes")
def post(to: str, notes: list[str]) -> str:
    note("sent.txt", f"{to}: {', '.join(notes)}")
    return to


@app.workflow
def posts(names: list[str]) -> list[str]:
    return post.each(names, ["one", "two", "three"])


@app.workflow
def orders(names: list[str]) -> list[str]:
    return order.each(names, 1)


@app.workflow
def letter(name: str) -> str:
    return send(name, write(name), 1)


@app.workflow
def letters(names: list[str]) -> list[str]:
    return letter.each(names)


if __name__ == "__main__":
    workflow = app.declared[sys.argv[1]]
    run = app.run(workflow, names=sys.argv[2:], model="scripted", budget_usd=1.0)
    print(run.id)
'''


class Terminal:
    """A process at a terminal of its own, of 80 by 40 characters."""

    def __init__(self, command: list[str], folder: Path, environment: dict[str, str], stdout: Path | None) -> None:
        self._ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
        # The shell leads a new session, so the terminal that it opens becomes the one whose Ctrl-C it gets.
        opened = f"0<>{os.ttyname(theirs)} 2>&0 >{stdout or '&0'}"
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" {opened}', "sh", *command],
            cwd=folder,
            env={**environment, "TERM": "xterm-256color"},
            stdin=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._unread = ""
        self.seen = ""

    def expect(self, text: str) -> str:
        """Waits until `text` is on the screen, after what was waited for before; gives what came up to it."""
        until = time.monotonic() + PATIENCE_S
        while text not in self._unread:
            if not self._read(until - time.monotonic()):
                raise AssertionError(f"{text!r} never came. The screen:\n{self.seen}")
        before, _, self._unread = self._unread.partition(text)
        return before

    def send(self, keys: str) -> None:
        """Types."""
        os.write(self._ours, keys.encode())

    def ends(self) -> int:
        """Waits for the end; gives the exit code."""
        until = time.monotonic() + PATIENCE_S
        while self._read(until - time.monotonic()):
            pass
        return self.process.wait(max(1.0, until - time.monotonic()))

    def kill(self) -> None:
        """kill -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Ends what still runs."""
        if self.process.poll() is None:
            self.kill()
        os.close(self._ours)

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._ours], [], [], max(0.0, timeout_s))[0]:
            return False
        try:
            came = os.read(self._ours, 65536)
        except OSError:  # nobody holds the other end any more
            return False
        self.seen += self._decoder.decode(came)
        read = ESCAPES.sub("", self.seen).replace("\r\n", "\n")
        self._unread = read[len(self._shown) - len(self._unread) :] if self._shown else read
        self._shown = read
        return bool(came)

    _shown = ""


class Desk:
    """A folder with the letters app, and a home of its own for the runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._terminals: list[Terminal] = []
        self._scripts: list[subprocess.Popen[bytes]] = []
        (folder / "letters.py").write_text(LETTERS)
        left_out = {"EDITOR", "VISUAL", "NO_COLOR", "COLUMNS", "DELAY_S"}
        self.environment = {name: value for name, value in os.environ.items() if name not in left_out}
        self.environment |= {"PYTHONPATH": str(ROOT), "RHEOSTAT_HOME": str(folder / "home")}

    def start(self, *names: str, workflow: str = "letters") -> str:
        """Runs the app with nobody to ask; gives the run's id."""
        return self._python("letters.py", workflow, *names).stdout.strip()

    def cli(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        """Runs `rheostat` without a terminal."""
        return self._python("-m", "rheostat.app_core.entrypoints.cli", *arguments, **environment)

    def json(self, *arguments: str) -> Any:
        """Runs `rheostat ... --json`; gives the document."""
        return json.loads(self.cli(*arguments, "--json").stdout)

    def terminal(self, *arguments: str, stdout: Path | None = None, **environment: str) -> Terminal:
        """Runs `rheostat` at a terminal."""
        command = [sys.executable, "-m", "rheostat.app_core.entrypoints.cli", *arguments]
        opened = Terminal(command, self.folder, {**self.environment, **environment}, stdout)
        self._terminals.append(opened)
        return opened

    def lines(self, file: str) -> list[str]:
        """What the app wrote down: `calls.txt` of its model, `sent.txt` of its tool."""
        path = self.folder / file
        return path.read_text().splitlines() if path.exists() else []

    def kill_while_it_calls_its_model(self, *names: str) -> None:
        """Starts a run whose model takes forever, and ends its process by kill -9 once it has been called."""
        command = [sys.executable, "letters.py", "letters", *names]
        environment = {**self.environment, "DELAY_S": FOREVER_S}
        self._scripts.append(subprocess.Popen(command, cwd=self.folder, env=environment, stdin=subprocess.DEVNULL))
        self.until_written("calls.txt", len(names))
        self._scripts[-1].kill()
        self._scripts[-1].wait()

    def until_written(self, file: str, lines: int) -> None:
        """Waits until the app has written down so many lines."""
        self._until(lambda: len(self.lines(file)) >= lines)

    def until_done(self, run: str, node: str) -> None:
        """Waits until a node's end is in the Log."""
        self._until(lambda: self.json("show", run)["nodes"][node]["status"] == "done")

    def _until(self, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            assert time.monotonic() < until, "it never came to that"
            time.sleep(0.02)

    def close(self) -> None:
        """Ends what still runs."""
        for terminal in self._terminals:
            terminal.close()
        for script in self._scripts:
            script.kill()
            script.wait()

    def _python(self, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.close()
