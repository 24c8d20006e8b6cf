"""A body that is much longer than any limit, sent piece by piece until the server responds.

How much the server takes before it responds shows whether it reads what it has to refuse. The buffers of the
operating system on both ends take some of it too, so the client's is kept small.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from technogate.drivers.http.deadline import remaining

#: Reads what has arrived on a connection, and returns whether it is a response or the end.
HasResponded = Callable[[socket.socket], bool]

#: What sending on an ended connection raises; with TLS it may end without its closing message.
ENDED = (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError)

PIECE = 64 * 1024
#: Seconds without a byte that the server gets to respond once it has enough: one that reads to the end needs all.
PAUSE_S = 2.0


@dataclass(slots=True, kw_only=True)
class LongBody:
    """`start` and then as many letters that `size` bytes are sent; `chunked`, or with a length.

    After `enough` bytes there is a pause, so that a server which has seen enough can say so. `taken` counts the bytes
    of the body that went out before the server responded or closed.
    """

    start: bytes
    size: int
    enough: int
    chunked: bool
    taken: int = field(default=0, init=False)

    @property
    def header(self) -> tuple[str, str]:
        """The header that frames the body."""
        return ("Transfer-Encoding", "chunked") if self.chunked else ("Content-Length", str(self.size))

    def send(self, connection: socket.socket, head: bytes, deadline: float, has_responded: HasResponded) -> bool:
        """Send the request; false when the server responded or closed before it had all of it. Raises OSError.

        `has_responded` reads what has arrived, and tells a response from an informational one.
        """
        self.taken = 0
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)
        try:
            connection.settimeout(remaining(deadline))
            connection.sendall(head)
            return all(self._send_piece(connection, piece, deadline, has_responded) for piece in self._pieces())
        except ENDED:
            return False

    def _pieces(self) -> Iterator[bytes]:
        left = self.size
        while left > 0:
            piece = (self.start if left == self.size else b"").ljust(min(PIECE, left), b"x")
            left -= len(piece)
            yield piece

    def _send_piece(
        self, connection: socket.socket, piece: bytes, deadline: float, has_responded: HasResponded
    ) -> bool:
        """Send one piece of the body as soon as the server takes it; false when it has responded."""
        before = self.taken
        framed = b"%x\r\n%b\r\n" % (len(piece), piece) if self.chunked else piece
        unsent = memoryview(framed)
        while unsent:
            readable, writable, _ = select.select([connection], [connection], [], remaining(deadline))
            if readable and has_responded(connection):
                return False
            if writable:
                unsent = unsent[connection.send(unsent[:PIECE]) :]
                self.taken = before + len(piece) * (len(framed) - len(unsent)) // len(framed)
        if before < self.enough <= self.taken and self._responds_within(connection, deadline, has_responded):
            return False
        if self.chunked and self.taken == self.size:
            connection.sendall(b"0\r\n\r\n")
        return True

    @staticmethod
    def _responds_within(connection: socket.socket, deadline: float, has_responded: HasResponded) -> bool:
        """Whether a response comes in the pause."""
        until = min(deadline, time.monotonic() + PAUSE_S)
        while (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select([connection], [], [], left)
            if readable and has_responded(connection):
                return True
        return False
