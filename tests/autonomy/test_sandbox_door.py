"""The one way out of a sandbox that has any: TLS to the domains that were named, and nothing that looks like it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from rheostat.autonomy import BadSandbox
from rheostat.autonomy.io import Sandbox, no_sandbox
from rheostat.autonomy.io.client_hello import server_name
from rheostat.autonomy.io.door import Door, Streams, checked_domains, is_allowed, is_public, reach
from rheostat.autonomy.io.syscalls import refusing

from .escapes import PYTHON

DOMAINS = ("allowed.test", "*.below.test")


def hello(name: str | None) -> bytes:
    """What a TLS client says first to a server of this name."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.check_hostname = False
    client = context.wrap_bio(incoming, outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


class Far:
    """A server far away, on this machine: it says what it heard. `reach` leads to it whatever is asked for."""

    def __init__(self) -> None:
        self.asked_for = list[str]()
        self._servers = list[asyncio.Server]()

    async def reach(self, host: str) -> Streams:
        self.asked_for.append(host)
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self._servers.append(server)
        port = server.sockets[0].getsockname()[1]
        return await asyncio.open_connection("127.0.0.1", port)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard = await reader.read(1 << 16)
        writer.write(b"heard " + str(len(heard)).encode())
        await writer.drain()
        writer.close()
        self._servers.pop().close()


@asynccontextmanager
async def opened(door: Door) -> AsyncGenerator[Streams]:
    """A connection to a door."""
    done = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))
    address = listening.getsockname()
    serving = asyncio.ensure_future(door.serve(listening, done))
    reader, writer = await asyncio.open_connection(*address)
    try:
        yield reader, writer
    finally:
        writer.close()
        done.set()
        await serving


def spoken(head: str, then: bytes = b"") -> tuple[bytes, Door, Far]:
    """What a door says to a request, and to what follows it."""
    far = Far()
    door = Door(checked_domains(DOMAINS), far.reach)

    async def speak() -> bytes:
        async with opened(door) as (reader, writer):
            writer.write(head.encode() + then)
            writer.write_eof()
            return await asyncio.wait_for(reader.read(), 5)

    return asyncio.run(speak()), door, far


