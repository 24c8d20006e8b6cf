"""Writing a report so that a reader finds the whole of it or nothing."""

from __future__ import annotations

import os
from pathlib import Path


def write_file(path: Path, text: str) -> Path:
    """Put `text` into `path` as UTF-8, all of it at once; raises OSError when the disk does not take it."""
    template = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        template.write_bytes(text.encode("utf-8"))
        template.replace(path)
    finally:
        template.unlink(missing_ok=True)
    return path
