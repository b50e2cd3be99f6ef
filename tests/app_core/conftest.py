"""A provider on loopback that answers as it is told, so that the real gateway is tested over a real wire."""

import json
import socket
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from rheostat.app_core.adapters.sqlite_store import SqliteStore
from rheostat.app_core.log import Store
from rheostat.app_core.testing import MemoryStore


@dataclass(frozen=True)
class Hangup:
    """The provider hangs up after these bytes of its answer."""

    after: str = ""


@dataclass(frozen=True)
class Told:
    """One answer: a status, a body (text is sent as an event stream), headers, and how long it takes."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict[str, str])
    delay_s: float = 0.0


@dataclass
class Provider:
    """Gives its answers in order, the last one again and again, and keeps what it was asked."""

    address: str
    answers: Sequence[Told | Hangup] = ()
    asked: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])


@pytest.fixture
def provider() -> Iterator[Provider]:
    released = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self.answer({})

        def do_POST(self) -> None:
            self.answer(json.loads(self.rfile.read(int(self.headers["content-length"]))))

        def answer(self, body: dict[str, Any]) -> None:
            told.asked.append({"path": self.path, **body})
            answer = told.answers[min(len(told.asked), len(told.answers)) - 1]
            if isinstance(answer, Hangup):
                if answer.after:
                    self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
                    self.wfile.write(answer.after.encode())
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            if answer.delay_s:
                released.wait(answer.delay_s)
            streamed = isinstance(answer.body, str)
            data = answer.body.encode() if streamed else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-type", "text/event-stream" if streamed else "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told = Provider(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield told
        released.set()
        server.shutdown()
        thread.join()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store in memory, and one in a file."""
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "runs.sqlite")
