"""One file of an audit trail: what has been read of it, and what is new."""

from __future__ import annotations

import bz2
import lzma
import os
import stat
import weakref
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from technogate.model.events import TrailEntry
from technogate.trail.entry import TrailError, TrailUnusable
from technogate.trail.sources.entry_lines import EntryLines
from technogate.util.timestamps import seconds_of

#: Bytes at the start of a file by which a copy of it is known.
HEAD = 4096
#: Bytes before the end of what was read that are compared again: more than the newest thousand entries.
COMPARED = 1 << 20
#: Bytes of a file, from its end, that are read at first.
MOST_READ = 1 << 23
#: Bytes of the content of a compressed file that are read at most.
MOST_CONTENT = 1 << 26
#: Bytes that are read at once.
CHUNK = 1 << 22
#: Marks of a text in UTF-16.
UTF16 = (b"\xff\xfe", b"\xfe\xff")

_GZIP = zlib.MAX_WBITS | 16
#: What decompresses a file, by the bytes at its start.
_OPENERS: dict[bytes, Callable[[], Any]] = {
    b"\x1f\x8b": lambda: zlib.decompressobj(_GZIP),
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\0": lzma.LZMADecompressor,
}
#: The bytes at the start of compressed files that cannot be read.
UNREADABLE = {b"\x28\xb5\x2f\xfd": "zstd", b"\x04\x22\x4d\x18": "lz4", b"PK\3\4": "zip"}


class TrailFile:
    """A file that stays open, so that it is the same one after it was renamed.

    `entries` are those of whole lines, oldest first; `torn` is that of a last line without its end, if it is one
    already. Raises TrailError for a file that cannot be read.
    """

    def __init__(self, path: Path, lines: EntryLines) -> None:
        """Open `path`; raises OSError, and TrailUnusable for what is no regular file."""
        # Without O_NONBLOCK the opening of a pipe waits for somebody who writes into it.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | getattr(os, "O_NONBLOCK", 0))
        self.close = weakref.finalize(self, os.close, self._descriptor)
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            self.close()
            raise TrailUnusable(f"the audit file {path} is no file: name one that the backend appends its entries to")
        self.path = path
        self.entries: list[TrailEntry] = []
        self.torn: TrailEntry | None = None
        self.head = b""
        self.size = 0
        self.modified = 0
        self._lines = lines
        self._read: tuple[int, int] = (-1, -1)
        self._offset = 0
        self._rest = b""
        self._tail = b""
        self._skip = False
        self._number = 0

    @property
    def identity(self) -> tuple[int, int]:
        """Device and inode."""
        return identity(os.fstat(self._descriptor))

    @property
    def deleted(self) -> bool:
        """Whether it has no name any more."""
        return os.fstat(self._descriptor).st_nlink == 0

    @property
    def first_at(self) -> float | None:
        """The time of its first entry; None without one that can be read."""
        return seconds_of(self.entries[0].timestamp) if self.entries else None

    def update(self) -> None:
        """Read what is new; everything again when what was read is not there any more."""
        state = os.fstat(self._descriptor)
        self.size, self.modified = state.st_size, state.st_mtime_ns
        start = self._at(0, 6)
        for mark, kind in UNREADABLE.items():
            if start.startswith(mark):
                raise TrailUnusable(f"the audit file {self.path} is compressed by {kind}, which is not read; use gzip")
        if opener := next((opener for mark, opener in _OPENERS.items() if start.startswith(mark)), None):
            if self._read != (self.size, self.modified):
                self._forget()
                self._take(_decompressed(self._at(0, min(self.size, MOST_CONTENT)), opener))
                self._read = (self.size, self.modified)
            return
        if not self._is_as_it_was():
            self._forget()
        if self.size - self._offset - len(self._rest) > MOST_READ:
            # More than can be read between two looks, as at the beginning: what is wanted is at the end.
            self._forget()
            self.head = self._at(0, HEAD)
            self._offset = self.size - MOST_READ
            # The first line is one of which only the end is read.
            self._skip = True
        # Up to the size that it had: a file to which somebody writes without a pause has no end.
        begun = self._offset + len(self._rest)
        self._take(self._at(begun, self.size - begun))

    def _forget(self) -> None:
        """Begin anew."""
        self.entries = []
        self.torn = None
        self.head = b""
        self._offset = 0
        self._rest = b""
        self._tail = b""
        self._skip = False
        self._number = 0

    def _is_as_it_was(self) -> bool:
        """Whether what was read is still there: a file may have been cut, written anew or changed."""
        end = self._offset + len(self._rest)
        if self.size < end or self._at(0, len(self.head)) != self.head:
            return False
        return self._at(end - len(self._tail), len(self._tail)) == self._tail

    def _take(self, new: bytes) -> None:
        """Take the next bytes of the content."""
        if self._offset == 0 and not self._rest and new.startswith(UTF16):
            raise TrailUnusable(f"the audit file {self.path} is UTF-16; the backend must write UTF-8")
        if len(self.head) < HEAD and not self._skip:
            self.head = (self.head + new)[:HEAD]
        self._tail = (self._tail + new)[-COMPARED:]
        whole, mark, self._rest = (self._rest + new).rpartition(b"\n")
        self._offset += len(whole) + len(mark)
        for line in whole.split(b"\n") if mark else ():
            self._number += 1
            if self._skip:
                self._skip = False
                continue
            entry = self._lines.entry(line, f"line {self._number} of {self.path.name}")
            if entry is not None:
                self.entries.append(entry)
        self.torn = self._lines.entry(self._rest, torn=True) if self._rest else None

    def _at(self, offset: int, wanted: int) -> bytes:
        """So many bytes of the file from `offset` on, fewer at its end."""
        parts: list[bytes] = []
        try:
            while wanted and (part := os.pread(self._descriptor, min(wanted, CHUNK), offset)):
                parts.append(part)
                offset, wanted = offset + len(part), wanted - len(part)
        except OSError as error:
            raise TrailError(f"the audit file {self.path} cannot be read: {error.strerror}") from error
        return b"".join(parts)


def identity(state: os.stat_result) -> tuple[int, int]:
    """Device and inode."""
    return state.st_dev, state.st_ino


def _decompressed(raw: bytes, opener: Callable[[], Any]) -> bytes:
    """The content of a compressed file, as far as it is written; it may have several parts, one after the other."""
    content = b""
    while raw:
        part = opener()
        with suppress(zlib.error, OSError, EOFError, lzma.LZMAError):
            content += part.decompress(raw, MOST_CONTENT - len(content))
        if len(content) >= MOST_CONTENT:
            raise TrailUnusable(f"an audit file has more than {MOST_CONTENT >> 20} MiB when it is decompressed")
        raw = part.unused_data if part.eof else b""
    return content
