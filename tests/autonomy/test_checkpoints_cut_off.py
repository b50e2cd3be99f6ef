"""Putting files back on a full disk, and killed at each of its steps."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rheostat.autonomy.io import Checkpoints

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "work"
    made.mkdir()
    return made


@pytest.fixture
def checkpoints(tmp_path: Path) -> Checkpoints:
    return Checkpoints(tmp_path / "kept")


def told(folder: Path) -> dict[str, tuple[str, int, bytes | str]]:
    """All that stands in a folder: kind, mode and content by name."""
    found = dict[str, tuple[str, int, bytes | str]]()
    for path in sorted(folder.rglob("*")):
        mode = stat.S_IMODE(path.lstat().st_mode)
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = ("link", 0, os.readlink(path))
        else:
            found[name] = ("folder", mode, "") if path.is_dir() else ("file", mode, path.read_bytes())
    return found


def python(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", source, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)


FULL = """
import resource, signal, sys
from pathlib import Path
from rheostat.autonomy import AutonomyError
from rheostat.autonomy.io import Checkpoint, Checkpoints

kept, what, *paths = sys.argv[1:]
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
checkpoints = Checkpoints(Path(kept))
try:
    if what == "keep":
        checkpoints.begin("key", [Path(path) for path in paths])
    else:
        checkpoints.put_back("key")
except AutonomyError as error:
    print(error)
"""


@pytest.mark.parametrize("what", ["keep", "put back"])
def test_on_a_full_disk_nothing_is_touched(checkpoints: Checkpoints, tmp_path: Path, folder: Path, what: str) -> None:
    small, large = folder / "a.txt", folder / "b.txt"
    small.write_text("small")
    large.write_bytes(b"x" * 5_000)
    if what == "put back":
        checkpoints.begin("key", [small, large])
        small.write_text("new")
        large.write_text("new")
        checkpoints.end("key")
    now = told(folder)
    command = [sys.executable, "-c", FULL, str(tmp_path / "kept"), what, str(small), str(large)]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"PYTHONPATH": str(ROOT)}
    )
    assert ended.returncode == 0, ended.stderr
    assert "File too large" in ended.stdout
    assert "Nothing was" in ended.stdout
    assert told(folder) == now, "not even a file of ours is left beside"
    if what == "put back":
        checkpoints.put_back("key")
        assert large.read_bytes() == b"x" * 5_000


def kill_at_each_step(folder: Path, kept: Path) -> None:
    """Puts files back again and again, each time killed one step later, until it comes to its end."""
    (folder / "gone/deep").mkdir(parents=True)
    (folder / "gone/deep/a.txt").write_text("a")
    os.chmod(folder / "gone/deep", 0o750)
    (folder / "b.txt").write_text("b")
    (folder / "swapped").write_text("a file")
    (folder / "link").symlink_to("b.txt")
    names = ("gone", "b.txt", "swapped", "swapped/in.txt", "link", "new.txt")
    was, steps = told(folder), 0

    def change() -> None:
        shutil.rmtree(folder / "gone")
        (folder / "b.txt").write_text("changed")
        (folder / "swapped").unlink()
        (folder / "swapped").mkdir(mode=0o755)
        (folder / "swapped/in.txt").write_text("new")
        (folder / "link").unlink()
        (folder / "link").symlink_to("elsewhere")
        (folder / "new.txt").write_text("new")

    while True:
        checkpoints = Checkpoints(kept / str(steps))
        checkpoints.begin("key", [folder / name for name in names])
        change()
        checkpoints.end("key")
        steps += 1
        if not was_killed(checkpoints, steps):
            break
        checkpoints.put_back("key")
        assert {name: what for name, what in told(folder).items() if not name.endswith(".tmp")} == was, steps
    assert told(folder) == was
    print(steps)


def was_killed(checkpoints: Checkpoints, step: int) -> bool:
    """Puts back in a child, which is killed when it is about to take a step that changes something."""
    child = os.fork()
    if not child:
        taken = 0

        def counted(call: Callable[..., object]) -> Callable[..., object]:
            def count(*args: object, **named: object) -> object:
                nonlocal taken
                taken += 1
                if taken == step:
                    os.kill(os.getpid(), signal.SIGKILL)
                return call(*args, **named)

            return count

        for name in ("unlink", "rmdir", "mkdir", "symlink", "replace", "chmod"):
            setattr(os, name, counted(getattr(os, name)))
        checkpoints.put_back("key")
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


def test_cut_off_anywhere_it_can_be_called_again(tmp_path: Path, folder: Path) -> None:
    source = "from tests.autonomy.test_checkpoints_cut_off import *; kill_at_each_step(*map(Path, sys.argv[1:]))"
    ended = python(source, str(folder), str(tmp_path / "kept"))
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout) > 8, "it was killed at each of several steps"
