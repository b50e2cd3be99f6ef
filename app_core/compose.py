"""The one place where adapters are chosen."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from rheostat.autonomy import Grants
from rheostat.context import Calibrations, Counter, calibrated
from rheostat.dag import Lessons

from .home import data_folder
from .log import Store
from .models import Available, Resolved, available, choose
from .ports import Gateway

if TYPE_CHECKING:
    from rheostat.autonomy.io import Checkpoints

__all__ = [
    "Available",
    "Resolved",
    "available_models",
    "calibrations",
    "counter_for",
    "default_checkpoints",
    "default_gateway",
    "default_grants",
    "default_lessons",
    "default_store",
    "get_local_model",
    "resolve",
    "store_in",
    "token_tables",
]


def resolve(model: str | None) -> Resolved:
    """The model that serves on this machine: the one named, or what is found first."""
    from .adapters.ollama import probe_ollama

    return choose(model, os.environ, () if model else probe_ollama())


def available_models() -> list[Available]:
    """What can be used on this machine, in the order in which it would be chosen, and why not the rest."""
    from .adapters.get_local_model import find_local_model
    from .adapters.ollama import probe_ollama

    return available(os.environ, probe_ollama(), find_local_model() is not None)


def get_local_model(on_progress: Callable[[str], None]) -> Path:
    """The embedded model's file, fetched first if it is not on this machine. Raises NoLocalModel."""
    from .adapters import get_local_model as embedded

    return embedded.get_local_model(on_progress)


def token_tables() -> Path | None:
    """Where the tables for counting hosted models' tokens are; None if they are not on this machine."""
    from .adapters.counters import tables_folder

    return tables_folder()


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


def store_in(folder: Path) -> Store:
    """The same in another folder, for runs that nobody is to find again."""
    from .adapters.sqlite_store import SqliteStore

    return SqliteStore(folder / "runs.sqlite")


def default_checkpoints() -> Checkpoints:
    """Files as they were before effects changed them; a folder in the user's data folder."""
    from rheostat.autonomy.io import Checkpoints

    return Checkpoints(data_folder() / "checkpoints")


def default_lessons() -> Lessons:
    """One SQLite file in the user's data folder."""
    from rheostat.dag import SqliteLessons

    return SqliteLessons(data_folder() / "lessons.sqlite")


def default_grants() -> Grants:
    """One SQLite file in the user's data folder."""
    from rheostat.autonomy.io import SqliteGrants

    return SqliteGrants(data_folder() / "grants.sqlite")


def counter_for(model: str) -> Counter:
    """How to count a model's tokens on this machine, with the error that its reports so far leave.

    Args:
        model: any litellm name, or `local`, or `gguf:PATH`. Local files are loaded, and `local` is fetched if need be.

    Raises:
        NoLocalModel, NoNetwork: the file is not there.
    """
    return calibrated(default_gateway().counter(model), calibrations().of(model))


def calibrations() -> Calibrations:
    """What providers' reports say of the counters; a file in the user's data folder."""
    return Calibrations(data_folder() / "calibrations.sqlite")
