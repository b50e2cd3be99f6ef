"""The switches of conftest.py really hold."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

OUTSIDE = "192.0.2.1"  # reserved for documentation: nobody answers there


def test_home_is_not_the_developers_own(home: Path) -> None:
    assert Path.home() == home
    assert Path(os.environ["RHEOSTAT_HOME"]).is_relative_to(home)
    assert os.environ["RHEOSTAT_ALLOW_MODELS"] == "local"


def test_a_socket_cannot_leave_this_machine() -> None:
    with socket.socket() as opened, pytest.raises(AssertionError, match=OUTSIDE):
        opened.connect((OUTSIDE, 80))
    with socket.socket() as opened, pytest.raises(AssertionError, match=OUTSIDE):
        opened.connect_ex((OUTSIDE, 80))
    with pytest.raises(AssertionError, match="example.org"):
        socket.create_connection(("example.org", 80))


def test_an_event_loop_cannot_leave_this_machine() -> None:
    with pytest.raises(AssertionError, match=OUTSIDE):
        asyncio.run(asyncio.open_connection(OUTSIDE, 80))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_loopback_is_open(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
