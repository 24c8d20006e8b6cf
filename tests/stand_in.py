"""The stand-in server of the tests: HTTP/1.1 on a port of its own, with every response decided by the test.

It needs the standard library alone, because some tests copy it beside a program that runs in a clean environment.
A handler can also take over the socket of its connection, so that a response can be anything that a program might put
on a wire: cut short, stalled, reset, or no HTTP at all.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StandInRequest:
    """One request as it came; `raw` holds its bytes, `connection` is the socket that it came on."""

    raw: bytes
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: socket.socket = field(repr=False, compare=False)

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The parameters of the query, in their order."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    @property
    def json(self) -> Any:
        """The value of a JSON body; raises ValueError when the body is not JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The first value of the header `name`, None when the request has none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


#: Returns the bytes to send; b"" when it has sent its response itself, None to close the connection.
Handler = Callable[[StandInRequest], bytes | None]


def http_response(
    status: int = 200,
    body: object = b"",
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A well-formed response; a body that is not bytes is sent as JSON.

    `headers` add to the response's own or replace them; a value of "" leaves the header out.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    length = {} if status == 204 else {"Content-Length": str(len(content))}
    fields = {"Content-Type": content_type, **length, **(headers or {})}
    head = [f"HTTP/1.1 {status} Stand-in", *(f"{name}: {value}" for name, value in fields.items() if value != "")]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + content


class StandIn:
    """A server on loopback, from its making until `close`; each connection has a thread of its own.

    `port` 0 takes a free one. `one_at_a_time` serves a connection only after the one before it has ended. Of a body
    longer than `body_limit` bytes no more than its beginning is read. A connection stays open until the client closes
    it, the handler returns None, or a response has the header `Connection: close`.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        port: int = 0,
        backlog: int = 128,
        body_limit: int = 1 << 25,
        one_at_a_time: bool = False,
    ) -> None:
        self.requests: list[StandInRequest] = []
        self.connections = 0
        self.ended = threading.Event()
        self._handler = handler
        self._body_limit = body_limit
        self._one_at_a_time = one_at_a_time
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((HOST, port), backlog=backlog)
        self.port: int = self._listener.getsockname()[1]
        self._accepting = threading.Thread(target=self._accept, name="stand-in")
        self._accepting.start()

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{HOST}:{self.port}"

    def join(self) -> None:
        """Wait until the server is closed: for a program that does nothing but serve."""
        self._accepting.join()

    def close(self) -> None:
        """Stop listening, end every connection and every thread; a second call does nothing."""
        if self.ended.is_set():
            return
        self.ended.set()
        self._shut_connections()
        # Not every system wakes a thread that accepts when its socket is closed.
        with contextlib.suppress(OSError):
            socket.create_connection((HOST, self.port)).close()
        self._accepting.join()
        self._listener.close()
        self._shut_connections()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> StandIn:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def serve(self, connection: socket.socket) -> None:
        """Serve one connection; a subclass that works on bytes alone replaces this."""
        unread = bytearray()
        while (request := self._read(connection, unread)) is not None:
            with self._lock:
                self.requests.append(request)
            response = self._handler(request)
            if response is None:
                return
            connection.sendall(response)
            if b"\r\nconnection: close" in response.partition(b"\r\n\r\n")[0].lower():
                return

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with self._lock:
                ended = self.ended.is_set()
                if not ended:
                    self.connections += 1
                    self._open.add(connection)
            if ended:
                connection.close()
                return
            if self._one_at_a_time:
                self._attend(connection)
                continue
            thread = threading.Thread(target=self._attend, args=(connection,), name="stand-in connection")
            self._threads.append(thread)
            thread.start()

    def _attend(self, connection: socket.socket) -> None:
        try:
            # A client may leave at any time: some tests want it to.
            with contextlib.suppress(OSError):
                self.serve(connection)
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _shut_connections(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _read(self, connection: socket.socket, unread: bytearray) -> StandInRequest | None:
        """The next whole request, None when the client has closed; `unread` keeps what came after it."""
        while b"\r\n\r\n" not in unread:
            if not _receive(connection, unread):
                return None
        head = bytes(unread).partition(b"\r\n\r\n")[0]
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = tuple((name, value.strip(" \t")) for name, _, value in (line.partition(":") for line in lines))
        lengths = [value for name, value in headers if name.lower() == "content-length"]
        length = int(lengths[0]) if lengths and lengths[0].isdecimal() else 0
        end = len(head) + 4 + (length if length <= self._body_limit else 0)
        while len(unread) < end:
            if not _receive(connection, unread):
                return None
        raw = bytes(unread[:end])
        del unread[:end]
        method, _, rest = first.partition(" ")
        return StandInRequest(
            raw=raw,
            method=method,
            target=rest.rpartition(" ")[0],
            headers=headers,
            body=raw[len(head) + 4 :],
            connection=connection,
        )


def _receive(connection: socket.socket, into: bytearray) -> bool:
    """Read what has come; False at the end of the connection."""
    data = connection.recv(1 << 16)
    into += data
    return bool(data)
