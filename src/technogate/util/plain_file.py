"""Files that others may have prepared: opened only where they are plain files, and never through a symbolic link."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def open_plain(path: Path, flags: int, mode: int = 0o644) -> int:
    """Open `path` and return the descriptor; raises OSError for a link and for what is no plain file, and never waits.

    With `os.O_EXCL` among the `flags` the file must not exist yet.
    """
    # A pipe would hold the one who opens it, a link would lead to another file.
    extra = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags | extra, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a plain file", str(path))
    return descriptor


class UnreadableError(Exception):
    """A file that cannot be read; the text says which, and why."""


def read_at_most(path: Path, most: int) -> bytes:
    """The bytes of a regular file, one more than `most` at most; raises UnreadableError. It may be a link."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise UnreadableError(f"{path} is not a file")
        with path.open("rb") as file:
            return file.read(most + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) and error.strerror else "it is not the name of a file"
        raise UnreadableError(f"{path} cannot be read: {why}") from error


def create(path: Path, mode: int = 0o644) -> int:
    """Create `path` anew and open it for writing: what was there is removed, and a link, not what it leads to.

    Raises OSError, also when somebody makes one of that name meanwhile.
    """
    path.unlink(missing_ok=True)
    return open_plain(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
