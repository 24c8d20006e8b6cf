"""One hostile client: a connection, the bytes sent, and the bytes received."""

from __future__ import annotations

import errno
import socket
import struct
import threading
import time
from contextlib import suppress

from technogate.drivers.http.address import CONNECT_S, Address
from technogate.faults.fault_errors import NotDelivered
from technogate.faults.http_attacks.attack_script import Script
from technogate.faults.http_attacks.request_bytes import first_response

#: Seconds between two checks whether a client that waits for a response was abandoned.
POLL_S = 0.2
#: The most bytes of a response that are kept.
MOST_KEPT = 1 << 20
#: The most reads when a client leaves.
MOST_READS = 64
#: Connection errors of this machine, not of the backend.
LOCAL_ERRORS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.EADDRNOTAVAIL})


class Client:
    """Runs one script. A backend may refuse, close or reset: that is no error."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.started = time.time()
        self.ended = self.started
        self.sent = 0
        self.received = b""
        self.connected = False
        self.closed_by_backend = False
        self.error = ""
        self._socket: socket.socket | None = None
        self._dripped = 0

    @property
    def open(self) -> bool:
        """Whether the connection is open, as far as was observed."""
        return self._socket is not None

    @property
    def response(self) -> bytes | None:
        """The first complete response that it received, informational ones left out; None without one."""
        return first_response(self.received, closed=self.closed_by_backend)

    @property
    def delivered(self) -> bool:
        """Whether it reached the backend: it connected, and sent bytes of its opening if it has one."""
        return self.connected and (self.sent > 0 or not self.script.opening)

    def begin(self, address: Address) -> None:
        """Connect and send the opening; raises NotDelivered when this machine cannot open one more connection."""
        try:
            self._socket = address.connect()
        except OSError as failure:
            if failure.errno in LOCAL_ERRORS:
                raise NotDelivered(
                    f"this machine cannot open more connections: {failure}; raise the limit: ulimit -n"
                ) from None
            self._end(f"not connected: {failure}")
            return
        self.connected = True
        self._send(self.script.opening)

    def drip(self) -> None:
        """Send the next byte of what drips, if the connection is open."""
        drip = self.script.drip
        if drip and self.open:
            at = self._dripped % len(drip)
            self._dripped += 1
            self._send(drip[at : at + 1])

    def wait(self, until: float, abandoned: threading.Event) -> None:
        """Read until a complete response, the end of the connection, or the monotonic time `until`."""
        while self._socket is not None and time.monotonic() < until and not abandoned.is_set():
            if self.response is not None:
                break
            self._receive(POLL_S)
        self.ended = time.time()

    def leave(self) -> None:
        """Read what has arrived, then close the connection or reset it."""
        for _ in range(MOST_READS):
            if not self._receive(0.001):
                break
        if self._socket is None:
            return
        if self.script.reset:
            with suppress(OSError):
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._end("")

    def _send(self, data: bytes) -> None:
        until = time.monotonic() + CONNECT_S
        while self._socket is not None and data:
            try:
                count = self._socket.send(data)
            except OSError as failure:
                self.closed_by_backend = isinstance(failure, ConnectionError)
                # What the backend sent before it closed can still be read.
                self._receive(0.001)
                what = "closed the connection" if self.closed_by_backend else "took no more"
                self._end(f"the backend {what} after {self.sent} bytes: {failure or type(failure).__name__}")
                return
            self.sent += count
            data = data[count:]
            if data and time.monotonic() > until:
                self._end(f"the backend took no more after {self.sent} bytes")

    def _receive(self, timeout_s: float) -> bool:
        """Read what has arrived, waiting at most `timeout_s` seconds; return whether anything had."""
        if self._socket is None:
            return False
        try:
            self._socket.settimeout(timeout_s)
            more = self._socket.recv(1 << 16)
            self._socket.settimeout(CONNECT_S)
        except TimeoutError:
            self._socket.settimeout(CONNECT_S)
            return False
        except OSError as failure:
            self.closed_by_backend = True
            self._end(f"the backend closed the connection: {failure}")
            return False
        if not more:
            self.closed_by_backend = True
            self._end("the backend closed the connection")
            return False
        self.received = (self.received + more)[:MOST_KEPT]
        return True

    def _end(self, why: str) -> None:
        self.ended = time.time()
        self.error = self.error or why
        if self._socket is not None:
            self._socket.close()
            self._socket = None
