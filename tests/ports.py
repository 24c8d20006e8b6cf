"""Ports for programs that a test starts: chosen beforehand, and reserved meanwhile."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def kept_port() -> Iterator[int]:
    """A port of the loopback address that is kept for a program which a test starts, stops and starts again.

    The program must set SO_REUSEADDR, as servers do: on Linux it can then listen beside our socket, which does not,
    while no other program is given the port, however long ours takes to start. Elsewhere the port is merely free.
    """
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        number: int = reserved.getsockname()[1]
        if sys.platform != "linux":
            reserved.close()
        yield number
