"""The reference backend against hostile clients on raw sockets (ERR-07, EXE-05)."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.images.backend_process import KEY, Backend, running_backend

pytestmark = pytest.mark.slow

HEAD = (
    b"POST /api/execute HTTP/1.1\r\nHost: backend\r\nX-API-Key: " + KEY.encode() + b"\r\n"
    b"Content-Type: application/json\r\n"
)
PING = b'{"command":"PING"}'


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    """One backend for all attacks: it must still serve after each."""
    with running_backend(tmp_path_factory.mktemp("backend")) as running:
        yield running
        assert "Traceback" not in running.log.read_text()


def read_response(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one response: status code, headers, body."""
    with connection.makefile("rb") as stream:
        status = int(stream.readline().split()[1])
        headers = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("ascii").partition(": ")
            headers[name.lower()] = value
        return status, headers, stream.read(int(headers.get("content-length", "0")))


def assert_serving(backend: Backend) -> None:
    """Assert that the backend still serves other clients."""
    assert backend.execute("PING").json()["status"] == "APPROVED"


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"POST /api/exec",
        HEAD,
        HEAD + b"Content-Length: 18\r\n\r\n" + PING[:5],
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"com',
    ],
    ids=["nothing", "half a line", "half a head", "half a body", "half a chunk"],
)
def test_half_requests_delay_no_other_request(backend: Backend, sent: bytes) -> None:
    """Fifty stalled clients, and their sudden end, delay no other client."""
    with ExitStack() as stalled:
        for _ in range(50):
            stalled.enter_context(backend.connect()).sendall(sent)
        assert_serving(backend)
    assert_serving(backend)


def test_aborted_request_is_not_executed(backend: Backend) -> None:
    """An aborted request leaves neither an entry nor a snapshot."""
    assert backend.execute("NOOP").is_success
    before = backend.trail()
    with backend.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 18\r\n\r\n" + PING[:-1])
    assert backend.client.get("/api/memory").json()["command"] == "NOOP"
    assert backend.trail() == before


def test_slow_body_is_given_up(backend: Backend) -> None:
    """A body that stalls is refused with 400 and recorded, and the connection is closed."""
    with backend.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 18\r\n\r\n" + PING[:5])
        status, headers, body = read_response(connection)
        assert connection.recv(1) == b""
    assert (status, headers["connection"]) == (400, "close")
    assert json.loads(body)["reason_codes"] == ["VALIDATION_FAILED"]
    assert headers["x-trace-id"] in {entry["trace_id"] for entry in backend.trail()}


@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 10000000000\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + (b"8000\r\n" + b"x" * 32768 + b"\r\n") * 3,
    ],
    ids=["declared", "chunked"],
)
def test_large_body_is_refused_before_its_end(backend: Backend, framing: bytes) -> None:
    """EXE-05: the response comes before the whole body is sent, and then the connection ends."""
    with backend.connect() as connection:
        connection.sendall(HEAD + framing)
        status, _, body = read_response(connection)
        assert (status, json.loads(body)["reason_codes"]) == (413, ["PAYLOAD_TOO_LARGE"])
        with suppress(ConnectionResetError):
            assert connection.recv(1) == b""
    assert_serving(backend)


@pytest.mark.parametrize("key", [b"", b"X-API-Key: \t \r\n"], ids=["no key", "blank key"])
def test_unauthenticated_body_is_not_waited_for(backend: Backend, key: bytes) -> None:
    """AUT-01, AUT-04: without a key the refusal does not wait for the body."""
    with backend.connect() as connection:
        connection.sendall(b"POST /api/execute HTTP/1.1\r\nHost: backend\r\n" + key + b"Content-Length: 18\r\n\r\n")
        status, _, body = read_response(connection)
    assert (status, json.loads(body)["reason_codes"]) == (401, ["API_KEY_INVALID"])


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 not HTTP at all\r\n\r\n",
        b"GET /api/\xff HTTP/1.1\r\nHost: backend\r\n\r\n",
        b"GET /api/audit HTTP/1.1\r\nHost: backend\r\nX-Large: " + b"x" * (1 << 17) + b"\r\n\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["tls", "target", "large header", "two lengths", "bad chunk"],
)
def test_anything_but_http_is_400_or_closed(backend: Backend, sent: bytes) -> None:
    """A refusal of the parser has the form of any other, if the client still reads."""
    with backend.connect() as connection:
        try:
            connection.sendall(sent)
            status, headers, body = read_response(connection)
        except (ConnectionError, IndexError):
            status = 0
        if status:
            assert status == 400
            assert json.loads(body)["trace_id"] == headers["x-trace-id"]
    assert_serving(backend)


def test_garbage_after_a_request_does_not_change_its_response(backend: Backend) -> None:
    """A request followed by pipelined garbage gets its own response."""
    with backend.connect() as connection:
        connection.sendall(HEAD + b"Content-Length: 18\r\n\r\n" + PING + b"\x00garbage\r\n\r\n")
        status, _, body = read_response(connection)
    assert (status, json.loads(body)["status"]) == (200, "APPROVED")
    assert_serving(backend)


def test_hundreds_of_idle_connections_are_no_burden(backend: Backend) -> None:
    """Idle clients do not block other clients."""
    with ExitStack() as idle:
        for _ in range(400):
            idle.enter_context(backend.connect())
        assert_serving(backend)
