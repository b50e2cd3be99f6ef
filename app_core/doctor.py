"""What rheostat needs of this machine: what is here, what is missing, and what to do about it."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .compose import available_models, counter_for, default_gateway, resolve, token_tables
from .errors import GatewayError
from .home import cache_folder, config_folder, data_folder
from .models import LOCAL, is_local

OLDEST_PYTHON = (3, 11)
NEEDED_MB = 500
STOLEN = {"litellm": ("1.82.7", "1.82.8")}
"""Releases that an intruder published and that steal keys."""


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Args:
        what: it is.
        found: how it stands, and if it is not well, what to do.
        well: whether rheostat can work with it.
    """

    what: str
    found: str
    well: bool = True


def examine(model: str | None = None) -> list[Finding]:
    """Looks at this machine; leaves nothing behind, calls no model and no network but Ollama's address on loopback.

    Args:
        model: the one to be used; without it, the one that would serve.
    """
    return [
        *_model(model),
        _embedded(),
        *(_library(name) for name in ("litellm", "xllamacpp", "tiktoken")),
        _tables(),
        *_folders(),
        _disk(),
        _sandbox(),
        _python(),
    ]


def _model(named: str | None) -> Iterator[Finding]:
    chosen = resolve(named)
    yield Finding("model", f"{chosen.model}. {chosen.why}")
    try:
        facts = default_gateway().facts(chosen.model)
    except GatewayError as error:
        yield Finding("its price and size", str(error), well=False)
    else:
        price = facts.price
        costs = f"{price.prompt_usd * 1e6:g} USD a million tokens read, {price.answer_usd * 1e6:g} written"
        free = price.prompt_usd == price.answer_usd == 0
        yield Finding("its price and size", f"{'free' if free else costs}; holds {facts.window_tokens:,} tokens")
        yield Finding("its tokens", _counted(chosen.model))
    allowed = os.environ.get("RHEOSTAT_ALLOW_MODELS")
    if allowed is not None:
        may = chosen.model in [name.strip() for name in allowed.split(",")]
        remedy = "" if may else "; add the model, or unset it"
        yield Finding("RHEOSTAT_ALLOW_MODELS", f"allows only {allowed or 'none'}{remedy}", well=may)


def _counted(model: str) -> str:
    if is_local(model):  # its counter would load it
        return "counted exactly, by the model itself"
    counter = counter_for(model)
    return f"{counter.name}; the true count is at most {counter.error:.1%} more"


def _embedded() -> Finding:
    state = next(one for one in available_models() if one.model == LOCAL)
    return Finding("embedded model", state.why)


def _library(name: str) -> Finding:
    try:
        found = version(name)
    except PackageNotFoundError:
        return Finding(name, "is not installed; install rheostat again", well=False)
    if found in STOLEN.get(name, ()):
        remedy = "upgrade it, and change every key this machine has"
        return Finding(name, f"{found} was published by an intruder and steals keys: {remedy}", well=False)
    return Finding(name, found)


def _tables() -> Finding:
    folder = token_tables()
    if folder is None:
        return Finding("token tables", "not in litellm any more: the first count needs the network", well=False)
    return Finding("token tables", str(folder))


def _folders() -> Iterator[Finding]:
    for what, folder in (("runs", data_folder()), ("settings", config_folder()), ("cache", cache_folder())):
        parent = _existing(folder)
        if parent.is_dir() and os.access(parent, os.W_OK):
            yield Finding(f"folder of {what}", str(folder))
        else:
            remedy = "set RHEOSTAT_HOME to another folder"
            yield Finding(f"folder of {what}", f"{parent} can't be written to; {remedy}", well=False)


def _disk() -> Finding:
    free_mb = shutil.disk_usage(_existing(cache_folder())).free // 1_000_000
    well = free_mb >= NEEDED_MB
    return Finding("free disk", f"{free_mb:,} MB{'' if well else f'; make room, {NEEDED_MB} MB are needed'}", well=well)


def _sandbox() -> Finding:
    from rheostat.autonomy.io import no_sandbox

    return Finding("sandbox", no_sandbox() or "commands can be tried out before they count")


def _python() -> Finding:
    found = ".".join(str(part) for part in sys.version_info[:3])
    well = sys.version_info >= OLDEST_PYTHON
    return Finding("Python", found if well else f"{found} is too old; use 3.11 or newer", well=well)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
