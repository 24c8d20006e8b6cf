"""What the environment lacks, as one line with a hint: memory, files, space, a folder to stand in or to write to."""

from __future__ import annotations

import errno
import os
import re
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

from technogate.model.errors import UserError

#: Open files that a run needs at least; the attacks of many connections take as many as there are.
LEAST_FILES = 128
#: The limit that is asked for where the environment allows it.
WANTED_FILES = 1024

_MEMORY = "there is not enough memory: end other programs, or allow more (ulimit -v, the limit of the container)"
_FILES = f"too many files are open: allow at least {LEAST_FILES} (ulimit -n, or nofile of the container)"
_SPACE = "there is no space left: make room, or name other folders with --reports and TMPDIR"
_TEMPORARY = "there is no folder for temporary files: name one that can be written to in TMPDIR"
_THREADS = "no further process or thread can be started: allow more (ulimit -u, or pids of the container)"
_GONE = "the current folder is gone: change to one that exists"
_ENCODING = "the terminal's encoding lacks a character: set PYTHONIOENCODING=utf-8"

_BY_NUMBER = {errno.ENOMEM: _MEMORY, errno.EMFILE: _FILES, errno.ENFILE: _FILES, errno.ENOSPC: _SPACE}
_BY_NUMBER |= {errno.EDQUOT: _SPACE} if hasattr(errno, "EDQUOT") else {}

#: What the last lines of a crashed process say, and what it lacked.
_SAID = (
    (re.compile(r"^MemoryError\b|Cannot allocate memory|Fatal process OOM", re.MULTILINE), _MEMORY),
    (re.compile(r"Too many open files"), _FILES),
    (re.compile(r"No space left on device|Disk quota exceeded"), _SPACE),
    (re.compile(r"No usable temporary directory found"), _TEMPORARY),
    (re.compile(r"can't start new thread"), _THREADS),
)


def fault_of(error: BaseException) -> str:
    """What the environment lacked when `error` was raised, with the hint; "" for any other error."""
    for one in (error, error.__cause__, error.__context__):
        if isinstance(one, MemoryError):
            return _MEMORY
        if isinstance(one, UnicodeEncodeError):
            return _ENCODING
        if isinstance(one, OSError) and one.errno in _BY_NUMBER:
            return _BY_NUMBER[one.errno]
        if isinstance(one, OSError | RuntimeError) and (said := fault_in(str(one))):
            return said
    return ""


def fault_in(text: str) -> str:
    """What a process lacked by what it said when it crashed, with the hint; "" where nothing of the kind is said."""
    return next((fault for pattern, fault in _SAID if pattern.search(text)), "")


def require_folders() -> None:
    """See that there is a folder to stand in, and one for temporary files; raises UserError."""
    try:
        os.getcwd()  # noqa: PTH109 - what is not there has no path
    except OSError as error:
        raise UserError(_GONE) from error
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise UserError(_TEMPORARY) from error


def require_files() -> None:
    """Raise the limit of open files where it is low and may be raised; raises UserError where it stays too low."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= WANTED_FILES:
        return
    most = WANTED_FILES if hard == resource.RLIM_INFINITY else min(WANTED_FILES, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if allowed < LEAST_FILES:
        raise UserError(f"{allowed} files may be open, which is too few: allow at least {LEAST_FILES} (ulimit -n)")


def show_anything(streams: Iterable[TextIO | None]) -> None:
    """Have a stream of another encoding than UTF-8 show a question mark for what it lacks, and raise nothing."""
    for stream in streams:
        encoding = (getattr(stream, "encoding", None) or "").lower().replace("-", "").replace("_", "")
        if stream is not None and not encoding.startswith("utf") and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
