"""What Linux lets a process ask for itself: to adopt what its descendants leave behind, and to be closed to others.

Elsewhere than on Linux both do nothing and say so.
"""

from __future__ import annotations

import ctypes
import sys

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
