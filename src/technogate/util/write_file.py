"""Write a file so that a reader finds all of it or nothing."""

from __future__ import annotations

import os
from pathlib import Path


def write_file(path: Path, text: str) -> Path:
    """Write `text` to `path` as UTF-8, atomically, and return `path`; raises OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        temporary.write_bytes(text.encode("utf-8"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
