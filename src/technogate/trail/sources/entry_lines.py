"""Lines of JSON, as a file or a program has them: which of them are entries."""

from __future__ import annotations

from typing import Any

import msgspec

from technogate.model.events import TrailEntry
from technogate.trail.entry import TrailError
from technogate.trail.entry_fields import EntryFields
from technogate.util.strict_json import nested_too_deeply

#: A byte order mark, which an editor or a shell puts before the first line.
MARK = b"\xef\xbb\xbf"
#: Bytes of other lines that are kept until they are taken.
MOST_KEPT = 1 << 20
#: Objects that a line without one at its start may begin before its last one is given up.
MOST_STARTS = 20


class EntryLines:
    """Reads one line at a time. What is no entry is counted, and kept until `take_other` returns it."""

    def __init__(self, fields: EntryFields) -> None:
        self.fields = fields
        self.entries = 0
        self.others = 0
        self._first_other = ""
        self._kept = bytearray()

    def entry(self, line: bytes, where: str = "", *, torn: bool = False) -> TrailEntry | None:
        """The entry on a line; None for a blank or another one. `torn`: it may not be written to its end yet."""
        text = line.replace(MARK, b"").strip()
        if not text:
            return None
        values = _object_in(text)
        entry = None if values is None else self.fields.entry(values)
        if torn:
            return entry
        if entry is None:
            self._other(text, where, "has not the fields of an entry" if values is not None else "is no JSON object")
        else:
            self.entries += 1
        return entry

    def take_other(self) -> str:
        """The lines that are no entries, since the last call."""
        kept, self._kept = bytes(self._kept), bytearray()
        return kept.decode("utf-8", "replace")

    @property
    def notes(self) -> list[str]:
        """What the reader of a report should know about the lines."""
        notes = self.fields.notes
        if self.others and self.entries:
            notes.append(f"lines that are no entries are passed over; the first: {self._first_other}")
        return notes

    def check(self, what: str) -> None:
        """Raise TrailError when `what` has lines and no entry, or no entry that can be told from another."""
        if self.others and not self.entries:
            raise TrailError(f"{what} has no entry: {self._first_other}; {self.fields.hint('trace_id')}")
        if self.fields.unnamed:
            raise TrailError(f"{what}: {self.fields.unnamed}")

    def _other(self, text: bytes, where: str, why: str) -> None:
        self.others += 1
        self._first_other = self._first_other or f"{where or 'a line'} {why}"
        if len(self._kept) < MOST_KEPT:
            self._kept += text + b"\n"


class LineSource:
    """Base of the sources that are lines: what they found out is that of their lines."""

    #: None: reading lines is no request to the backend.
    own_trace_ids: tuple[str, ...] = ()

    def __init__(self, lines: EntryLines) -> None:
        self._lines = lines

    @property
    def notes(self) -> list[str]:
        """What was found out, one line each."""
        return self._lines.notes

    def take_other(self) -> str:
        """The lines that are no entries, since the last call."""
        return self._lines.take_other()


def _object_in(text: bytes) -> dict[str, Any] | None:
    """The object of a line: the whole line, or its end, after what a log or a killed program wrote before it."""
    if nested_too_deeply(text):
        return None
    at = text.find(b"{")
    for _ in range(MOST_STARTS):
        if at < 0:
            return None
        try:
            return msgspec.json.decode(text[at:], type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeDecodeError):
            at = text.find(b"{", at + 1)
    return None
