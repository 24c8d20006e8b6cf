"""How tests start the command line: as `python -m technogate`, with bytecode that is kept between tests."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

#: Where tests keep the bytecode of the gate, which itself compiles everything anew in each run.
BYTECODE = Path(sys.prefix) / ".bytecode"

#: The beginning of a command line.
GATE = (sys.executable, "-X", f"pycache_prefix={BYTECODE}", "-m", "technogate")


def forget_bytecode(home: Path) -> None:
    """Remove the bytecode of a copy of the gate in a folder that a test made."""
    shutil.rmtree(f"{BYTECODE}{home.resolve()}", ignore_errors=True)
