"""A program that is ready on another port than the one that its target file says, found while it is waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit

from technogate.target.process.process_table import PROC
from technogate.target.readiness import probe

#: Seconds before the first look, and between two: each reads the table of all processes, and most programs are ready
#: before the first.
FIRST_LOOK_S, LOOK_S = 1.5, 0.75

#: Seconds that one probe takes at most, and that a program must have been ready elsewhere: one that starts several
#: servers may be a moment from serving its port.
PROBE_S, SETTLED_S = 1.0, 4.0

#: The state of a socket that listens, as the kernel's tables of sockets write it.
_LISTENS = "0A"


class OtherPort:
    """Watches a program that is not ready yet: `port` is the other one on which it is, 0 while none is known."""

    def __init__(self, url: str, pids: Callable[[], Collection[int]]) -> None:
        """`url` is the address that should show that it is ready; `pids` returns its processes."""
        self.port = 0
        self._url = urlsplit(url)
        self._pids = pids
        self._next_look = time.monotonic() + FIRST_LOOK_S
        self._ready_since: dict[int, float] = {}

    def settled(self) -> bool:
        """Whether it has been ready on another port for `SETTLED_S` seconds, and so will not serve its own."""
        now = time.monotonic()
        if now < self._next_look or self.port:
            return bool(self.port)
        self._next_look = now + LOOK_S
        for port in listening_ports(self._pids()):
            if port == self._url.port or not self._ready_on(port):
                continue
            since = self._ready_since.setdefault(port, now)
            if now - since >= SETTLED_S:
                self.port = port
        return bool(self.port)

    def _ready_on(self, port: int) -> bool:
        moved = self._url._replace(netloc=f"{self._url.hostname}:{port}")
        return not probe(urlunsplit(moved), PROBE_S)


def listening_ports(pids: Collection[int]) -> set[int]:
    """The TCP ports on which these processes listen; none where the system has no table of them."""
    held = {name for pid in pids for name in _sockets_of(pid)}
    return {port for inode, port in _listening() if f"socket:[{inode}]" in held}


def _sockets_of(pid: int) -> Iterator[str]:
    with suppress(OSError):
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            with suppress(OSError):
                yield str(descriptor.readlink())


def _listening() -> Iterator[tuple[str, int]]:
    """The inode and the port of each socket that listens."""
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (PROC / "net" / table).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == _LISTENS:
                    yield fields[9], int(fields[1].rpartition(":")[2], 16)
