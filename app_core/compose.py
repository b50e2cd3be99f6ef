"""The one place where adapters are chosen."""

from functools import cache

from .home import data_folder
from .log import Store
from .models import Resolved, resolve
from .ports import Gateway

__all__ = ["Resolved", "default_gateway", "default_store", "resolve"]


@cache
def default_gateway() -> Gateway:
    """litellm, with the in-process llama.cpp server behind it."""
    from .adapters.litellm_gateway import LitellmGateway

    return LitellmGateway()


@cache
def default_store() -> Store:
    """One SQLite file in the user's data folder."""
    from .adapters.sqlite_store import SqliteStore

    return SqliteStore(data_folder() / "runs.sqlite")
