"""The files that describe a target, by digest: evidence names them, so that a deployer can say which ones count."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from technogate.util.gate_digest import JUDGING
from technogate.util.shipped import shipped

#: How the name of a file begins that ships with the gate, and that the gate's own digest covers.
SHIPPED = "shipped:"
#: The name of the digest of the configuration that compose makes of all files, which belongs to no single one of them.
RESOLVED = "resolved configuration"


def digests_of(files: Iterable[Path], folder: Path) -> dict[str, str]:
    """The sha256 of each of `files`, by its name relative to `folder`; "" for one that cannot be read."""
    return {_name(path, folder): _digest(path) for path in dict.fromkeys(path.resolve() for path in files)}


def mounted_digests(sources: Iterable[Path], folder: Path) -> dict[str, str]:
    """The sha256 of each file or folder that a container mounts, by its name relative to `folder`.

    That of a folder is over the names and contents of everything in it. "" for what cannot be read.
    """
    return {_name(path.resolve(), folder): _tree_digest(path) for path in sources}


def _tree_digest(path: Path) -> str:
    if not path.is_dir():
        return _digest(path)
    sha = hashlib.sha256()
    for entry in sorted(path.rglob("*")):
        kind = "link" if entry.is_symlink() else "folder" if entry.is_dir() else "file"
        content = str(entry.readlink()) if kind == "link" else _digest(entry) if kind == "file" else ""
        if kind == "file" and not content:
            return ""
        sha.update(f"{kind}\0{entry.relative_to(path).as_posix()}\0{content}\0".encode("utf-8", "surrogateescape"))
    return sha.hexdigest()


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
