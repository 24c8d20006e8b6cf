"""Which processes belong to a program, and on which addresses they listen.

A program may start others, in sessions of their own: a mark in the environment, which they inherit, finds all of them.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: The variable that marks the processes of one trial.
MARK = "TECHNOGATE_TRIAL"
_PROC = Path("/proc")
#: What the kernel calls a socket that listens.
_LISTENS = "0A"
#: The flag of a Unix socket that accepts connections, and the word of its line that is its path.
_ACCEPTS, _PATH_AT = 0x10000, 7
_LSOF_S = 10.0


def marked(mark: str, leader: int) -> set[int]:
    """The ids of the processes that have `mark` in their environment; the leader alone where it cannot be read."""
    wanted = f"{MARK}={mark}".encode()
    found = {leader}
    for folder in _PROC.glob("[0-9]*"):
        with suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    return found


def end_marked(mark: str, leader: int) -> None:
    """Kill what is left of a trial whose leader has ended."""
    for pid in marked(mark, leader) - {leader, os.getpid()}:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def listening(pids: set[int]) -> set[tuple[str, int]]:
    """The addresses and ports on which these processes listen."""
    if _PROC.joinpath("net", "tcp").exists():
        return _listening_in_proc(pids)
    return _listening_by_lsof(pids)


def listening_sockets(pids: set[int]) -> set[str]:
    """The paths of the Unix sockets on which these processes listen, as they were bound; Linux alone tells them."""
    sockets, found = set(_sockets(pids)), set()
    with suppress(OSError):
        for line in (_PROC / "net" / "unix").read_text("utf-8", errors="replace").splitlines()[1:]:
            words = line.split(maxsplit=7)
            if len(words) > _PATH_AT and int(words[3], 16) & _ACCEPTS and words[6] in sockets:
                found.add(words[_PATH_AT])
    return {path for path in found if not path.startswith("@")}


def open_files(pids: set[int]) -> set[Path]:
    """The regular files that these processes hold open."""
    found = set()
    for target in _open_in_proc(pids):
        if target.startswith("/") and not target.startswith(("/dev/", "/proc/", "/sys/")):
            path = Path(target)
            if path.is_file():
                found.add(path)
    return found


def _open_in_proc(pids: set[int]) -> Iterator[str]:
    """What the file descriptors of these processes lead to."""
    for pid in pids:
        with suppress(OSError):
            for descriptor in (_PROC / str(pid) / "fd").iterdir():
                with suppress(OSError):
                    yield str(descriptor.readlink())


def _sockets(pids: set[int]) -> Iterator[str]:
    """The inodes of the sockets of these processes."""
    return (target[8:-1] for target in _open_in_proc(pids) if target.startswith("socket:["))


def _listening_in_proc(pids: set[int]) -> set[tuple[str, int]]:
    sockets = set(_sockets(pids))
    found = set()
    for table in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (_PROC / "net" / table).read_text("ascii").splitlines()[1:]:
                words = line.split()
                if words[3] == _LISTENS and words[9] in sockets:
                    address, _, port = words[1].partition(":")
                    found.add((_address(address), int(port, 16)))
    return found


def _address(text: str) -> str:
    """An address as the kernel writes it: words of four bytes, each in the machine's own order."""
    raw = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    return socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)


def _listening_by_lsof(pids: set[int]) -> set[tuple[str, int]]:
    """The same where the kernel has no table to read: as `lsof` reports it, nothing without that program."""
    words = ["lsof", "-nP", "-a", "-iTCP", "-sTCP:LISTEN", "-Fn", "-p", ",".join(map(str, sorted(pids)))]
    try:
        listed = subprocess.run(words, capture_output=True, text=True, timeout=_LSOF_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return set()
    found = re.findall(r"^n\[?([^\]\n]*?)\]?:(\d+)$", listed, re.MULTILINE)
    return {("0.0.0.0" if host == "*" else host, int(port)) for host, port in found}  # noqa: S104 - it is read, not bound
