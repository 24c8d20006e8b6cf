"""A mock backend and a client of bare sockets, which observes the bytes on the wire."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from technogate.mock.mock_backend import MockBackend
from technogate.mock.responses.conforming import Conforming
from technogate.mock.scripted_reply import Reply, ResponseTemplate, json_template
from tests.conftest import STUCK_S

OPERATIONS = {
    "executeCommand": ("POST", "/api/execute"),
    "fetchAuditLog": ("GET", "/api/audit"),
    "fetchMemory": ("GET", "/api/memory"),
}
KEY = "key-of-the-tests-0001"
APPROVED = {"status": "APPROVED", "ts_utc": "2025-01-01T00:00:00Z", "trace_id": "t-1", "reason_codes": []}


def approved(trace_id: str = "t-1") -> ResponseTemplate:
    """A conforming response to executeCommand."""
    return json_template({**APPROVED, "trace_id": trace_id}, trace_id=trace_id)


def default() -> Reply:
    """The reply without a scripted one."""
    return Conforming(template=json_template([], trace_id="t-default")).reply()


@pytest.fixture(scope="package")
def running() -> Iterator[MockBackend]:
    """One mock backend for all tests of this package."""
    with MockBackend(operations=OPERATIONS, defaults=dict.fromkeys(OPERATIONS, default)) as mock_backend:
        yield mock_backend


@pytest.fixture
def mock_backend(running: MockBackend) -> Iterator[MockBackend]:
    """The mock backend, reset."""
    running.reset()
    yield running
    running.reset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The bytes that a client observed, and how the connection ended."""

    data: bytes
    end: str

    @property
    def head(self) -> bytes:
        """Status line and headers."""
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        """The bytes after the headers."""
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """The status of the response, 0 without one."""
        match = re.match(rb"HTTP/1\.1 (\d{3})", self.data)
        return int(match.group(1)) if match else 0


def connect(port: int, timeout: float = STUCK_S) -> socket.socket:
    """A connection to the loopback interface."""
    return socket.create_connection(("127.0.0.1", port), timeout=timeout)


def request(path: str = "/api/execute", method: str = "POST", body: bytes = b"{}", *headers: str) -> bytes:
    """The bytes of one request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: double", f"X-API-Key: {KEY}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def observe(client: socket.socket) -> Observed:
    """Read until the connection ends, or the client's own timeout is over."""
    data = b""
    while True:
        try:
            more = client.recv(1 << 16)
        except ConnectionResetError:
            return Observed(data=data, end="reset")
        except TimeoutError:
            return Observed(data=data, end="silence")
        if not more:
            return Observed(data=data, end="closed")
        data += more


@pytest.fixture
def ask(mock_backend: MockBackend) -> Callable[..., Observed]:
    """Sends one request on a connection of its own and returns what the client observed."""

    def once(wire: bytes | None = None) -> Observed:
        with connect(mock_backend.port) as client:
            client.sendall(request() if wire is None else wire)
            return observe(client)

    return once
