"""What the type of a parameter tells."""

from pathlib import PurePath
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin


def is_path(hint: Any) -> bool:
    """Whether a type is one of pathlib's, with or without None and notes on it."""
    if isinstance(hint, type):
        return issubclass(hint, PurePath)
    if get_origin(hint) is Annotated:
        return is_path(get_args(hint)[0])
    return get_origin(hint) in (Union, UnionType) and any(map(is_path, get_args(hint)))
