"""Ports of the loopback address: choose a free one, hold it, check whether one is taken."""

from __future__ import annotations

import os
import socket
from types import TracebackType

#: Programs that the gate starts listen here and nowhere else.
HOST = "127.0.0.1"


class HeldPort:
    """A free port, held by a bound socket until `release`, so that no other program gets it."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.bind((HOST, 0))
        except OSError:
            self._socket.close()
            raise
        self.number: int = self._socket.getsockname()[1]

    def release(self) -> None:
        """Release the port for its program. A second call does nothing."""
        self._socket.close()

    def __enter__(self) -> HeldPort:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def is_taken(port: int) -> bool:
    """Whether a program could not listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            # Ignores connections that are still closing; on Windows this option would take the port over.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False
