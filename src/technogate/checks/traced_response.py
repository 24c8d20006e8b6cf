"""One response, and the order of the system calls around it: whether its entry was synced before it was sent. Pure.

What the order does not show is a reason, and neither a pass nor a finding: another process may write the audit trail,
or the kernel on the program's behalf.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from technogate.model.events import Exchange
from technogate.model.system_call import OPENS, SystemCall

#: Calls that put one file on stable storage. `sync_file_range` does not: it leaves out what a file needs to be found.
SYNCS = frozenset({"fsync", "fdatasync"})
#: The file in which SQLite commits in mode WAL, and the one that holds what was there before a change.
WAL, JOURNAL = "-wal", "-journal"
#: Calls that a finding tells.
MOST_TOLD = 8
#: What shows a program that it is traced.
_SEES_TRACER = re.compile(r"/proc/(?:self|thread-self|\d+)/(?:task/\d+/)?(?:status|syscall|wchan)\b")
#: An informational response is none.
_INFORMATIONAL = re.compile(r'"HTTP/1\.1 1\d\d')
#: Names of files that hold what a program says, and no audit trail.
_LOGS = (".log", ".out", ".err")


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedResponse:
    """A request whose entry the audit trail has, and the system calls of the backend around it.

    `calls` are those of the whole trace, of which those from number `since` on may belong to this request. `files` are
    the files of the trail, or patterns of them; none where the target file does not name them. `port` is the backend's.
    `aside` are files that are no trail: what the program prints. `synced` are descriptors whose every write is synced,
    `mapped` is whether the trail is mapped for writing, `ring` whether the backend has an io_uring.
    """

    exchange: Exchange
    trace_id: str
    calls: Sequence[SystemCall]
    files: Sequence[str] = ()
    port: int = 0
    since: int = 0
    aside: frozenset[str] = frozenset()
    synced: frozenset[str] = frozenset()
    mapped: bool = False
    ring: bool = False

    @property
    def first_byte(self) -> SystemCall | None:
        """The call that sends the first byte of the response; None where none was seen."""
        sends = [call for call in self.calls if call.is_write and call.descriptor and not call.path]
        named = [call for call in sends if self.trace_id in call.arguments]
        # Behind a server of its own a backend sends a response twice: what counts is the way to the client.
        outward = [call for call in named if f":{self.port}->" in call.descriptor]
        outward = outward or [call for call in named if "HTTP/" in call.arguments]
        if not outward:
            return None
        socket = outward[-1].descriptor
        return next(call for call in sends if call.descriptor == socket and not _INFORMATIONAL.search(call.arguments))

    @property
    def entry_writes(self) -> list[SystemCall]:
        """The calls that write the entry: those that hold its trace id, or without any those since the last request."""
        writes = [call for call in self.calls if call.is_write and call.succeeded and self._may_be_trail(call)]
        named = [call for call in writes if self.trace_id in call.arguments]
        answer = self.first_byte
        if named or not self.files or answer is None:
            return named
        return [call for call in writes if call.entered >= self.since and (call.ended or 0) < answer.entered]

    @property
    def undecided(self) -> str:
        """Why the order of the calls does not tell whether the entry was synced; "" where it does."""
        if any(_shows_tracer(call) for call in self.calls):
            return "the backend looks whether it is traced: what it does when it is not, is not known"
        answer = self.first_byte
        if answer is None:
            return "no system call was seen that sends the response: it is encrypted, or another process sends it"
        if self._syncs(answer) and self.mapped:
            return ""
        writes = self.entry_writes
        if not writes:
            if self.mapped and not self.ring:
                return ""
            how = "through an io_uring" if self.ring else "in another process, or by means that are no system call"
            return f"no system call was seen that writes the entry: it is written {how}"
        if self.ring and self._unsynced(answer):
            return "the backend has an io_uring: it may sync the entry through that"
        if not self.files and self._unsynced(answer) and not self._one_place(writes):
            return "several files hold the trace id, and which of them is the audit trail is not known"
        return ""

    def _one_place(self, writes: Sequence[SystemCall]) -> bool:
        """Whether what holds the trace id is one file, and nothing else got it but the client."""
        answer = self.first_byte
        client = answer.descriptor if answer is not None else ""
        sockets = {
            call.descriptor
            for call in self.calls
            if call.is_write and self.trace_id in call.arguments and re.search(r"<(?:TCP|UNIX|socket)", call.descriptor)
        }
        places = {call.path.removesuffix(WAL).removesuffix(JOURNAL) for call in writes}
        return len(places) == 1 and sockets <= {client} and not next(iter(places)).endswith(_LOGS)

    def _may_be_trail(self, call: SystemCall) -> bool:
        """Whether a call writes a file of the trail, or, where those are not known, any file."""
        if not call.path or call.path in self.aside:
            return False
        return not self.files or self._is_trail(call.path) or self._renamed_to_trail(call)

    def _is_trail(self, path: str) -> bool:
        return any(path == known or fnmatchcase(path, known) for known in self.files)

    def _renamed_to_trail(self, call: SystemCall) -> bool:
        """Whether the file that a call writes takes the place of the trail before the response goes out."""
        answer, name = self.first_byte, PurePosixPath(call.path).name
        for other in self.calls:
            if other.name.startswith("rename") and other.succeeded and other.entered > call.entered:
                quoted = [PurePosixPath(text).name for text in re.findall(r'"([^"]*)"', other.arguments)]
                in_time = answer is not None and other.ended is not None and other.ended < answer.entered
                if len(quoted) == 2 and quoted[0] == name and in_time:
                    return any(fnmatchcase(quoted[1], PurePosixPath(known).name) for known in self.files)
        return False

    def _unsynced(self, answer: SystemCall) -> str:
        """What was not synced before the first byte of the response; "" where everything was."""
        before = [call for call in self.entry_writes if call.ended is not None and call.ended < answer.entered]
        if not before:
            return "the entry is written after the first byte of the response"
        latest = {call.path: call for call in before}
        if len(latest) > 1 and any(path.endswith(WAL) for path in latest):
            # What is in the log is safe, whatever happens to the copy in the database.
            latest = {path: call for path, call in latest.items() if path.endswith(WAL)}
        elif len(latest) > 1:
            latest = {path: call for path, call in latest.items() if not path.endswith(JOURNAL)} or latest
        for path, written in latest.items():
            if not self._is_synced(written, answer):
                return f"{PurePosixPath(path).name} is written and not synced"
        return ""

    def _is_synced(self, written: SystemCall, answer: SystemCall) -> bool:
        """Whether what a call has written is on stable storage before the response goes out."""
        if "RWF_SYNC" in written.arguments or "RWF_DSYNC" in written.arguments:
            return True
        if self._descriptor_syncs(written):
            return True
        return any(
            call.entered > (written.ended or written.entered) and (call.name == "sync" or call.path == written.path)
            for call in self._done_syncs(answer)
            if call.name != "msync"
        )

    def _descriptor_syncs(self, written: SystemCall) -> bool:
        """Whether the file was opened so that each write is synced."""
        opened = [call for call in self.calls if call.entered < written.entered and call.opened == written.descriptor]
        if opened:
            flags = opened[-1].arguments
            return "O_DSYNC" in flags or "O_SYNC" in flags
        return written.descriptor in self.synced

    def _done_syncs(self, answer: SystemCall) -> list[SystemCall]:
        """Every sync without an error that ended before the response was sent."""
        return [
            call
            for call in self.calls
            if call.result == 0
            and call.ended is not None
            and call.ended < answer.entered
            and (call.name in SYNCS or call.name == "sync" or (call.name == "msync" and "MS_SYNC" in call.arguments))
        ]

    def _syncs(self, answer: SystemCall) -> bool:
        """Whether anything of the trail, or a mapping, was synced since the last request."""
        return any(
            call.entered >= self.since and (call.name in ("msync", "sync") or self._is_trail(call.path))
            for call in self._done_syncs(answer)
        )

    @property
    def problem(self) -> str:
        """What is wrong with the order of the calls; "" where the entry was synced first."""
        answer = self.first_byte
        if answer is None:
            return "no system call was seen that sends the response"
        if self.mapped and (self._syncs(answer) or not self.entry_writes):
            return "" if self._syncs(answer) else "the trail is mapped, and not synced before the response"
        return self._unsynced(answer)

    @property
    def order(self) -> str:
        """The calls about the trail and the client from the entry to the next sync after the response, in order."""
        answer, writes = self.first_byte, self.entry_writes
        since = writes[0].entered if writes else self.since
        told: list[str] = []
        for call in self.calls:
            if call is answer or call in writes or (call.name in SYNCS and call.entered > since):
                name = "client" if call is answer else PurePosixPath(call.path).name
                told.append(f"{call.name}({name}){'' if call.succeeded else ' failed'}")
                if answer is not None and call.entered > answer.entered:
                    break
        return ", ".join(told[-MOST_TOLD:]) or "none"


def _shows_tracer(call: SystemCall) -> bool:
    """Whether a call shows the program that it is traced."""
    if call.name == "ptrace":
        return True
    looked = call.arguments if call.name in OPENS else call.path if call.name in ("read", "pread64") else ""
    return bool(looked and _SEES_TRACER.search(looked))
