"""HTTP/1.1 over plain sockets: requests are sent byte for byte, responses are parsed strictly.

A client library would change a request (merge headers, normalise the target, add its own headers); the
gate must not. The response is parsed by h11, which refuses what is not HTTP. No redirect is followed and
nothing is sent twice: who sends a request again decides that, and asks for a fresh connection.
"""

from __future__ import annotations

import select
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import h11

from technogate.drivers.http.address import Address
from technogate.drivers.http.deadline import remaining
from technogate.drivers.http.long_body import ENDED, HasResponded, LongBody
from technogate.model.exchange import BODY_LIMIT

#: The most bytes of status line and headers in a response.
HEAD_LIMIT = 100 * 1024
#: The most bytes of a body that are read, the framing aside: a response that has more is not read to its end.
READ_LIMIT = 2 * BODY_LIMIT

CONTINUE, NO_CONTENT = 100, 204
_CHUNK = 64 * 1024
#: A body up to this size goes out with the headers in one piece.
_ONE_PIECE = 32 * 1024


class NoConnectionError(Exception):
    """No connection could be made: the request was surely not handled."""


class BrokenError(Exception):
    """The connection broke, or the response is not HTTP, or is slow: the request may have been handled."""


class EndedAsUsedError(BrokenError):
    """A connection that had carried a request before ended without a byte of the response.

    A server may close an idle connection at any time, also while the next request is on its way to it. Only a request
    on a fresh connection shows whether the server responds.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """One response as it came, header names in the case they were sent in; not `whole` beyond `READ_LIMIT`."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    http_version: str
    whole: bool = True


#: What is reported of a connection that ended before any byte of a response, by a close or a reset.
CLOSED = "the connection was closed without a response"

