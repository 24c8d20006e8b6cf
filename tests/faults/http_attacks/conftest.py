"""A server that keeps every byte of every connection, and sends the response that a test sets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from technogate.drivers.http.address import Address
from technogate.faults.http_attacks.request_bytes import RawRequest

KEY = "TgAbCdEfGh0123456789"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Conversation:
    """One connection as received by the server: its bytes, and how it ended."""

    def __init__(self) -> None:
        self.data = b""
        self.end = ""


class Listener:
    """Accepts connections until it is closed; `answer` is sent once a request's head is there."""

    def __init__(self, response: bytes = b"", *, closes: bool = False) -> None:
        self.conversations: list[Conversation] = []
        self._response = response
        self._closes = closes
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def address(self) -> Address:
        """Where it listens."""
        return Address.of(f"http://127.0.0.1:{self.port}")

    def saw(self, count: int, holds: Callable[[Conversation], bool]) -> bool:
        """Whether there were that many connections and the predicate holds for all; false for none."""
        return len(self.conversations) == count and all(holds(one) for one in self.conversations)

    def close(self) -> None:
        """End every connection and every thread."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._accepting.join()
        for connection in self._sockets:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            conversation = Conversation()
            self.conversations.append(conversation)
            self._sockets.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection, conversation))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket, conversation: Conversation) -> None:
        answered = False
        with connection:
            while True:
                try:
                    more = connection.recv(1 << 16)
                except OSError:
                    conversation.end = "reset"
                    return
                if not more:
                    conversation.end = "closed"
                    return
                conversation.data += more
                if self._response and not answered and b"\r\n\r\n" in conversation.data:
                    answered = True
                    connection.sendall(self._response)
                    if self._closes:
                        conversation.end = "closed by the server"
                        return


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Starts listeners, which end with the test."""
    started: list[Listener] = []

    def start(response: bytes = b"", *, closes: bool = False) -> Listener:
        started.append(Listener(response, closes=closes))
        return started[-1]

    yield start
    for listener in started:
        listener.close()


@pytest.fixture
def execute() -> RawRequest:
    """An execute request with the key."""
    return RawRequest(
        method="POST",
        path="/api/execute",
        headers=(("Host", "backend"), ("X-API-Key", KEY), ("Content-Type", "application/json")),
        body=b'{"command":"PING"}',
    )


@pytest.fixture
def read() -> RawRequest:
    """A read with the key."""
    return RawRequest(method="GET", path="/api/memory", headers=(("Host", "backend"), ("X-API-Key", KEY)))
