"""The file that keeps what a program writes to its standard output and error, over all of its starts.

It is in the program's own folder, and the program may put a link or a pipe in its place: neither is followed.
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
from technogate.util.plain_file import open_plain

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
        with self._bounding:
            raw, size = self._read(0)
            if size > MOST:
                raw += self._read(max(MOST, size - MOST))[0]
        return raw.decode("utf-8", errors="replace").replace("\r\n", "\n")

    def append(self) -> int:
        """Open it for the output of another start, and return the descriptor; raises OSError when it is replaced."""
        descriptor = open_plain(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        with self._bounding:
            self._start = os.fstat(descriptor).st_size + self._cut
        return descriptor

    def bound(self) -> None:
        """Cut the file back when it is too long: the program appends to it, and goes on where it ends then."""
        with self._bounding, suppress(OSError), os.fdopen(open_plain(self.path, os.O_WRONLY), "wb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > 2 * MOST:
                os.ftruncate(file.fileno(), MOST)
                self._cut += size - MOST

    def since(self, offset: int) -> tuple[str, int]:
        """What was written after `offset` bytes, the API key masked, and how many bytes there are by now."""
        with self._bounding:
            cut = self._cut
            size = self._read(0, most=0)[1] + cut
            if size <= offset:
                return "", offset
            # Of a flood the end is enough, and what was cut is gone.
            written = self._read(max(offset - cut, size - cut - MOST, 0))[0]
        return self._redactor.clean_text(written.decode("utf-8", errors="replace"))[0], size

    def _read(self, offset: int, most: int = MOST) -> tuple[bytes, int]:
        """At most `most` bytes of the file after `offset`, and its size; nothing where there is no such file."""
        try:
            with os.fdopen(open_plain(self.path, os.O_RDONLY), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(offset)
                return file.read(most), size
        except OSError:
            return b"", 0

    def latest(self) -> str:
        """What was written since the latest start, the API key masked."""
        return self.since(self._start)[0]

    def has_line(self, pattern: str) -> bool:
        """Whether a line that was written since the latest start matches the regular expression `pattern`."""
        wanted = re.compile(pattern)
        return any(wanted.search(line) for line in _CONTROL.sub("", self.latest()).splitlines())