@pytest.mark.parametrize("host", ["allowed.test", "ALLOWED.test.", "deep.er.below.test"])
def test_a_domain_that_was_named_is_reached(host: str) -> None:
    first = hello(host.lower().rstrip("."))
    said, door, far = spoken(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n", first)
    assert b" 200 " in said and f"heard {len(first)}".encode() in said
    assert door.reached == set(far.asked_for) == {host.lower().rstrip(".")} and not door.turned_away


@pytest.mark.parametrize(
    ("head", "turned_away"),
    [
        ("CONNECT evil.test:443 HTTP/1.1\r\nHost: allowed.test\r\n\r\n", "evil.test"),
        ("CONNECT below.test:443 HTTP/1.1\r\n\r\n", "below.test"),
        ("CONNECT notbelow.test:443 HTTP/1.1\r\n\r\n", "notbelow.test"),
        ("CONNECT allowed.test.evil.test:443 HTTP/1.1\r\n\r\n", "allowed.test.evil.test"),
        ("CONNECT xallowed.test:443 HTTP/1.1\r\n\r\n", "xallowed.test"),
        ("CONNECT allowed.test:22 HTTP/1.1\r\n\r\n", "allowed.test:22"),
        ("CONNECT allowed.test:80 HTTP/1.1\r\n\r\n", "allowed.test:80"),
        ("CONNECT 127.0.0.1:443 HTTP/1.1\r\n\r\n", "127.0.0.1"),
        ("CONNECT 169.254.169.254:443 HTTP/1.1\r\n\r\n", "169.254.169.254"),
        ("CONNECT 2130706433:443 HTTP/1.1\r\n\r\n", "2130706433"),
        ("CONNECT [::1]:443 HTTP/1.1\r\n\r\n", "plain HTTP"),
        ("CONNECT allowed.test@evil.test:443 HTTP/1.1\r\n\r\n", "allowed.test@evil.test"),
        ("GET http://allowed.test/ HTTP/1.1\r\n\r\n", "plain HTTP"),
        ("GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: allowed.test\r\n\r\n", "plain HTTP"),
        ("allowed.test:443 CONNECT\r\n\r\n", "plain HTTP"),
    ],
)
def test_whoever_asks_for_anything_else_is_turned_away(head: str, turned_away: str) -> None:
    said, door, far = spoken(head, hello("allowed.test"))
    assert said.startswith(b"HTTP/1.1 403 ") and b"200" not in said
    assert door.turned_away == {turned_away} and not door.reached and not far.asked_for


@pytest.mark.parametrize(
    ("first", "turned_away"),
    [
        (hello("evil.test"), "evil.test"),
        (hello(None), "allowed.test without TLS"),
        (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", "allowed.test without TLS"),
        (b"\x17\x03\x03\x00\x04data", "allowed.test without TLS"),
        (b"SSH-2.0-x\x00\r\n", ""),
    ],
)
def test_behind_the_door_another_name_is_not_called_for(first: bytes, turned_away: str) -> None:
    said, door, far = spoken("CONNECT allowed.test:443 HTTP/1.1\r\n\r\n", first)
    assert b"heard" not in said
    assert not far.asked_for and not door.reached
    assert door.turned_away == ({turned_away} if turned_away else set())


def test_the_name_is_read_from_whole_and_from_broken_hellos_alike() -> None:
    whole = hello("some.example.com")
    assert server_name(whole) == "some.example.com"
    assert all(server_name(whole[:length]) in ("", "some.example.com") for length in range(len(whole)))
    for place in range(len(whole)):
        server_name(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])


@pytest.mark.parametrize(
    "wrong", ["localhost", "10.0.0.1", "https://a.example", "a.example:443", "*", "*.", "a b.c", ""]
)
def test_what_is_no_domain_is_refused_when_it_is_declared(wrong: str) -> None:
    with pytest.raises(BadSandbox, match="not a domain"):
        checked_domains([wrong])


def test_a_star_stands_for_what_is_below_and_for_nothing_beside_it() -> None:
    assert is_allowed("a.b.example.com", ["*.example.com"])
    assert not is_allowed("example.com", ["*.example.com"])
    assert not is_allowed("badexample.com", ["*.example.com"])


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1"]
    + ["::1", "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "ff02::1", "::"],
)
def test_no_domain_leads_to_this_machine_or_its_neighbours(address: str) -> None:
    assert not is_public(address)
    assert is_public("1.1.1.1") and is_public("2606:4700::1111")


def test_a_name_that_leads_home_is_not_reached() -> None:
    with pytest.raises(OSError, match="no public address"):
        asyncio.run(reach("localhost"))


ASK = f"""
{PYTHON} -I -S - <<'PYTHON'
import os, socket, ssl
for host in ("allowed.test", "evil.test"):
    with socket.create_connection(("127.0.0.1", int(os.environ["HTTPS_PROXY"].rpartition(":")[2]))) as door:
        door.sendall(f"CONNECT {{host}}:443 HTTP/1.1\\r\\n\\r\\n".encode())
        print(host, door.recv(100).split(b"\\r\\n")[0].decode())
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=host)
        try:
            client.do_handshake()
        except ssl.SSLWantReadError:
            door.sendall(outgoing.read())
        print(door.recv(100).decode())
try:
    socket.create_connection(("1.1.1.1", 443), timeout=2)
except OSError as error:
    print("directly:", error.strerror)
PYTHON
"""


@pytest.mark.skipif(bool(no_sandbox()), reason=no_sandbox())
def test_a_command_reaches_what_was_named_through_the_door_alone(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    sandbox = Sandbox(tmp_path / "folder", tmp_path / "kept", domains=["allowed.test"], reach=Far().reach)
    tryout = sandbox.try_out(ASK)
    lines = tryout.stdout.splitlines()
    assert lines[0].startswith("allowed.test HTTP/1.1 200") and lines[1].startswith("heard"), tryout
    assert lines[2].startswith("evil.test HTTP/1.1 403")
    assert lines[-1] == "directly: Network is unreachable"
    assert (tryout.reached, tryout.turned_away) == (("allowed.test",), ("evil.test",))
    assert "KeyError: 'HTTPS_PROXY'" in sandbox.try_out(ASK, network=False).stderr


def test_the_filter_is_made_for_machines_that_are_known_and_for_no_other() -> None:
    assert len(refusing("x86_64")) == len(refusing("aarch64")) > 0
    assert len(refusing("x86_64")) % 8 == 0
    assert refusing("sparc") == b""
