"""The one way out of a sandbox: TLS to domains that are allowed, through a proxy that runs outside."""

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from ipaddress import IPv6Address, ip_address

from ..errors import BadSandbox, Unreached
from ..shown import quoted
from .client_hello import server_name

PORT = 8118
"""Where the proxy listens inside, on the sandbox's own loopback."""

LAUNCHER = f"""
import os, socket, sys
with socket.create_server(("127.0.0.1", {PORT})) as listening, socket.socket(fileno=int(sys.argv[1])) as outside:
    socket.send_fds(outside, [b"!"], [listening.fileno()])
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Run inside before the command: makes the socket and hands it out. Who accepts on it needs not be inside as well."""

_HTTPS = 443
_HEAD_BYTES = 8192
_HEAD_S = 10.0
_DOMAIN = re.compile(r"(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_REQUEST = re.compile(rb"CONNECT ([^\s:]+):(\d{1,5}) HTTP/1\.[01]\r\n")

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Reach = Callable[[str], Awaitable[Streams]]
"""Opens a connection to a domain's port 443. Raises OSError."""


def checked_domains(domains: Iterable[str]) -> tuple[str, ...]:
    """Domains as they are compared. Raises BadSandbox for what is none: an address, a name without a dot, a URL."""
    found = tuple(domain.lower().rstrip(".") for domain in domains)
    for domain in found:
        if not _DOMAIN.fullmatch(domain):
            raise BadSandbox(
                f"{quoted(domain)} is not a domain. Name domains such as docs.python.org, or *.python.org for all "
                "below; no addresses, ports or URLs."
            )
    return found


def is_allowed(host: str, domains: Iterable[str]) -> bool:
    """Whether a host is one of the domains, or below one that begins with `*.`."""
    return any(host == domain or (domain.startswith("*.") and host.endswith(domain[1:])) for domain in domains)


async def reach(host: str) -> Streams:
    """Connects to a domain's port 443 at a public address. Raises OSError.

    What a name leads to is up to its owner. So it does not lead to this machine, its neighbours, or a cloud's metadata.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, _HTTPS, type=socket.SOCK_STREAM)
    for address in (str(each[4][0]) for each in found):
        if is_public(address):
            return await asyncio.open_connection(address, _HTTPS)
    raise Unreached(f"{host} leads to no public address")


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the internet at large."""
    found = ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return (mapped or found).is_global and not found.is_multicast


class Door:
    """A proxy that lets TLS connections to some domains through. What came to it is remembered.

    Args:
        domains: as `checked_domains` gives them.
        reach: how a domain is reached.
    """

    def __init__(self, domains: tuple[str, ...], reach: Reach) -> None:
        self._domains, self._reach = domains, reach
        self.reached, self.turned_away = set[str](), set[str]()

    @contextmanager
    def open(self) -> Generator[int]:
        """Serves on the socket that LAUNCHER hands out over the descriptor that is given here, until the block ends."""
        inside, outside = socket.socketpair()
        done = threading.Event()
        served = threading.Thread(target=self._serve, args=(outside, done), name="rheostat door", daemon=True)
        with inside, outside:
            served.start()
            try:
                yield inside.fileno()
            finally:
                done.set()
                outside.shutdown(socket.SHUT_RDWR)
                served.join()

    def _serve(self, outside: socket.socket, done: threading.Event) -> None:
        with suppress(OSError):
            _, handles, _, _ = socket.recv_fds(outside, 1, 1)
            for handle in handles:
                with socket.socket(fileno=handle) as listening:
                    asyncio.run(self.serve(listening, done))

    async def serve(self, listening: socket.socket, done: threading.Event) -> None:
        """Serves on a socket until `done` is set."""
        meeting = set[asyncio.Task[None]]()

        def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._meet(reader, writer))
            meeting.add(task)
            task.add_done_callback(meeting.discard)

        server = await asyncio.start_server(met, sock=listening, limit=_HEAD_BYTES)
        while not done.is_set():
            await asyncio.sleep(0.05)
        server.close()
        for task in tuple(meeting):
            task.cancel()
        await asyncio.gather(*meeting, return_exceptions=True)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, from the request to its end."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_S)
            host, refused = self._asked_for(head)
            if refused:
                self.turned_away.add(host)
                writer.write(f"HTTP/1.1 403 Forbidden\r\nContent-Length: {len(refused)}\r\n\r\n{refused}".encode())
                await writer.drain()
                return
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            hello = await asyncio.wait_for(_record(reader), _HEAD_S)
            if server_name(hello) != host:
                # The certificate's name decides who answers behind an address that many share.
                self.turned_away.add(server_name(hello) or f"{host} without TLS")
                return
            await self._join(host, hello, reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            return
        finally:
            writer.close()

    def _asked_for(self, head: bytes) -> tuple[str, str]:
        """Which host is asked for, and why it may not be reached, if it may not."""
        asked = _REQUEST.match(head)
        if asked is None:
            return "plain HTTP", "Only TLS goes out of this sandbox: CONNECT to port 443 of an allowed domain.\n"
        host = asked[1].decode("ascii", "replace").lower().rstrip(".")
        if int(asked[2]) != _HTTPS:
            return f"{host}:{int(asked[2])}", "Only port 443 can be reached from this sandbox.\n"
        if not is_allowed(host, self._domains):
            return host, f"This sandbox reaches {', '.join(self._domains)}, and nothing else.\n"
        return host, ""

    async def _join(self, host: str, hello: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hands bytes to and fro until both sides are through."""
        from_far, to_far = await self._reach(host)
        self.reached.add(host)
        try:
            to_far.write(hello)
            await asyncio.gather(_hand_on(reader, to_far), _hand_on(from_far, writer))
        finally:
            to_far.close()


async def _record(reader: asyncio.StreamReader) -> bytes:
    """The first TLS record of a connection, which holds the name that the client calls for."""
    start = await reader.readexactly(5)
    return start + await reader.readexactly(int.from_bytes(start[3:5], "big"))


async def _hand_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(1 << 16):
        writer.write(piece)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()