#: The socket option that switches delayed acknowledgements off; None where there is none.
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class RawConnection:
    """Kept-alive connections to one server; may be used by several threads at once."""

    def __init__(self, base_url: str, timeout_s: float) -> None:
        """`base_url` is http or https; `timeout_s` bounds one response, the making of its connection included."""
        self._address = Address.of(base_url)
        self._timeout_s = timeout_s
        self._idle: list[socket.socket] = []
        self._lock = threading.Lock()
        self.host = self._address.authority
        self.prefix = self._address.prefix

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def exchange(
        self,
        method: str,
        target: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | LongBody | None,
        *,
        reuse: bool = True,
        fresh: bool = False,
    ) -> RawResponse:
        """Send one request and read its response; raises NoConnectionError or BrokenError.

        A LongBody goes out on a connection of its own, and so does a `fresh` request. Without `reuse` the connection
        carries no further request.

        Raises ValueError for a header that is not Latin-1: HTTP cannot carry it.
        """
        head = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        raw = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        deadline = time.monotonic() + self._timeout_s
        kept = None if fresh or isinstance(body, LongBody) else self._kept()
        connection = self._connect(deadline) if kept is None else kept
        reader = _Reader(method)
        keep = False
        try:
            if isinstance(body, LongBody):
                sent = body.send(connection, raw, deadline, reader.has_responded)
            else:
                sent = _send(connection, raw, body or b"", deadline, reader.has_responded)
            received = reader.receive(connection, deadline)
            keep = reuse and sent and reader.at_the_end
        except h11.RemoteProtocolError as error:
            raise BrokenError(_parse_error(error)) from error
        except TimeoutError as error:
            raise BrokenError(f"no complete response within {self._timeout_s:g} s") from error
        except OSError as error:
            ended_as_used = kept is not None and not reader.begun
            raise (EndedAsUsedError if ended_as_used else BrokenError)(_description(error)) from error
        finally:
            if not keep:
                connection.close()
        if keep:
            with self._lock:
                self._idle.append(connection)
        return received

    def _kept(self) -> socket.socket | None:
        """An idle connection that the server has not closed, None when there is none."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
            if connection is None or _alive(connection):
                return connection
            connection.close()

    def _connect(self, deadline: float) -> socket.socket:
        try:
            return self._address.connect(remaining(deadline))
        except TimeoutError as error:
            raise NoConnectionError(f"no connection within {self._timeout_s:g} s") from error
        except OSError as error:
            raise NoConnectionError(_description(error)) from error


class _Reader:
    """Reads the response to one request."""

    def __init__(self, method: str) -> None:
        """The parser needs the method, because the response to HEAD has no body."""
        self._parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=HEAD_LIMIT)
        framing = method if method in ("HEAD", "CONNECT") else "GET"
        self._parser.send(h11.Request(method=framing, target="/", headers=[("Host", "any")]))
        self._parser.send(h11.EndOfMessage())
        self._response: h11.Response | None = None
        self._informed = False

    @property
    def begun(self) -> bool:
        """Whether any byte of a response has come; a 100 alone shows only that the request is not refused yet."""
        return self._informed or self._response is not None or bool(self._parser.trailing_data[0])

    @property
    def at_the_end(self) -> bool:
        """Whether the response was read to its end, and no byte came after it."""
        return self._parser.their_state is h11.DONE and not self._parser.trailing_data[0]

    def has_responded(self, connection: socket.socket) -> bool:
        """Read what has arrived: whether more came of it than informational responses. Raises as `receive` does."""
        before = connection.gettimeout()
        connection.settimeout(0)
        try:
            self._read(connection)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            connection.settimeout(before)
        while True:
            event = self._parser.next_event()
            if not isinstance(event, h11.InformationalResponse):
                break
            self._inform(event)
        self._response = event if isinstance(event, h11.Response) else None
        ended, begun = self._parser.trailing_data[1], bool(self._parser.trailing_data[0])
        return event is not h11.NEED_DATA or ended or begun

    def receive(self, connection: socket.socket, deadline: float) -> RawResponse:
        """Read the response, to `READ_LIMIT`; raises h11.RemoteProtocolError, TimeoutError or another OSError."""
        parts: list[bytes] = []
        left = READ_LIMIT
        while left >= 0:
            event = self._parser.next_event()
            if event is h11.NEED_DATA:
                connection.settimeout(remaining(deadline))
                self._read(connection)
            elif isinstance(event, h11.Response):
                self._response = event
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
                left -= len(event.data)
            elif isinstance(event, h11.InformationalResponse):
                self._inform(event)
            else:
                break
        response = self._response
        if response is None or (left >= 0 and not isinstance(event, h11.EndOfMessage)):
            raise ConnectionError("the connection was closed before the response was complete")
        if response.status_code == NO_CONTENT:
            # HTTP gives a 204 no body, so the parser leaves the bytes that came anyway: they are evidence.
            parts.append(bytes(self._parser.trailing_data[0]))
        return RawResponse(
            status=response.status_code,
            headers=tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers.raw_items()
            ),
            body=b"".join(parts),
            http_version=f"HTTP/{response.http_version.decode('ascii')}",
            whole=left >= 0,
        )

    def _inform(self, event: h11.InformationalResponse) -> None:
        self._informed = self._informed or event.status_code != CONTINUE

    def _read(self, connection: socket.socket) -> None:
        """Read once, and give it to the parser; a close, or a reset, before any of it raises ConnectionError."""
        _acknowledge_at_once(connection)
        try:
            data = connection.recv(_CHUNK)
        except ENDED:
            if self.begun:
                raise
            data = b""
        if not data and not self.begun:
            raise ConnectionError(CLOSED)
        self._parser.receive_data(data)


def _send(connection: socket.socket, head: bytes, body: bytes, deadline: float, has_responded: HasResponded) -> bool:
    """Send a request; false when the server responded or closed before it had all of it."""
    try:
        connection.settimeout(remaining(deadline))
        if len(body) <= _ONE_PIECE:
            connection.sendall(head + body)
            return True
        connection.sendall(head)
        unsent = memoryview(body)
        while unsent:
            readable, writable, _ = select.select([connection], [connection], [], remaining(deadline))
            if readable and has_responded(connection):
                return False
            if writable:
                unsent = unsent[connection.send(unsent[:_CHUNK]) :]
    except ENDED:
        # A server may refuse a body without reading it: its response can have arrived anyway.
        return False
    return True


def _acknowledge_at_once(connection: socket.socket) -> None:
    """Acknowledge the next data without delay, where the system can.

    A server that writes head and body apart waits for the acknowledgement of the first, which Linux delays by 40 ms:
    that would be the time of each of its responses, and none of its own. The option holds only for a while.
    """
    if _QUICKACK is not None:
        connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)


def _alive(connection: socket.socket) -> bool:
    """Whether an idle connection is open and empty: its end, or bytes without a request, make it useless."""
    connection.settimeout(0)
    try:
        connection.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):
        return True
    except OSError:
        return False
    return False


def _description(error: OSError) -> str:
    """A short description of an error on the wire."""
    return f"{type(error).__name__}: {error.strerror}" if error.strerror else str(error)


def _parse_error(error: h11.RemoteProtocolError) -> str:
    """The reason why a response is not HTTP, or is cut."""
    return f"the response cannot be read: {error}"
