"""Write a file so that a reader finds all of it or nothing."""

from __future__ import annotations

import os
from pathlib import Path

from technogate.util.plain_file import create


def write_file(path: Path, text: str) -> Path:
    """Write `text` to `path` as UTF-8, atomically, and return `path`; raises OSError.

    A link at `path` is replaced, and what it leads to stays as it is.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with os.fdopen(create(temporary), "wb") as file:
            file.write(text.encode("utf-8"))
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return path
