"""What stays of a run on this machine, so that its journal can be judged again: the digest of the whole journal.

A digest is written after every program of the run has ended, into a folder that only this user can read. It says that
a journal is as its run wrote it; the keys that proved that end with the run.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

#: Records that are kept, the latest ones.
MOST = 500

_HEX = frozenset("0123456789abcdef")


def folder_of(env: dict[str, str] | os._Environ[str]) -> Path | None:
    """The folder of the records in the user's folder for state; None for a user without a home."""
    try:
        home = Path.home()
    except RuntimeError:
        return None
    if sys.platform == "win32":
        base = Path(env.get("LOCALAPPDATA", "") or home)
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = Path(env.get("XDG_STATE_HOME", "") or home / ".local" / "state")
    return base / "technogate" / "runs" if base.is_absolute() else None


def keep(sha256: str, run: str) -> bool:
    """Record that a journal with this digest is as the run `run` wrote it; whether that worked."""
    folder = folder_of(os.environ)
    if folder is None or not _is_digest(sha256):
        return False
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / sha256, run)
    except OSError:
        return False
    _forget_oldest(folder)
    return True


def is_kept(sha256: str) -> bool:
    """Whether a run of this user on this machine wrote a journal with this digest."""
    folder = folder_of(os.environ)
    if folder is None or not _is_digest(sha256):
        return False
    try:
        found = (folder / sha256).lstat()
    except OSError:
        return False
    own = not hasattr(os, "getuid") or found.st_uid == os.getuid()
    closed = os.name == "nt" or not stat.S_IMODE(found.st_mode) & 0o077
    return stat.S_ISREG(found.st_mode) and own and closed


def _is_digest(text: str) -> bool:
    return len(text) == 64 and set(text) <= _HEX


def _write(path: Path, run: str) -> None:
    """Write a record, in place of one for the same journal."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(run + "\n")


def _forget_oldest(folder: Path) -> None:
    """Remove the oldest records beyond `MOST`; another run may remove the same ones."""
    with suppress(OSError):
        dated = sorted(_dated(folder), reverse=True)
        for _, path in dated[MOST:]:
            path.unlink(missing_ok=True)


def _dated(folder: Path) -> Iterator[tuple[float, Path]]:
    for path in folder.iterdir():
        with suppress(OSError):
            yield path.lstat().st_mtime, path
