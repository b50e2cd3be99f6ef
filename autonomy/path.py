"""Paths as policies speak of them. Text alone: who reads the disk has followed the links before."""

from posixpath import isabs, normpath
from typing import Annotated

from pydantic import AfterValidator

from .canonical import Text
from .errors import UnfitValue
from .shown import quoted


def _settled(path: str) -> str:
    if path and (not isabs(path) or normpath(path) != path or path.startswith("//") or "\0" in path):
        raise UnfitValue(
            f"{quoted(path)} is not where a path leads. Resolve it first: absolute, links followed, without `..`."
        )
    return path


Path = Annotated[Text, AfterValidator(_settled)]
"""Where a path leads: absolute, links followed, without `..` and doubled slashes; or empty for what is no path."""


def within(path: str, folder: str) -> bool:
    """Whether a settled path is a folder or something in it."""
    return bool(path) and (path == folder or path.startswith(f"{folder.rstrip('/')}/"))
