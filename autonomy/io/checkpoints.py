"""Files as they were before an effect, by content, so that they can be put back: these, and nothing beside them."""

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from errno import ELOOP
from hashlib import sha256
from pathlib import Path
from stat import S_IMODE, S_ISDIR, S_ISLNK, S_ISREG
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..errors import ChangedSince, NotKept, NotRestored
from .blobs import Blobs, beside_in, content_of, force_folder, not_kept, place_of, read_or_none, write_whole

_NEW_FOLDER = 0o700
"""How a folder is made before what belongs in it is there."""


class Kept(BaseModel):
    """What stood at one path.

    Args:
        path: absolute; all of it but the last part has been followed.
        kind: "nothing" if there was none.
        mode: its permission bits; 0 for links.
        content: SHA-256 of a file's bytes, or where a link points.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    kind: Literal["file", "link", "folder", "nothing"]
    mode: int = 0
    content: str = ""


class Checkpoint(BaseModel):
    """What stood at some paths at one moment. The bytes of files are in the Checkpoints that made it."""

    model_config = ConfigDict(frozen=True)

    kept: tuple[Kept, ...]


class _Change(BaseModel):
    """What an effect was about to change, and how it left it; None until it has ended."""

    before: Checkpoint
    after: Checkpoint | None = None


class Checkpoints:
    """Keeps files as they are, in a folder of its own, and puts them back. Several processes may share it.

    Contents, permission bits, links and what was not there are kept; times, owners, extended attributes and hard links
    are not. Every file is kept once, however often it comes, and stays until its owner removes the folder.

    Args:
        folder: made on first use, for its owner alone.
    """

    def __init__(self, folder: Path) -> None:
        self._blobs = Blobs(folder / "contents")
        self._changes = folder / "changes"

    def keep(self, paths: Iterable[Path]) -> Checkpoint:
        """Keeps what stands at paths: files, links, whole folders with all that is in them, or nothing.

        Raises:
            NotKept: one can't be read, is no such thing or changed while it was read, or there is no room for it.
        """
        found = sorted({each for path in paths for each in _all_of(path)})
        return Checkpoint(kept=tuple(_seen(path, self._blobs) for path in found))

    def after(self, before: Checkpoint) -> Checkpoint:
        """How the same paths stand now: what `restore` is to expect. Raises NotKept if one can't be read."""
        return Checkpoint(kept=tuple(_seen(each.path) for each in before.kept))

    def restore(self, before: Checkpoint, *, expected: Checkpoint) -> tuple[Path, ...]:
        """Puts back what stood at the paths of a checkpoint. No other path is touched.

        All is looked at, and every content is on its disk, before the first path is changed. Folders that were made
        since are removed only when they are empty. If it is cut off, it can be called again.

        Args:
            before: what is to stand there again.
            expected: how the effect left the same paths, as `after` told it then.

        Returns:
            The paths that were changed.

        Raises:
            ChangedSince: something has changed after the effect; nothing was touched.
            NotRestored: a content is missing or damaged, the disk is full or the system refused; it says what was done.
        """
        left = {each.path: each for each in expected.kept}
        now = {each.path: each for each in self.after(before).kept}
        todo = [each for each in before.kept if now[each.path] != each]
        changed = [each.path for each in todo if not _may_go(now[each.path], left.get(each.path), each)]
        changed += [path for path in _in_the_way(todo, now) if path not in changed]
        if changed:
            raise ChangedSince(changed)
        return _put_back(todo, now, self._blobs)

    def begin(self, key: str, paths: Iterable[Path]) -> None:
        """Keeps what an effect is about to change.

        Done again under its key, because it was cut off or failed, the effect keeps what stood there the first time;
        unless others have changed it after that.

        Args:
            key: the effect's idempotency key.
            paths: as for `keep`.

        Raises:
            NotKept: as `keep`; the effect must not begin.
        """
        written = read_or_none(self._file(key))
        known = None if written is None else _Change.model_validate_json(written)
        if known is not None and known.after in (None, self.after(known.before)):
            self._write(key, _Change(before=known.before))
        else:
            self._write(key, _Change(before=self.keep(paths)))

    def end(self, key: str) -> None:
        """Keeps how an effect left what it changed. Raises NotKept."""
        before = self._change(key).before
        self._write(key, _Change(before=before, after=self.after(before)))

    def changed(self, key: str) -> tuple[Checkpoint, Checkpoint]:
        """What stood there before an effect, and how it left it.

        Raises NotRestored if either was never kept under this key.
        """
        change = self._change(key)
        if change.after is None:
            raise NotRestored(
                "How the effect left the files was never kept: it was cut off, or the disk was full. So nobody can "
                "tell what others did to them since. Nothing was touched."
            )
        return change.before, change.after

    def put_back(self, key: str) -> tuple[Path, ...]:
        """Puts back what stood there before an effect. Returns and raises as `restore`."""
        before, after = self.changed(key)
        return self.restore(before, expected=after)

    def content(self, kept: Kept) -> bytes:
        """The bytes of a file that was kept, for showing a difference. Raises NotRestored if they are damaged."""
        return b"".join(self._blobs.read(kept.content))

    def _file(self, key: str) -> Path:
        return self._changes / f"{sha256(key.encode()).hexdigest()}.json"

    def _change(self, key: str) -> _Change:
        written = read_or_none(self._file(key))
        if written is None:
            raise NotRestored("What stood there before was never kept, or its folder is gone. Nothing was touched.")
        return _Change.model_validate_json(written)

    def _write(self, key: str, change: _Change) -> None:
        write_whole(self._file(key), change.model_dump_json().encode())


