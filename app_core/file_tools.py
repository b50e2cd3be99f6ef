"""Tools that change the text files of one folder: shown before, accepted piece by piece, put back on demand."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, PlainSerializer

from rheostat.autonomy import Json, quoted

from .declare import Tool
from .kept_files import pieces_of
from .redline import NotWritten
from .redline.atomic import replace_file
from .run_errors import AppFailed


class FileTools(NamedTuple):
    """What `App.files` declares.

    Args:
        write: `write_file(path, text)`: makes a text file, with the folders above it, or gives it other contents.
        replace: `replace_in_file(path, old, new)`: puts `new` where `old` stands, which it must do exactly once.
        delete: `delete_file(path)`.
    """

    write: Tool[Path, [str], str]
    replace: Tool[Path, [str, str], str]
    delete: Tool[Path, [], str]


def file_tools(tool: Callable[..., Any], root: Path) -> FileTools:
    """Declares the tools for the files of one folder; `tool` is the app's."""
    folder = Path(os.path.realpath(root))

    def text_at(path: Path) -> str:
        return _text(_inside(folder, path))

    def write_file(path: Path, text: str) -> str:
        """Writes a text file: a new one, or all of an old one."""
        return _write(_inside(folder, path), text)

    def replace_in_file(path: Path, old: str, new: str) -> str:
        """Puts a new passage into a text file, in place of an old one that stands there exactly once."""
        file = _inside(folder, path)
        return _write(file, _replaced(file, old, new))

    def delete_file(path: Path) -> str:
        """Deletes a file."""
        file = _inside(folder, path)
        if not file.is_file():
            raise AppFailed(f"{file} was not deleted.", "There is no such file.")
        file.unlink()
        return f"{file} is deleted."

    def shown_write(path: Path, text: str) -> Json:
        return _shown("Write", _inside(folder, path), text)

    def shown_replace(path: Path, old: str, new: str) -> Json:
        file = _inside(folder, path)
        return _shown("Change", file, _replaced(file, old, new))

    def shown_delete(path: Path) -> Json:
        return _shown("Delete", _inside(folder, path), "")

    def declared(function: Callable[..., str], preview: Callable[..., Json], **options: Any) -> Any:
        # Its values are where they lead, so that a person, a rule and a grant see the same as the disk.
        function.__annotations__["path"] = Annotated[Path, AfterValidator(_at(folder)), PlainSerializer(_led(folder))]
        return tool(risk="local", control=["path"], changes=["path"], preview=preview, **options)(function)

    return FileTools(
        declared(write_file, shown_write, parts={"text": text_at}),
        declared(replace_in_file, shown_replace),
        declared(delete_file, shown_delete),
    )


def _at(folder: Path) -> Callable[[Path], Path]:
    """Makes a path out of what a model or a person wrote. Raises ValueError if it leads out of the folder."""

    def validated(given: Path) -> Path:
        try:
            return _inside(folder, given)
        except AppFailed as error:
            raise ValueError(str(error)) from None

    return validated


def _led(folder: Path) -> Callable[[Path], str]:
    def led(path: Path) -> str:
        try:
            return os.path.realpath(folder / path)
        except ValueError:  # no path at all; the tool will say so
            return str(path)

    return led


def _inside(folder: Path, path: Path) -> Path:
    """Where a path leads. Raises AppFailed if that is not a place for a file in the folder."""
    named = folder / path
    if "\0" in str(path):
        raise AppFailed(f"{quoted(str(path))} was left alone.", "It is no path.")
    file = Path(os.path.realpath(named))
    if folder not in file.parents:
        raise AppFailed(f"{path} was left alone.", f"It leads to {file}, which is not in {folder}.")
    if named.is_symlink() or file.is_dir():
        what = "a link" if named.is_symlink() else "a folder"
        raise AppFailed(f"{path} was left alone.", f"It is {what}, and only files are written here.", "Name a file.")
    return file


def _text(file: Path) -> str:
    """What stands in a file; "" if there is none."""
    try:
        return file.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError:
        raise AppFailed(f"{file} was left alone.", "It is no text in UTF-8, so nobody could see the change.") from None


def _replaced(file: Path, old: str, new: str) -> str:
    text = _text(file)
    if not old or text.count(old) != 1:
        times = f"{text.count(old)} times" if old else "everywhere, being empty"
        raise AppFailed(f"{file} was left alone.", f"The old passage stands there {times}, and not exactly once.")
    return text.replace(old, new)


def _write(file: Path, text: str) -> str:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, text.encode())
    except NotWritten as error:  # it is sure that nothing happened, so the run may go on without
        raise AppFailed(str(error)) from None
    return f"{file} is written."


def _shown(what: str, file: Path, text: str) -> Json:
    pieces = pieces_of(_text(file).splitlines(True), text.splitlines(True))
    return {"title": f"{what} {file.name}", "facts": {"file": str(file)}, "diff": pieces}
