"""The one place where adapters are chosen."""

import os
from functools import cache

from .home import data_folder
from .log import Store
from .models import Resolved, choose
from .ports import Gateway

__all__ = ["Resolved", "default_gateway", "default_store", "resolve"]


def resolve(model: str | None) -> Resolved:
    """The model that serves on this machine: the one named, or what is found first."""
    from .adapters.ollama import probe_ollama

    return choose(model, os.environ, () if model else probe_ollama())


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
