"""The audit trail as a file of JSON lines that a backend appends to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from technogate.model.events import TrailEntry
from technogate.trail.entry import MOST, TrailError, entry_of


class JsonlSource:
    """Reads a file of JSON lines, the oldest first.

    A file that does not exist yet is an empty audit trail, as long as its folder exists: many backends create
    it with their first entry. A file that existed and is gone cannot be read.
    """

    def __init__(self, path: Path, fields: Mapping[str, str] | None = None) -> None:
        """Read `path`; `fields` maps a field of an entry to the key that it has in the file."""
        self._path = path
        self._fields = dict(fields or {})
        self._existed = False

    @property
    def name(self) -> str:
        """The name of this source in reports."""
        return f"jsonl {self._path.name}"

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """None: reading a file is no request."""
        return ()

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most `limit`; raises TrailError, naming a bad line."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError as error:
            if self._existed or not self._path.parent.is_dir():
                raise TrailError(f"the audit file {self._path} is not there") from error
            return ()
        except OSError as error:
            raise TrailError(f"the audit file {self._path} cannot be read: {error.strerror}") from error
        self._existed = True
        lines = raw.split(b"\n")
        entries: list[TrailEntry] = []
        for number in range(len(lines), 0, -1):
            if len(entries) == limit:
                break
            # Only the last line lacks its newline: it may be half-written at the time of reading.
            entry = self._entry(lines[number - 1], number, torn=number == len(lines))
            if entry is not None:
                entries.append(entry)
        return tuple(entries)

    def _entry(self, line: bytes, number: int, *, torn: bool) -> TrailEntry | None:
        """The entry on one line; None for a blank line, and for a torn one that is not an entry yet."""
        if not line.strip():
            return None
        try:
            return entry_of(msgspec.json.decode(line, type=dict[str, object]), self._fields)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            if torn:
                return None
            raise TrailError(f"the audit file {self._path}: line {number} is not an entry ({error})") from error
