"""The identity of the gate: one digest over all code, data, settings and packages that it judges with.

Bytecode is not part of it, because no run loads any that it did not compile itself. Node and the browser are not part
of it either: a machine that only decides on a deployment may have none. Evidence names them beside it.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from pathlib import Path

from technogate.util.installed_packages import packages_digest
from technogate.util.shipped import PACKAGE, shipped

#: The shipped data that affects judging, besides the package itself. The contract has a digest of its own.
JUDGING = (
    "suites",
    "fixtures",
    "conftest.py",
    "pyproject.toml",
    "constraints.txt",
    "docker-compose.test.yml",
    "images/compose.toml",
    "images/commands.toml",
)

#: Folders that are generated.
_GENERATED = {"__pycache__", "_shipped"}


def gate_digest() -> str:
    """Return the sha256 over the package's files and `JUDGING`, the installed packages, and the version of Python.

    It is the same in a checkout and in the wheel built from it, with the same packages on the same platform. Raises
    OSError when a file cannot be read.
    """
    sha = _hash_of_files()
    sha.update(f"{platform.python_implementation()} {platform.python_version()}\0{packages_digest()}".encode())
    return sha.hexdigest()


def _hash_of_files() -> hashlib._Hash:
    """The hash so far, over names, lengths and bytes."""
    files = {f"technogate/{name}": path for name, path in _files(PACKAGE)}
    for part in JUDGING:
        root = shipped(part)
        files |= {f"{part}/{name}" if name else part: path for name, path in _files(root)}
    sha = hashlib.sha256()
    for name in sorted(files):
        raw = files[name].read_bytes()
        sha.update(f"{name}\0{len(raw)}\0".encode())
        sha.update(raw)
    return sha


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file below `root` with its relative name, which is "" when `root` is a file."""
    if root.is_file():
        yield "", root
        return
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part in _GENERATED or part.startswith(".") for part in parts):
            yield "/".join(parts), path
