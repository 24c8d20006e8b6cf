"""What Linux lets a process ask for itself: to adopt what its descendants leave behind, and to be closed to others.

Elsewhere than on Linux both do nothing and say so.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

#: Numbers of `prctl(2)`.
_SET_DUMPABLE, _SET_CHILD_SUBREAPER = 4, 36


def adopt_orphans() -> bool:
    """Become the parent of each descendant whose own parent ends, whichever session it is in; whether that worked."""
    return _prctl(_SET_CHILD_SUBREAPER, 1)


def close_to_others() -> bool:
    """Close memory, environment and descriptors of this process to others of its user; whether that worked.

    Only root with the right to trace may still read them. A program that is started is not closed: the flag ends with
    `execve`.
    """
    return _prctl(_SET_DUMPABLE, 0)


def wipe_environment(name: str) -> None:
    """Overwrite the value of a variable in the block of memory that the system shows as this process's environment."""
    if sys.platform != "linux":
        return
    try:
        first, last = _environment_block()
    except (OSError, ValueError, IndexError):
        return
    block = ctypes.string_at(first, last - first)
    begin = 0
    for entry in block.split(b"\0"):
        if entry.startswith(os.fsencode(name) + b"="):
            ctypes.memset(first + begin, ord("x"), len(entry))
        begin += len(entry) + 1


def _environment_block() -> tuple[int, int]:
    """Where the environment begins and ends that this process was started with."""
    fields = Path("/proc/self/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    # Fields 50 and 51 of proc(5), counted from the state, which is the third.
    first, last = int(fields[47]), int(fields[48])
    if not 0 < first < last:
        raise ValueError("the system does not say where it is")
    return first, last


def _prctl(option: int, value: int) -> bool:
    """Call `prctl` with one argument."""
    if sys.platform != "linux":
        return False
    try:
        prctl = ctypes.CDLL(None, use_errno=True).prctl
    except (OSError, AttributeError):
        return False
    prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
    return bool(prctl(option, value, 0, 0, 0) == 0)
