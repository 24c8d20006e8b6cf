"""The identity of the gate: one digest over all code and data that it judges with."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from technogate.util.shipped import PACKAGE, shipped

#: The shipped data that affects judging, besides the package itself. The contract has a digest of its own.
JUDGING = (
    "suites",
    "fixtures",
    "conftest.py",
    "docker-compose.test.yml",
    "images/compose.toml",
    "images/commands.toml",
)

#: Folders that are generated.
_GENERATED = {"__pycache__", "_shipped"}


def gate_digest() -> str:
    """Return the sha256 over names, lengths and bytes of the package's files and of `JUDGING`.

    It is the same in a checkout and in the wheel built from it. Raises OSError when a file cannot be read.
    """
    files = {f"technogate/{name}": path for name, path in _files(PACKAGE)}
    for part in JUDGING:
        root = shipped(part)
        files |= {f"{part}/{name}" if name else part: path for name, path in _files(root)}
    sha = hashlib.sha256()
    for name in sorted(files):
        raw = files[name].read_bytes()
        sha.update(f"{name}\0{len(raw)}\0".encode())
        sha.update(raw)
    return sha.hexdigest()


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    """Yield every file below `root` with its relative name, which is "" when `root` is a file."""
    if root.is_file():
        yield "", root
        return
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part in _GENERATED or part.startswith(".") for part in parts):
            yield "/".join(parts), path
