"""The file that keeps what a program writes to its standard output and error, over all of its starts."""

from __future__ import annotations

import re
from pathlib import Path

from technogate.journal.redaction import Redactor

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
        return self.path.read_text("utf-8", errors="replace") if self.path.exists() else ""

    def begin(self, offset: int) -> None:
        """Remember that a start begins after so many bytes."""
        self._start = offset

    def since(self, offset: int) -> tuple[str, int]:
        """What was written after `offset` bytes, the API key masked, and how many bytes there are by now."""
        size = self.path.stat().st_size if self.path.exists() else offset
        if size <= offset:
            return "", offset
        with self.path.open("rb") as file:
            file.seek(offset)
            written = file.read(size - offset)
        return self._redactor.clean_text(written.decode("utf-8", errors="replace"))[0], size

    def latest(self) -> str:
        """What was written since the latest start, the API key masked."""
        return self.since(self._start)[0]

    def has_line(self, pattern: str) -> bool:
        """Whether a line that was written since the latest start matches the regular expression `pattern`."""
        wanted = re.compile(pattern)
        return any(wanted.search(line) for line in _CONTROL.sub("", self.latest()).splitlines())
