"""The audit trail as a program of the user's prints it: JSON lines, or one JSON list, in either order of time."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import msgspec

from technogate.model.events import TrailEntry
from technogate.target.environment import clean_environment
from technogate.trail.entry import MOST, TrailError, TrailUnusable
from technogate.trail.entry_fields import EntryFields
from technogate.trail.own_limit import own_limit
from technogate.trail.sources.entry_lines import MARK, EntryLines, LineSource
from technogate.util.strict_json import nested_too_deeply
from technogate.util.timestamps import seconds_of

#: Seconds that the command may take.
COMMAND_S = 10.0
#: Bytes that it may print, and seconds between two looks at that.
MOST_PRINTED, LOOK_S = 1 << 26, 0.2
#: The last characters of its output that an error shows.
TAIL = 200


class CommandSource(LineSource):
    """Runs a command at each reading. It must print all entries, or at least the newest thousand."""

    def __init__(self, command: Sequence[str], *, cwd: Path, env: Mapping[str, str], fields: EntryFields) -> None:
        """Run `command` in `cwd`, with `env` beside what every program gets; raises TrailError for one of no use."""
        super().__init__(EntryLines(fields))
        self._command = tuple(command)
        self._cwd = cwd
        self._env = clean_environment(env)
        self._entries: dict[bytes, TrailEntry | None] = {}
        if limit := own_limit(" ".join(command)):
            raise TrailUnusable(f"{self.name} prints at most {limit} entries; it must print at least the newest {MOST}")

    @property
    def name(self) -> str:
        """The name of this source in reports."""
        return f"command {Path(self._command[0]).name}"

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most `limit`; raises TrailError."""
        self._lines.fields.times.begin()
        output = self._run()
        lines = _lines_of(output)
        # What was printed before is the same entry again.
        known, self._entries = self._entries, {}
        entries: list[TrailEntry] = []
        for number, line in enumerate(lines, 1):
            if line not in self._entries:
                where = f"line {number} of its output"
                self._entries[line] = known[line] if line in known else self._lines.entry(line, where)
            if (entry := self._entries[line]) is not None:
                entries.append(entry)
        if output.strip():
            self._lines.check(self.name)
        times = [at for entry in entries if (at := seconds_of(entry.timestamp)) is not None]
        if not times or times[0] <= times[-1]:
            entries.reverse()
        return tuple(entries[:limit])

    def _run(self) -> bytes:
        """What the command prints; raises TrailError when it fails or takes too long."""
        with tempfile.TemporaryFile() as printed, tempfile.TemporaryFile() as complaint:
            # Files, not pipes: what the command leaves running holds a pipe open.
            try:
                program = subprocess.Popen(
                    self._command,
                    cwd=self._cwd,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=complaint,
                    start_new_session=True,
                )
            except OSError as error:
                raise TrailUnusable(f"{self.name} cannot be run: {error.strerror}: {self._command[0]}") from error
            try:
                code = self._wait(program, printed, complaint)
            finally:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(program.pid, signal.SIGKILL)
                program.wait()
            output = _content(printed)
            if code != 0:
                text = " ".join((_content(complaint) or output).decode("utf-8", "replace").split())
                raise TrailError(f"{self.name} ended with code {code}: {text[-TAIL:] or 'it wrote nothing'}")
            return output

    def _wait(self, program: subprocess.Popen[bytes], *files: BinaryIO) -> int:
        """The exit code of the command; raises TrailError when it takes too long, or prints too much."""
        until = time.monotonic() + COMMAND_S
        while True:
            with suppress(subprocess.TimeoutExpired):
                code = program.wait(min(LOOK_S, max(0.0, until - time.monotonic())))
                if all(os.fstat(file.fileno()).st_size <= MOST_PRINTED for file in files):
                    return code
            if any(os.fstat(file.fileno()).st_size > MOST_PRINTED for file in files):
                raise TrailError(f"{self.name} printed more than {MOST_PRINTED >> 20} MiB")
            if time.monotonic() > until:
                raise TrailError(f"{self.name} took longer than {COMMAND_S:g} s")


def _content(file: BinaryIO) -> bytes:
    file.seek(0)
    return file.read()


def _lines_of(output: bytes) -> list[bytes]:
    """The lines of the output; the elements of a JSON list, each as a line."""
    text = output.replace(MARK, b"").strip()
    if text.startswith(b"[") and not nested_too_deeply(text):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            return [bytes(raw) for raw in msgspec.json.decode(text, type=list[msgspec.Raw])]
    return text.split(b"\n") if text else []
