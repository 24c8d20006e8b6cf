"""What pytest prints in a run, without the key and other secrets: the technogate command keeps it in `suites.log`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TextIO

from technogate.journal.redaction import Redactor


class RedactedStream:
    """A stream that hides secrets in each text that is written to it; all else is as in the stream itself."""

    def __init__(self, stream: TextIO, redactor: Redactor) -> None:
        """Write to `stream`."""
        self._stream = stream
        self._redactor = redactor

    def write(self, text: str) -> int:
        """Write `text` without secrets; returns the number of its characters."""
        self._stream.write(self._redactor.clean_text(text)[0])
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def redact_output(redactor: Redactor) -> Callable[[], None]:
    """Hide secrets in the standard output of this process, as far as it is Python's; returns what undoes that."""
    before = sys.stdout
    sys.stdout = RedactedStream(before, redactor)

    def undo() -> None:
        sys.stdout = before

    return undo
