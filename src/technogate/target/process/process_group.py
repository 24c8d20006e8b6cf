"""Process groups: a program and all its children, signalled together.

A program is the leader of a session of its own, so Ctrl-C at the gate does not reach it: the gate
ends it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import Any

from technogate.model.errors import UserError


def own_group() -> dict[str, Any]:
    """The arguments for `subprocess.Popen` that give a program a group of its own."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


def terminate(pid: int) -> None:
    """Continue frozen processes of the group, then send SIGTERM to all. A group that has ended is ignored.

    In this order, because Linux hands a signal of a stopped process to any of its threads, and CPython
    handles signals in the main thread alone, which then sleeps on.
    """
    if sys.platform == "win32":
        _taskkill(pid)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGCONT)
        os.killpg(pid, signal.SIGTERM)


def own_session() -> int:
    """The session of the gate itself, which no program is ever ended with; 0 on Windows."""
    return 0 if sys.platform == "win32" else os.getsid(0)


def kill(pid: int) -> None:
    """Kill every process of the group. A group that has ended is ignored."""
    if sys.platform == "win32":
        _taskkill(pid, "/F")
        return
    # PermissionError: macOS raises it when only zombies are left in the group.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def freeze(pid: int) -> None:
    """Freeze every process of the group; raises UserError where the system cannot."""
    if sys.platform == "win32":
        raise UserError("this system cannot freeze a program: run the timeout checks on Linux or macOS")
    # A program in the background has no group of its leader any more.
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGSTOP)


def thaw(pid: int) -> None:
    """Continue a frozen group."""
    if sys.platform != "win32":
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGCONT)


def _taskkill(pid: int, *how: str) -> None:
    """End a process tree on Windows."""
    subprocess.run(["taskkill", "/T", *how, "/PID", str(pid)], check=False, capture_output=True)
