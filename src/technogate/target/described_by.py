"""The files that describe a target, by digest: evidence names them, so that a deployer can say which ones count."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from technogate.util.gate_digest import JUDGING
from technogate.util.shipped import shipped

#: How the name of a file begins that ships with the gate, and that the gate's own digest covers.
SHIPPED = "shipped:"


def digests_of(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """The sha256 of each of `files`, by its name relative to `folder`; "" for one that cannot be read."""
    return {_name(path, folder): _digest(path) for path in dict.fromkeys(path.resolve() for path in files)}


def _name(path: Path, folder: Path) -> str:
    """The name of a file: that of one that ships, else its place relative to the target file."""
    for part in JUDGING:
        if path == shipped(part).resolve():
            return f"{SHIPPED}{part}"
    try:
        return path.relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""
