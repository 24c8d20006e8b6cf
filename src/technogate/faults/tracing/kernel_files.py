"""What a program under test holds open, as the kernel shows it: files that sync each write, rings, mapped files."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_FLAGS = re.compile(r"^flags:\s+([0-7]+)$", re.MULTILINE)
#: A mapping that others see, and that can be written: `7f…-7f… rw-s 00000000 fe:00 123 /tmp/trail.db`.
_SHARED = re.compile(r"^[0-9a-f]+-[0-9a-f]+ .w.s \S+ \S+ \d+ +(/.*)$", re.MULTILINE)


def synced_descriptors(pids: Collection[int]) -> frozenset[str]:
    """The descriptors whose every write is synced (O_DSYNC, O_SYNC), each written as strace does: `5</tmp/trail>`."""
    return frozenset(
        f"{number}<{opened}>"
        for number, opened, flags in _descriptors(pids)
        if opened.startswith("/") and flags & getattr(os, "O_DSYNC", 0)
    )


def has_ring(pids: Collection[int]) -> bool:
    """Whether one of the processes has an io_uring: what it does through that is no system call of its own."""
    return any("io_uring" in opened for _, opened, _ in _descriptors(pids))


def mapped_files(pids: Collection[int]) -> frozenset[str]:
    """The files that the processes have mapped for writing: what they store there is no system call."""
    found: set[str] = set()
    for pid in pids:
        with suppress(OSError):
            found.update(_SHARED.findall((PROC / str(pid) / "maps").read_text("utf-8", "replace")))
    return frozenset(found)


def _descriptors(pids: Collection[int]) -> Iterator[tuple[str, str, int]]:
    """Each descriptor: its number, what it is open on, and its flags."""
    for pid in pids:
        folder = PROC / str(pid)
        try:
            links = list((folder / "fd").iterdir())
        except OSError:
            continue
        for link in links:
            with suppress(OSError):
                flags = _FLAGS.search((folder / "fdinfo" / link.name).read_text("utf-8", "replace"))
                yield link.name, str(link.readlink()), int(flags[1], 8) if flags else 0
