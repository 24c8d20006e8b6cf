"""A server that keeps every byte of every connection, and sends the response that a test sets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from technogate.drivers.http.address import Address
from technogate.faults.http_attacks.request_bytes import RawRequest
from tests.stand_in import StandIn

KEY = "TgAbCdEfGh0123456789"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Conversation:
    """One connection as received by the server: its bytes, and how it ended."""

    def __init__(self) -> None:
        self.data = b""
        self.end = ""


class Listener(StandIn):
    """Keeps the bytes of each connection as they came, whether or not they are requests; `response` is sent once.

    It reads bytes and not requests, for what it must keep is what a hostile client sends before any request is whole.
    """

    def __init__(self, response: bytes = b"", *, closes: bool = False) -> None:
        self.conversations: list[Conversation] = []
        self._response = response
        self._closes = closes
        super().__init__(lambda _: None)

    @property
    def address(self) -> Address:
        """The address of the listener."""
        return Address.of(self.url)

    def saw(self, count: int, holds: Callable[[Conversation], bool]) -> bool:
        """Whether there were `count` connections and `holds` is true of each: of none, nothing is true."""
        return len(self.conversations) == count and all(holds(conversation) for conversation in self.conversations)

    def serve(self, connection: socket.socket) -> None:
        """Take in the bytes of one connection until it ends."""
        conversation = Conversation()
        self.conversations.append(conversation)
        responded = False
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
            if self._response and not responded and b"\r\n\r\n" in conversation.data:
                responded = True
                connection.sendall(self._response)
                if self._closes:
                    conversation.end = "closed by the server"
                    return


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    """Start listeners, which end with the test."""
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