def _all_of(path: Path) -> Iterable[str]:
    """A path with what is in it, and the folders above it that are missing: a tool may make them."""
    place = place_of(path)
    yield place
    if ".." not in path.parts:
        yield os.path.abspath(path)  # if a link on the way there becomes a folder, this is where the path leads then
    above = os.path.dirname(place)
    while not os.path.lexists(above):
        yield above
        above = os.path.dirname(above)
    try:
        inside = list(os.walk(place, onerror=_raised)) if os.path.isdir(place) and not os.path.islink(place) else []
    except OSError as error:
        raise not_kept(place, error) from error
    for folder, folders, files in inside:
        yield from (os.path.join(folder, name) for name in (*folders, *files))


def _raised(error: OSError) -> None:
    raise error


def _seen(path: str, blobs: Blobs | None = None) -> Kept:
    """What stands at a path now; a file's bytes go into `blobs`, if given."""
    try:
        path.encode()
        if os.path.realpath(os.path.dirname(path)) != os.path.dirname(path):
            return Kept(path=path, kind="nothing")  # a link on the way there leads elsewhere by now
        state = os.lstat(path)
        mode = S_IMODE(state.st_mode)
        if S_ISLNK(state.st_mode):
            return Kept(path=path, kind="link", content=os.readlink(path))
        if S_ISDIR(state.st_mode):
            return Kept(path=path, kind="folder", mode=mode)
        if S_ISREG(state.st_mode):
            return Kept(path=path, kind="file", mode=mode, content=content_of(path, blobs))
    except (FileNotFoundError, NotADirectoryError):
        return Kept(path=path, kind="nothing")
    except UnicodeEncodeError:
        raise NotKept(os.fsencode(path).decode(errors="replace"), "its name is no text") from None
    except OSError as error:
        if error.errno == ELOOP:  # the way there is a link to itself
            return Kept(path=path, kind="nothing")
        raise not_kept(path, error) from error
    raise NotKept(path, "it is neither a file nor a folder nor a link")


def _may_go(now: Kept, left: Kept | None, wanted: Kept) -> bool:
    """Whether nothing of value is lost with what stands there now."""
    if left is None or now == left:
        return left is not None
    # Between a folder and something else there is a moment in which a restore may have been cut off.
    cut_off = now.kind == "nothing" or (now.kind == "folder" and now.mode == _NEW_FOLDER)
    return cut_off and "folder" in (left.kind, wanted.kind)


def _in_the_way(todo: Sequence[Kept], now: Mapping[str, Kept]) -> Iterable[str]:
    """Folders that have to make room for a file or link, and hold what nobody has kept."""
    going = {each.path for each in todo if each.kind == "nothing"}
    for each in todo:
        if now[each.path].kind == "folder" and each.kind in ("file", "link"):
            inside = (os.path.join(each.path, name) for name in os.listdir(each.path))
            yield from (path for path in inside if path not in going)


def _put_back(todo: Sequence[Kept], now: Mapping[str, Kept], blobs: Blobs) -> tuple[Path, ...]:
    staged, done = dict[str, str](), list[str]()
    try:
        for each in todo:
            if each.kind == "file" and (now[each.path].kind, now[each.path].content) != ("file", each.content):
                staged[each.path] = blobs.stage(each.content, each.path, each.mode)
        for each in reversed(todo):  # what is in a folder before the folder itself
            if _gives_way(now[each.path], each):
                _remove(each.path)
        for each in todo:
            _make(each, staged.get(each.path))
            done.append(each.path)
        for each in reversed(todo):  # a folder may be closed to writing, so this comes last
            if each.kind == "folder":
                os.chmod(each.path, each.mode)
        for folder in sorted({os.path.dirname(each.path) for each in todo}):
            force_folder(folder)
    except OSError as error:
        raise NotRestored(_how_far(error, done, [each.path for each in todo])) from error
    finally:
        for beside in staged.values():
            with suppress(OSError):
                os.unlink(beside)
    return tuple(Path(each.path) for each in todo)


def _gives_way(now: Kept, wanted: Kept) -> bool:
    """Whether what stands there has to be removed, rather than replaced in one step."""
    return now.kind != "nothing" and (
        wanted.kind == "nothing" or (now.kind == "folder") is not (wanted.kind == "folder")
    )


def _remove(path: str) -> None:
    _check_way(path)
    if not os.path.isdir(path) or os.path.islink(path):
        with suppress(FileNotFoundError):
            os.unlink(path)
        return
    try:
        os.rmdir(path)
    except OSError:
        if not os.listdir(path):  # else somebody has put something in it meanwhile, and it stays
            raise


def _make(kept: Kept, staged: str | None) -> None:
    if kept.kind == "nothing":
        return
    _check_way(kept.path)
    if kept.kind == "folder":
        with suppress(FileExistsError):
            os.mkdir(kept.path, _NEW_FOLDER)
    elif kept.kind == "link":
        beside = beside_in(os.path.dirname(kept.path), kept.path, kept.content)
        os.symlink(kept.content, beside)
        os.replace(beside, kept.path)
    elif staged is not None:
        os.replace(staged, kept.path)
    else:
        os.chmod(kept.path, kept.mode)


def _check_way(path: str) -> None:
    folder = os.path.dirname(path)
    if os.path.realpath(folder) != folder:
        raise OSError(f"{folder} leads elsewhere by now")


def _how_far(error: OSError, done: Sequence[str], wanted: Sequence[str]) -> str:
    why = error.strerror or str(error)
    left = [path for path in wanted if path not in done]
    if not done:
        return f"Nothing was put back: {why}. Nothing was touched. Mend that, then undo again."
    return f"Not all was put back: {why}. Still to do: {', '.join(left) or 'permissions'}. Mend that, then undo again."
