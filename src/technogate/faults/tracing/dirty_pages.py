"""How much of a file is not on stable storage yet, asked of the kernel: no program can tell that it was asked."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import closing
from pathlib import Path

#: `cachestat` of Linux 6.5 has the same number on every machine.
CACHESTAT = 451


class _Range(ctypes.Structure):
    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _Counts(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("cached", "dirty", "writeback", "evicted", "recently"))


def dirty_pages(path: Path) -> int | None:
    """The pages of a file that are changed and not written yet; None where the kernel does not say, or without one."""
    if sys.platform != "linux":
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    with closing(os.fdopen(descriptor, "rb")):
        counts, whole = _Counts(), _Range(0, 0)
        call = ctypes.CDLL(None, use_errno=True).syscall
        failed = call(CACHESTAT, descriptor, ctypes.byref(whole), ctypes.byref(counts), 0)
    return None if failed else int(counts.dirty + counts.writeback)
