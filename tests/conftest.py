"""What holds for every test: a home of its own, no provider's key, no model but the embedded one, no network.

`RHEOSTAT_ALLOW_MODELS` is a comma-separated list of the models that may be called. The gateway refuses any other
with an error that names the variable. Child processes inherit it, and the empty home.
"""

import ipaddress
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs
import pytest

LOOPBACK_NAMES = {"", "localhost", "ip6-localhost"}


@pytest.fixture(autouse=True, scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home for the whole session, so that no test reads or leaves anything in the developer's own."""
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        # What was downloaded once may serve again: installers keep their caches.
        patch.setenv("PIP_CACHE_DIR", os.environ.get("PIP_CACHE_DIR", platformdirs.user_cache_dir("pip")))
        patch.setenv("UV_CACHE_DIR", os.environ.get("UV_CACHE_DIR", platformdirs.user_cache_dir("uv")))
        patch.setenv("HOME", str(folder))
        patch.setenv("RHEOSTAT_HOME", str(folder / "rheostat"))
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{kind}_HOME", str(folder / kind.lower()))
        for name in [name for name in os.environ if name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL"))]:
            patch.delenv(name)
        patch.setenv("RHEOSTAT_ALLOW_MODELS", "local")
        yield folder


def is_loopback(host: str) -> bool:
    """Whether a connection to `host` stays on this machine; only localhost is believed by its name."""
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host in LOOPBACK_NAMES


def refuse_outside(host: object) -> None:
    """Raises unless `host` is this machine."""
    name = host.decode() if isinstance(host, bytes) else str(host or "")
    if not is_loopback(name):
        raise AssertionError(
            f"A test reached out to {name!r}. Tests use this machine alone: script the gateway instead."
        )


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """Refuses any connection of this process, and any look-up of a name, that leaves this machine."""
    connect, connect_ex, look_up = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def check(opened: socket.socket, address: Any) -> None:
        if opened.family in (socket.AF_INET, socket.AF_INET6):
            refuse_outside(address[0])

    def checked_connect(opened: socket.socket, address: Any) -> None:
        check(opened, address)
        connect(opened, address)

    def checked_connect_ex(opened: socket.socket, address: Any) -> int:
        check(opened, address)
        return connect_ex(opened, address)

    def checked_look_up(host: Any, *rest: Any, **named: Any) -> Any:
        refuse_outside(host)
        return look_up(host, *rest, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", checked_connect)
        patch.setattr(socket.socket, "connect_ex", checked_connect_ex)
        patch.setattr(socket, "getaddrinfo", checked_look_up)
        yield
