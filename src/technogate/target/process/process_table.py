"""The processes of a program, found in the process table of Linux. Standard library only: the reaper loads it too.

A program may fork twice, begin sessions of its own, or close what it inherited. Its processes are found by what they
keep of it: the mark in their environment, their session, their parent, or the port that they listen on. A program that
overwrites its environment (to set its title) has lost the mark, so one sign alone is not enough.

Elsewhere than on Linux nothing is found here, and a program is its process group.
"""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

#: The variable whose value marks the processes of one program.
MARK_VARIABLE = "TECHNOGATE_PROGRAM"

PROC = Path("/proc")
#: How often the table is looked at for processes that a program started while it was killed.
ROUNDS = 20
#: States of a process that has ended and waits to be collected.
_ENDED = ("Z", "X", "x")
#: States of a process that a signal has stopped.
_STOPPED = ("T", "t")
#: The state of a socket that listens, as the kernel's tables of sockets write it.
_LISTENS = "0A"


class ProcessEntry(NamedTuple):
    """One process: `started` is when, in clock ticks since the machine started. With `pid` it is unique.

    `threads` is how many threads have not ended; at least 1 until the process is collected.
    """

    pid: int
    parent: int
    group: int
    session: int
    started: int
    state: str
    threads: int

    @property
    def identity(self) -> tuple[int, int]:
        """What tells it from a later process of the same number."""
        return self.pid, self.started

    @property
    def ended(self) -> bool:
        """Whether it has ended, and waits to be collected.

        The state is that of its first thread: while another one has not ended, what the process holds is not free.
        """
        return self.state in _ENDED and self.threads <= 1

    @property
    def stopped(self) -> bool:
        """Whether a signal has stopped it."""
        return self.state in _STOPPED


def entry(pid: int) -> ProcessEntry | None:
    """The process `pid`, None when there is none."""
    try:
        text = (PROC / str(pid) / "stat").read_bytes().decode("ascii", errors="replace")
    except OSError:
        return None
    # The name is in parentheses and may hold some itself.
    fields = text.rpartition(")")[2].split()
    parent, group, session = map(int, fields[1:4])
    return ProcessEntry(pid, parent, group, session, int(fields[19]), fields[0], int(fields[17]))


def processes() -> Iterator[ProcessEntry]:
    """Every process that runs; one that has ended and was not collected does not."""
    for path in PROC.glob("[0-9]*"):
        if (found := entry(int(path.name))) is not None and not found.ended:
            yield found


def runs(identity: tuple[int, int]) -> bool:
    """Whether this very process runs."""
    found = entry(identity[0])
    return found is not None and not found.ended and found.identity == identity


def members(mark: str, sessions: Collection[int], known: Collection[tuple[int, int]] = ()) -> list[ProcessEntry]:
    """The processes of a program, without the caller: with `mark`, in `sessions` or `known`, and all below them."""
    table = {found.pid: found for found in processes() if found.pid != os.getpid()}
    taken = {
        pid
        for pid, found in table.items()
        if found.session in sessions or found.identity in known or (mark and is_marked(pid, mark))
    }
    children: dict[int, list[int]] = {}
    for pid, found in table.items():
        children.setdefault(found.parent, []).append(pid)
    below = list(taken)
    while below:
        for pid in children.get(below.pop(), ()):
            if pid not in taken:
                taken.add(pid)
                below.append(pid)
    return [table[pid] for pid in sorted(taken)]


def is_marked(pid: int, mark: str) -> bool:
    """Whether the environment that a process was started with holds `mark`; False for one of another user."""
    try:
        return f"{MARK_VARIABLE}={mark}".encode() in (PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return False


def listeners(port: int, among: Collection[int] | None = None) -> set[int]:
    """The processes of this user that listen on `port` of any address: all of them, or those of `among`."""
    sockets = {f"socket:[{inode}]" for inode in _listening_sockets(port)}
    if not sockets:
        return set()
    pids = [found.pid for found in processes()] if among is None else among
    return {pid for pid in pids if _holds(pid, sockets)}


def send(number: int, targets: Iterable[ProcessEntry]) -> None:
    """Send a signal to each of these processes that still runs; one of another user is left alone."""
    for target in targets:
        if runs(target.identity):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(target.pid, number)


def kill_all(mark: str, sessions: Collection[int], known: Collection[tuple[int, int]] = ()) -> bool:
    """Kill the processes of one program until a look finds none; whether none is left after `ROUNDS` looks.

    A supervisor may start others while it is killed: those are found by the next look.
    """
    for _ in range(ROUNDS):
        found = members(mark, sessions, known)
        if not found:
            return True
        send(signal.SIGKILL, found)
        wait_for_end(found, 1.0)
    return not members(mark, sessions, known)


def wait_for_end(targets: Collection[ProcessEntry], seconds: float) -> bool:
    """Wait until these processes have ended, at most so many seconds: what they hold is free then."""
    deadline = time.monotonic() + seconds
    for target in targets:
        try:
            descriptor = os.pidfd_open(target.pid)
        except OSError:
            continue
        try:
            if runs(target.identity):
                select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
        finally:
            os.close(descriptor)
    return not any(runs(target.identity) for target in targets)


def _listening_sockets(port: int) -> Iterator[str]:
    """The inodes of the sockets that listen on `port`."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTENS and int(fields[1].rpartition(":")[2], 16) == port:
                yield fields[9]


def _holds(pid: int, sockets: Collection[str]) -> bool:
    """Whether a process has one of these sockets open."""
    with suppress(OSError):
        for descriptor in (PROC / str(pid) / "fd").iterdir():
            # One may be closed meanwhile.
            with suppress(OSError):
                if str(descriptor.readlink()) in sockets:
                    return True
    return False
