"""The file that keeps what a program writes to its standard output and error, over all of its starts.

A program may print without end: then the file is cut back to its beginning again and again, and what is read of it is
its beginning and its end. Places in the output are counted as if nothing was cut.
"""

from __future__ import annotations

import os
import re
import threading
from contextlib import suppress
from pathlib import Path

from technogate.journal.redaction import Redactor

#: Bytes of the output that are kept at least, from its beginning; the file has at most twice that, and what is
#: printed between two looks.
MOST = 16 << 20

#: What colours a line on a terminal, and moves its cursor.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class OutputLog:
    """The output of one program. It need not exist before the first start."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """`redactor` masks the API key."""
        self.path = path
        self._redactor = redactor
        self._start = 0
        self._cut = 0
        self._bounding = threading.Lock()

    @property
    def text(self) -> str:
        """All of it, unmasked; of more than `MOST` bytes the first and the last ones."""
        if not self.path.exists():
            return ""
        with self.path.open("rb") as file:
            raw = file.read(MOST)
            size = os.fstat(file.fileno()).st_size
            if size > MOST:
                file.seek(max(MOST, size - MOST))
                raw += file.read(MOST)
        return raw.decode("utf-8", errors="replace").replace("\r\n", "\n")

    def bound(self) -> None:
        """Cut the file back when it is too long: the program appends to it, and goes on where it ends then."""
        with self._bounding, suppress(FileNotFoundError):
            size = self.path.stat().st_size
            if size > 2 * MOST:
                os.truncate(self.path, MOST)
                self._cut += size - MOST

    def begin(self, offset: int) -> None:
        """Remember that a start begins after so many bytes of the file."""
        self._start = offset + self._cut

    def since(self, offset: int) -> tuple[str, int]:
        """What was written after `offset` bytes, the API key masked, and how many bytes there are by now."""
        with self._bounding:
            cut = self._cut
            size = self.path.stat().st_size + cut if self.path.exists() else offset
            if size <= offset:
                return "", offset
            with self.path.open("rb") as file:
                # Of a flood the end is enough, and what was cut is gone.
                file.seek(max(offset - cut, size - cut - MOST, 0))
                written = file.read(MOST)
        return self._redactor.clean_text(written.decode("utf-8", errors="replace"))[0], size

    def latest(self) -> str:
        """What was written since the latest start, the API key masked."""
        return self.since(self._start)[0]

    def has_line(self, pattern: str) -> bool:
        """Whether a line that was written since the latest start matches the regular expression `pattern`."""
        wanted = re.compile(pattern)
        return any(wanted.search(line) for line in _CONTROL.sub("", self.latest()).splitlines())
