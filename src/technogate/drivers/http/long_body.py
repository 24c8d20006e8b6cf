"""A body that is much longer than any limit, sent piece by piece until the server responds.

How much the server takes before it responds shows whether it reads what it has to refuse. The buffers of the
operating system on both ends take some of it too, so the client's is kept small.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

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

    def send(self, connection: socket.socket, head: bytes, deadline: float) -> bool:
        """Send the request; false when the server responded or closed before it had all of it. Raises OSError."""
        self.taken = 0
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, PIECE)
        try:
            connection.settimeout(_remaining(deadline))
            connection.sendall(head)
            return all(self._send_piece(connection, piece, deadline) for piece in self._pieces())
        except (BrokenPipeError, ConnectionResetError):
            return False

    def _pieces(self) -> Iterator[bytes]:
        left = self.size
        while left > 0:
            piece = (self.start if left == self.size else b"").ljust(min(PIECE, left), b"x")
            left -= len(piece)
            yield piece

    def _send_piece(self, connection: socket.socket, piece: bytes, deadline: float) -> bool:
        """Send one piece of the body as soon as the server takes it; false when it has responded."""
        pausing = self.taken < self.enough <= self.taken + len(piece)
        unsent = memoryview(b"%x\r\n%b\r\n" % (len(piece), piece) if self.chunked else piece)
        before = self.taken
        whole = len(unsent)
        while unsent:
            readable, writable, _ = select.select([connection], [connection], [], _remaining(deadline))
            if readable:
                return False
            if writable:
                unsent = unsent[connection.send(unsent[:PIECE]) :]
                self.taken = before + len(piece) * (whole - len(unsent)) // whole
        readable, _, _ = select.select([connection], [], [], min(PAUSE_S, _remaining(deadline)) if pausing else 0)
        last = self.taken == self.size
        if self.chunked and last and not readable:
            connection.sendall(b"0\r\n\r\n")
        return not readable


def _remaining(deadline: float) -> float:
    """Seconds until `deadline`; raises TimeoutError when there are none."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
