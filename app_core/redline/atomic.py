"""Replacing a file all at once: a reader finds the old one or the new one, never half of it."""

import contextlib
import os
import secrets
from pathlib import Path

from .errors import NotWritten


def replace_file(path: Path, data: bytes) -> None:
    """Writes the bytes beside the file, forces them to disk and renames them into its place.

    Raises:
        NotWritten: the disk is full, the folder missing or closed to us; what stood at the path is untouched.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    beside = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        _write_through(beside, data)
        if target.exists():
            beside.chmod(target.stat().st_mode & 0o7777)
        os.replace(beside, target)
        _force_folder(target.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise NotWritten(
            f"{path} was not written: {error.strerror or error}. What stood there before is untouched. Free space or "
            "choose another folder, then try again."
        ) from error


def _write_through(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _force_folder(folder: Path) -> None:
    """Makes the rename itself outlive a power cut, on systems that let a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
