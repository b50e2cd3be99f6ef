"""What a command wrote into the layer above its folder: which paths would stand differently, and which may not."""

import os
from collections.abc import Iterable, Iterator, Mapping
from math import inf
from pathlib import Path, PurePosixPath
from shutil import rmtree
from stat import S_IMODE, S_ISCHR, S_ISDIR

from ..path import within
from ..shown import quoted
from .checkpoints import Checkpoint, Checkpoints, Kept

FIXED = (
    ".git/hooks",
    ".git/config",
    ".bash_login",
    ".bash_profile",
    ".bashrc",
    ".envrc",
    ".gitconfig",
    ".gitmodules",
    ".idea",
    ".mcp.json",
    ".profile",
    ".ssh",
    ".vscode",
    ".zlogin",
    ".zprofile",
    ".zshenv",
    ".zshrc",
)
"""What other programs run, unasked, when they come by. A command does not write it."""

_LEAST_BYTES = 1024
"""What a name on the disk takes at least, about."""

_FIXED_NAMES = frozenset(name for name in FIXED if "/" not in name)
_FIXED_IN_GIT = frozenset({"commondir", "config", "config.worktree", "gitdir"})


class Layer:
    """The upper part of an overlay, once nobody writes to it any more.

    Args:
        upper: the folder that holds it.
        folder: the one below, which was not written to.
    """

    def __init__(self, upper: Path, folder: Path) -> None:
        self._upper, self._folder = str(upper), str(folder)

    def changes(self, most: int) -> Mapping[str, str | None]:
        """By path in the folder, what would stand there instead; None where nothing would. At most `most`, and one."""
        found = dict[str, str | None]()
        for path, instead in self._written(self._upper, self._folder):
            found[path] = instead
            if len(found) > most:
                break
        return found

    def kept(self, changes: Mapping[str, str | None], keep: Checkpoints) -> tuple[Checkpoint, Checkpoint]:
        """What stands in the folder, and what would instead, without what comes to the same.

        Raises NotKept if something can't be read, or is neither file nor folder nor link.
        """
        # Below what is a link until now nothing of ours stands, whatever that link leads to.
        direct = [Path(path) for path in changes if os.path.realpath(os.path.dirname(path)) == os.path.dirname(path)]
        stands = {path: Kept(path=path, kind="nothing") for path in changes}
        stands |= {each.path: each for each in keep.keep(direct).kept if each.path in changes}
        there = [Path(instead) for instead in changes.values() if instead and not _is_folder(instead)]
        read = {each.path: each for each in keep.keep(there).kept}
        instead = {path: _at(path, place, read) for path, place in changes.items()}
        different = [path for path in sorted(changes) if stands[path] != instead[path]]
        return (
            Checkpoint(kept=tuple(stands[path] for path in different)),
            Checkpoint(kept=tuple(instead[path] for path in different)),
        )

    def _written(self, upper: str, below: str) -> Iterator[tuple[str, str | None]]:
        """Everything in one folder of the layer, and in the folders in it."""
        names = sorted(os.listdir(upper))
        for name in names:
            place, under = os.path.join(upper, name), os.path.join(below, name)
            state = os.lstat(place)
            if S_ISCHR(state.st_mode) and state.st_rdev == 0:
                yield from _gone(under)
            elif S_ISDIR(state.st_mode):
                yield from self._folder_written(place, under, S_IMODE(state.st_mode))
            else:
                yield under, place
                yield from _gone_inside(under)
        if _hides_what_is_below(upper):
            for name in sorted(set(_listed(below)) - set(names)):
                yield from _gone(os.path.join(below, name))

    def _folder_written(self, place: str, under: str, mode: int) -> Iterator[tuple[str, str | None]]:
        if not _is_folder(under) or S_IMODE(os.lstat(under).st_mode) != mode:
            yield under, place
        yield from self._written(place, under)


