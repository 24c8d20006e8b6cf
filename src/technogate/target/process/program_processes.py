"""All processes of one start of a program, wherever they went: ended, frozen and thawed together.

On Linux they are found in the process table (`process_table`). Elsewhere a program is its process group, and what left
that group is not found.
"""

from __future__ import annotations

import signal
import sys
import time

from technogate.target.process import process_group
from technogate.target.process import process_table as table
from technogate.target.process.process_table import ProcessEntry

#: Seconds that a program which keeps no sign of itself may take in the background before it listens.
UNKNOWN_S = 3.0
#: Seconds that all processes may take to stop after the signal that freezes them, and between two looks.
FREEZE_S, LOOK_S = 2.0, 0.002


class ProgramProcesses:
    """The processes of one start: the one that the gate started, and all that came of it."""

    def __init__(self, leader: int, mark: str, port: int) -> None:
        """`leader` was started by the gate in a session of its own; `mark` is in its environment.

        `serves` is whether it has served its port.
        """
        self.leader = leader
        self._mark = mark
        self._port = port
        started = table.entry(leader)
        self._started = started.started if started is not None else None
        self._sessions = {leader}
        self._known: dict[tuple[int, int], ProcessEntry] = {}
        self.serves = False
        self._unknown_since: float | None = None

    @property
    def groups(self) -> set[int]:
        """The process groups outside of the leader's that are known so far."""
        return {known.group for known in self._known.values()} - {self.leader}

    def look(self) -> list[ProcessEntry]:
        """Every process of it that runs, but for the leader once that has ended."""
        if self._started is None:
            return []
        return table.members(self._mark, self._sessions, self._known)

    def learn(self) -> None:
        """Now that it serves its port, remember what does: a process that keeps no sign of the program may."""
        self.serves = True
        if self._started is None or table.listeners(self._port, (self.leader,)):
            return
        found = {one.pid: one for one in self.look()}
        if not table.listeners(self._port, found):
            for pid in table.listeners(self._port):
                one = table.entry(pid)
                # Only what was started after the program can come of it.
                if one is not None and one.started >= self._started and one.session != process_group.own_session():
                    found[pid] = one
        self._remember(found)

    def in_background(self) -> bool:
        """Whether the program goes on without its leader, which ended and reported no error.

        Until it has served its port, any process of it counts, and for `UNKNOWN_S` seconds one that may be found only
        when it listens; the first time after that, one that listens.
        """
        if any(table.runs(identity) for identity in self._known):
            return True
        found = {one.pid: one for one in self.look()}
        if self.serves and not self._known and not table.listeners(self._port, found):
            return False
        if self.serves:
            self._remember(found)
            return bool(found)
        now = time.monotonic()
        self._unknown_since = self._unknown_since or now
        return bool(found) or (self._started is not None and now - self._unknown_since < UNKNOWN_S)

    def terminate(self, seconds: float) -> bool:
        """Ask all of them to end, frozen ones too; whether all but the leader have within so many seconds."""
        found = self.look()
        process_group.terminate(self.leader)
        outside = [one for one in found if one.group != self.leader]
        if sys.platform != "win32":
            table.send(signal.SIGCONT, outside)
            table.send(signal.SIGTERM, outside)
        return table.wait_for_end(found, seconds)

    def kill(self) -> None:
        """Kill all of them. What is known is killed at once, then what a look finds, until there is nothing."""
        process_group.kill(self.leader)
        if self._started is None or sys.platform == "win32":
            return
        table.send(signal.SIGKILL, self._known.values())
        table.kill_all(self._mark, self._sessions, self._known)

    def freeze(self) -> None:
        """Freeze all of them, and those that they start meanwhile; raises UserError where the system cannot."""
        process_group.freeze(self.leader)
        if sys.platform == "win32":
            return
        until = time.monotonic() + FREEZE_S
        while running := [one for one in self.look() if not one.stopped]:
            table.send(signal.SIGSTOP, running)
            if time.monotonic() > until:
                return
            time.sleep(LOOK_S)

    def thaw(self) -> None:
        """Continue all of them."""
        process_group.thaw(self.leader)
        if sys.platform != "win32":
            table.send(signal.SIGCONT, self.look())

    def _remember(self, found: dict[int, ProcessEntry]) -> None:
        self._known = {one.identity: one for one in found.values()}
        self._sessions |= {one.session for one in found.values() if one.session != process_group.own_session()}
