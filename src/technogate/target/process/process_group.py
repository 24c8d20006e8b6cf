"""Process groups: a program and all that it starts, signalled as one.

A program is the leader of a session of its own, so Ctrl-C at the gate does not reach it: the gate
ends it, in its own order.
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
    """Ask every process of the group to end; a stopped one is woken to hear it. Gone is fine."""
    if sys.platform == "win32":
        _taskkill(pid)
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        os.killpg(pid, signal.SIGCONT)


def kill(pid: int) -> None:
    """End every process of the group at once. Gone is fine."""
    if sys.platform == "win32":
        _taskkill(pid, "/F")
        return
    # PermissionError: macOS answers so when only zombies are left in the group.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def freeze(pid: int) -> None:
    """Stop every process of the group in its tracks; raises UserError where the system cannot."""
    if sys.platform == "win32":
        raise UserError("this system cannot freeze a program: run the timeout checks on Linux or macOS")
    os.killpg(pid, signal.SIGSTOP)


def thaw(pid: int) -> None:
    """Let a frozen group run on."""
    if sys.platform != "win32":
        os.killpg(pid, signal.SIGCONT)


def _taskkill(pid: int, *how: str) -> None:
    """End a process tree on Windows."""
    subprocess.run(["taskkill", "/T", *how, "/PID", str(pid)], check=False, capture_output=True)
