"""The file that keeps what a program writes to its standard output and error, over all of its starts.

It is in the program's own folder, and the program may put a link or a pipe in its place: neither is followed.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from technogate.journal.redaction import Redactor
from technogate.util.plain_file import open_plain

#: What colours a line on a terminal, and moves its cursor.
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class OutputLog:
    """The output of one program. It need not exist before the first start."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        """`redactor` masks the API key."""
        self.path = path
        self._redactor = redactor
        self._start = 0

    @property
    def text(self) -> str:
        """All of it, unmasked."""
        return self._read(0).decode("utf-8", errors="replace")

    def append(self) -> int:
        """Open it for the output of another start, and return the descriptor; raises OSError when it is replaced."""
        descriptor = open_plain(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._start = os.fstat(descriptor).st_size
        return descriptor

    def since(self, offset: int) -> tuple[str, int]:
        """What was written after `offset` bytes, the API key masked, and how many bytes there are by now."""
        written = self._read(offset)
        if not written:
            return "", offset
        return self._redactor.clean_text(written.decode("utf-8", errors="replace"))[0], offset + len(written)

    def _read(self, offset: int) -> bytes:
        """What it holds after `offset` bytes; nothing where there is no such file any more."""
        try:
            with os.fdopen(open_plain(self.path, os.O_RDONLY), "rb") as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(offset)
                return file.read(max(0, size - offset))
        except OSError:
            return b""

    def latest(self) -> str:
        """What was written since the latest start, the API key masked."""
        return self.since(self._start)[0]

    def has_line(self, pattern: str) -> bool:
        """Whether a line that was written since the latest start matches the regular expression `pattern`."""
        wanted = re.compile(pattern)
        return any(wanted.search(line) for line in _CONTROL.sub("", self.latest()).splitlines())