def unfit(folder: str, base: Checkpoint, target: Checkpoint, shown: Iterable[str], since_ns: int) -> Iterator[str]:
    """Why changes may not be made in earnest, a sentence each.

    Args:
        folder: where they belong.
        base, target: what stands there, and what would.
        shown: folders outside that the command could read: a link may lead there.
        since_ns: when the command began. What changed after that, changed under its hands.
    """
    for stands, instead in zip(base.kept, target.kept, strict=True):
        path = os.path.relpath(instead.path, folder)
        if is_fixed(path):
            yield f"{quoted(path)} is run or believed by other programs, so no command may write it."
        if instead.kind == "link" and not _stays(path, instead.content, folder, shown):
            yield f"The link {quoted(path)} would lead out of the folder, to {quoted(instead.content)}."
        if stands.kind != "nothing" and _changed_ns(stands.path) > since_ns:
            yield f"{quoted(path)} was changed by somebody else while the command ran."


def is_fixed(path: str) -> bool:
    """Whether a path in the folder is one that other programs run or believe when they come by."""
    parts = PurePosixPath(path).parts
    if ".git" in parts:
        inside = parts[parts.index(".git") + 1 :]
        return "hooks" in inside or bool(inside and inside[-1] in _FIXED_IN_GIT)
    # A HEAD beside `objects` makes any folder a repository, with settings of its own.
    return parts[-1] == "HEAD" or not _FIXED_NAMES.isdisjoint(parts)


def _stays(path: str, target: str, folder: str, shown: Iterable[str]) -> bool:
    """Whether a link leads to what the command could see.

    Only leading `..` are read: behind a name, which may itself be a link, they lead nobody knows where.
    """
    parts = PurePosixPath(target).parts
    climbing = next((number for number, part in enumerate(parts) if part != ".."), len(parts))
    if ".." in parts[climbing:]:
        return False
    leads = os.path.normpath(os.path.join(folder, os.path.dirname(path), target))
    return any(within(leads, place) for place in (folder, *shown))


def _at(path: str, place: str | None, read: Mapping[str, Kept]) -> Kept:
    """What would stand at a path. It is never given to run as its owner (setuid)."""
    if place is None:
        return Kept(path=path, kind="nothing")
    if _is_folder(place):
        return Kept(path=path, kind="folder", mode=S_IMODE(os.lstat(place).st_mode) & 0o777)
    known = read[place]
    return known.model_copy(update={"path": path, "mode": known.mode & 0o777})


def _changed_ns(path: str) -> float:
    try:
        return os.lstat(path).st_ctime_ns
    except FileNotFoundError:
        return inf


def _gone(under: str) -> Iterator[tuple[str, None]]:
    if os.path.lexists(under):
        yield under, None
        yield from _gone_inside(under)


def _gone_inside(under: str) -> Iterator[tuple[str, None]]:
    for name in _listed(under):
        yield from _gone(os.path.join(under, name))


def _listed(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if _is_folder(folder) else []


def _is_folder(place: str) -> bool:
    try:
        return S_ISDIR(os.lstat(place).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _hides_what_is_below(upper: str) -> bool:
    try:
        return os.getxattr(upper, "user.overlay.opaque", follow_symlinks=False) == b"y"
    except OSError:
        return False


def discard(folder: Path) -> None:
    """Removes a layer with all that is in it, whatever permissions the command gave that."""
    for place, folders, _ in os.walk(folder):
        for name in folders:
            inside = os.path.join(place, name)
            if not os.path.islink(inside):
                os.chmod(inside, 0o700)
    if folder.is_dir():
        rmtree(folder)


def bytes_in(folder: Path) -> int:
    """How much a layer takes of the disk, as far as it can be read while it is being written. An empty file is some."""
    total = 0
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            try:
                total += max(os.lstat(os.path.join(place, name)).st_blocks * 512, _LEAST_BYTES)
            except OSError:
                continue  # it is gone again
    return total
