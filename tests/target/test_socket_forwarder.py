"""The port that leads to a Unix socket: bytes and ends come through as they are."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from technogate.model.errors import UserError
from technogate.target.process.ports import HOST
from technogate.target.socket_forwarder import LONGEST_PATH, SocketForwarder, remove_dead_socket
from tests.conftest import STUCK_S

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a socket may be."""
    return tmp_path / "api.sock"


@pytest.fixture
def forwarder(path: Path) -> Iterator[SocketForwarder]:
    """A port that leads there."""
    forwarder = SocketForwarder(path)
    yield forwarder
    forwarder.close()
    forwarder.close()


@pytest.fixture
def backend(path: Path) -> Iterator[socket.socket]:
    """A socket that listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        listener.settimeout(STUCK_S)
        yield listener


def connected(forwarder: SocketForwarder) -> socket.socket:
    """A connection to the port."""
    return socket.create_connection((HOST, forwarder.port), timeout=STUCK_S)


def test_bytes_come_through_both_ways(forwarder: SocketForwarder, backend: socket.socket) -> None:
    """Large ones too; the end of one direction leaves the other open."""
    sent = bytes(range(256)) * 4096
    with connected(forwarder) as client, backend.accept()[0] as server:

        def write() -> None:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)

        writer = threading.Thread(target=write)
        writer.start()
        with closing(server.makefile("rb")) as reader:
            assert reader.read() == sent
        writer.join()
        server.sendall(b"response")
        server.shutdown(socket.SHUT_WR)
        with closing(client.makefile("rb")) as reader:
            assert reader.read() == b"response"


def test_the_end_of_the_backend_is_the_end_of_the_connection(
    forwarder: SocketForwarder, backend: socket.socket
) -> None:
    """A client that waits sees that the backend has gone."""
    with connected(forwarder) as client:
        server = backend.accept()[0]
        server.close()
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""


@pytest.mark.parametrize("left_behind", [False, True])
def test_where_nobody_listens_a_connection_ends(forwarder: SocketForwarder, path: Path, left_behind: bool) -> None:
    """It comes to nothing, without a byte."""
    if left_behind:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
            dead.bind(str(path))
    with connected(forwarder) as client, suppress(ConnectionResetError):
        assert client.recv(1) == b""


def test_a_socket_that_was_left_behind_is_removed(path: Path) -> None:
    """One that a program listens on stays, and so does whatever is no socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()
        remove_dead_socket(path)
        assert path.is_socket()
    remove_dead_socket(path)
    assert not path.exists()
    path.write_text("a file")
    remove_dead_socket(path)
    assert path.read_text() == "a file"


def test_a_path_that_is_too_long_is_an_error(tmp_path: Path) -> None:
    """It is one line that names the key."""
    with pytest.raises(UserError, match=rf"backend\.socket is longer than {LONGEST_PATH} bytes"):
        SocketForwarder(tmp_path / ("x" * LONGEST_PATH))
