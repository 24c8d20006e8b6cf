"""The audit trail as files of JSON lines that a backend appends to."""

from __future__ import annotations

from pathlib import Path

from technogate.model.events import TrailEntry
from technogate.trail.entry import MOST
from technogate.trail.entry_fields import EntryFields
from technogate.trail.sources.entry_lines import EntryLines, LineSource
from technogate.trail.sources.trail_folder import TrailFolder


class JsonlSource(LineSource):
    """Reads a file of JSON lines, the oldest first, and the files that were rotated away from it.

    A file that does not exist at the first reading is an empty audit trail, as long as its folder exists: many
    backends create it with their first entry. One that never comes, or is gone, cannot be read.
    """

    def __init__(self, path: Path, fields: EntryFields | None = None) -> None:
        """Read `path`, a file or a pattern of files; `fields` makes entries of what the lines hold."""
        super().__init__(EntryLines(fields or EntryFields()))
        self._path = path
        self._folder = TrailFolder(path, self._lines)
        self._before: int | None = None

    @property
    def name(self) -> str:
        """The name of this source in reports."""
        return f"jsonl {self._path.name}"

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most `limit`; raises TrailError."""
        self._lines.fields.times.begin()
        entries: list[TrailEntry] = []
        for file in reversed(self._folder.files(limit)):
            entries += [file.torn] if file.torn is not None else []
            entries += reversed(file.entries)
        # What a file held before the first request may be of another program.
        if self._before is None:
            self._before = self._lines.others
        elif self._lines.others > self._before or entries:
            self._lines.check(f"the audit file {self._path.name}")
        return tuple(entries[:limit])
