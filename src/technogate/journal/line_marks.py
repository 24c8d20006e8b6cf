"""The mark at the end of each line of a journal: only the run that wrote the line could make it.

The process that starts a run draws one key, and hands it over a pipe, never in the environment or the arguments. Each
writer has a key of its own that follows from it, and another one for each line: whoever learns a key of a writer can
mark what that one writes afterwards, and nothing that is written already. A reader who has the run's key proves each
line, and by a last line of each writer that none is missing at its end.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

#: Bytes of a key, and of a mark, which is written with twice as many hexadecimal digits.
KEY_BYTES, MARK_BYTES = 32, 16

_BEFORE, _AFTER = b',"mark":"', b'"}'
_LENGTH = len(_BEFORE) + 2 * MARK_BYTES + len(_AFTER)


class LineMarks:
    """Marks the lines of one writer, in the order in which they are written."""

    def __init__(self, key: bytes) -> None:
        """`key` is that of the writer's first line."""
        self._key = key

    def next(self, line: bytes) -> bytes:
        """Return `line`, a JSON object, with its mark as the last member; the next call marks the next line."""
        digest = hashlib.blake2b(line, digest_size=MARK_BYTES, key=self._key).hexdigest()
        self._key = hashlib.blake2b(b"next", digest_size=KEY_BYTES, key=self._key).digest()
        return line[:-1] + _BEFORE + digest.encode("ascii") + _AFTER


@dataclass(frozen=True, slots=True)
class JournalKey:
    """The key of a run's journal; its value is shown nowhere."""

    value: bytes = field(repr=False)

    @classmethod
    def new(cls) -> JournalKey:
        """Draw a key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    def of(self, worker: str) -> bytes:
        """The key of the first line of one writer."""
        return hashlib.blake2b(worker.encode("utf-8"), digest_size=KEY_BYTES, key=self.value).digest()


class MarkedLines:
    """Proves the lines of a journal, in the order of the file, with the key of its run."""

    def __init__(self, key: JournalKey) -> None:
        self._key = key
        self._writers: dict[str, LineMarks] = {}

    def proves(self, worker: str, line: bytes) -> bool:
        """Whether `worker` wrote this line, and as the next one of its own."""
        marks = self._writers.get(worker)
        if marks is None:
            marks = self._writers[worker] = LineMarks(self._key.of(worker))
        return hmac.compare_digest(marks.next(unmarked(line)), line)


def unmarked(line: bytes) -> bytes:
    """A line without its mark; a line that has none is returned as something that no mark fits."""
    return line[:-_LENGTH] + b"}"
