"""Contents of files, each once, under its SHA-256: on the disk before anybody relies on it."""

import os
from collections.abc import Iterator
from contextlib import suppress
from errno import EDQUOT, EFBIG, ENOSPC
from hashlib import sha256
from pathlib import Path
from secrets import token_hex

from ..errors import NoRoom, NotKept, NotRestored

_PIECE_BYTES = 1 << 20


class Blobs:
    """Contents in a folder, for its owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, pieces: Iterator[bytes]) -> str:
        """Keeps a content; gives its digest. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._folder / f".{token_hex(8)}.tmp"
        try:
            digest = _written(beside, pieces)
            os.replace(beside, self._folder / digest)
        finally:
            with suppress(OSError):
                beside.unlink()
        force_folder(self._folder)
        return digest

    def read(self, digest: str) -> Iterator[bytes]:
        """A content, piece by piece. Raises NotRestored, at its end at the latest, if it is not what was kept."""
        known = sha256()
        try:
            with (self._folder / digest).open("rb") as file:
                while piece := file.read(_PIECE_BYTES):
                    known.update(piece)
                    yield piece
        except FileNotFoundError:
            raise NotRestored("A content that was kept is missing. Nothing was touched.") from None
        if known.hexdigest() != digest:
            raise NotRestored("A content that was kept is damaged. Nothing was touched.")

    def stage(self, digest: str, path: str, mode: int) -> str:
        """Writes a file to where it can be renamed to `path` from; gives that place. Raises OSError or NotRestored."""
        folder = os.path.dirname(path)
        while os.path.islink(folder) or not os.path.isdir(folder):
            folder = os.path.dirname(folder)
        beside = beside_in(folder, path, digest)
        try:
            _written(beside, self.read(digest))
            beside.chmod(mode)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        return str(beside)


def content_of(path: str, blobs: Blobs | None) -> str:
    """SHA-256 of a file's bytes, which go into `blobs`, if given. Raises OSError, or NotKept if it is being changed."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb", buffering=0) as file:
        before = os.fstat(file.fileno())
        pieces = iter(lambda: file.read(_PIECE_BYTES), b"")
        digest = _digest(pieces) if blobs is None else blobs.add(pieces)
        now = os.fstat(file.fileno())
    if (before.st_mtime_ns, before.st_size) != (now.st_mtime_ns, now.st_size):
        raise NotKept(path, "it was changed while it was read")
    return digest


def beside_in(folder: str, path: str, content: str) -> Path:
    """A free place in a folder for what is about to be renamed to `path`.

    It is always the same one, so that what a crash left behind is not left behind for ever.
    """
    name = sha256(f"{path}\n{content}".encode()).hexdigest()[:16]
    beside = Path(folder) / f".rheostat-{name}.tmp"
    beside.unlink(missing_ok=True)
    return beside


def place_of(path: Path) -> str:
    """Where a path leads, but for its last part, which may be a link itself."""
    if path.name in ("", ".."):
        return os.path.realpath(path)
    return os.path.join(os.path.realpath(path.parent), path.name)


def read_or_none(path: Path) -> bytes | None:
    """The bytes of a file of ours; None if there is none. Raises NotKept if it can't be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise not_kept(str(path), error) from error


def not_kept(path: str, error: OSError) -> NotKept:
    """What to say if something at a path can't be kept."""
    kind = NoRoom if error.errno in (ENOSPC, EDQUOT, EFBIG) else NotKept
    return kind(path, error.strerror or str(error))


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file of ours, whole or not at all. Raises NotKept."""
    beside = path.with_name(f".{token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _written(beside, iter([data]))
        os.replace(beside, path)
        force_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise not_kept(str(path), error) from error


def force_folder(folder: str | Path) -> None:
    """Makes what was renamed in a folder outlive a power cut, on systems that let a folder be opened."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _written(path: Path, pieces: Iterator[bytes]) -> str:
    """Writes a new file through to the disk; gives the digest of what was written."""
    known = sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        for piece in pieces:
            known.update(piece)
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    return known.hexdigest()


def _digest(pieces: Iterator[bytes]) -> str:
    known = sha256()
    for piece in pieces:
        known.update(piece)
    return known.hexdigest()
