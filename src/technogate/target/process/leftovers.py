"""What a run has left behind when its suites have ended: every process that came of it, wherever it went.

A program under test may fork twice, begin a session of its own and clear its environment, so that nothing tells where
it came from. The process that keeps watch over a run adopts what its descendants leave behind (Linux). So whatever is
below it when the suites have ended came of the run, and is ended before anything is judged or reported.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from technogate.target.process import process_table as table
from technogate.target.process import reaper
from technogate.target.process.kernel_flags import adopt_orphans

#: Seconds that a reaper of the gate's own may take to end what is registered with it, containers included.
REAPER_S = 20.0
#: Seconds after which what cannot be ended is given up, and between two looks at what has not ended yet.
GIVE_UP_S, LOOK_S = 30.0, 0.001
#: Looks that must find nothing where the system cannot say that there is no child at all.
LOOKS = 5


class Leftovers:
    """The processes below this one that a run started, without those that ran before it and what is below them."""

    def __init__(self) -> None:
        """Adopt from now on what descendants of this process leave behind."""
        self.adopting = adopt_orphans()
        self._spared = frozenset(_children()) if self.adopting else frozenset()

    def collect(self, children: Collection[int] = ()) -> None:
        """Collect what was adopted and has ended, up to the first of `children`, whom somebody else waits for."""
        while self.adopting and hasattr(os, "waitid"):
            try:
                ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            except ChildProcessError:
                return
            if ended is None or ended.si_pid in children or ended.si_pid in self._spared:
                return
            _collect(ended.si_pid)

    def end(self) -> int:
        """End all that the run left behind; return how many processes could not be ended.

        Each process below this one is a child, or becomes one when its parent is killed: only children are killed, and
        the run is over when there is none. A reaper of the gate's own gets the time that it needs.
        """
        begun = time.monotonic()
        empty = 0
        while self.adopting and empty < LOOKS:
            left = [pid for pid in _children() if pid not in self._spared and not _collect(pid)]
            if not left and not self._spared and _childless():
                return 0
            empty = 0 if left else empty + 1
            waited = time.monotonic() - begun
            if left and waited > GIVE_UP_S:
                return len(left)
            for pid in left:
                if waited > REAPER_S or not _is_reaper(pid):
                    with suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
            time.sleep(LOOK_S if empty or waited < 1.0 else LOOK_S * 20)
        return 0


def _children() -> list[int]:
    """The children of this process, also those that have ended and were not collected."""
    own = os.getpid()
    found: list[int] = []
    for path in (table.PROC / "self" / "task").glob("*/children"):
        with suppress(OSError):
            found += [int(word) for word in path.read_text("ascii").split()]
    if found or (table.PROC / "self" / "task" / str(own) / "children").exists():
        return found
    entries = (table.entry(int(path.name)) for path in table.PROC.glob("[0-9]*"))
    return [one.pid for one in entries if one is not None and one.parent == own]


def _childless() -> bool:
    """Whether the system knows of no child of this process: then nothing below it runs either."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return True
    return False


def _collect(pid: int) -> bool:
    """Collect a child if it has ended; whether it is gone."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def _is_reaper(pid: int) -> bool:
    """Whether a process was started as a reaper of the gate; one that only looks like it gets no more than its time."""
    try:
        words = (table.PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(str(Path(reaper.__file__).resolve())) in words
