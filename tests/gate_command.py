"""How tests start the command line: as `python -m technogate`, with bytecode that is kept between tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

#: Where tests keep the bytecode of the gate, which itself compiles everything anew in each run.
BYTECODE = Path(sys.prefix) / ".bytecode"

#: The beginning of a command line.
GATE = (sys.executable, "-X", f"pycache_prefix={BYTECODE}", "-m", "technogate")


@cache
def compiled(sources: tuple[Path, ...]) -> None:
    """Compile all Python files below `sources` that have changed since they were compiled."""
    words = ("-m", "compileall", "-q", "--invalidation-mode", "timestamp")
    subprocess.run([*GATE[:-2], *words, *map(str, sources)], check=True)


def lend_bytecode(root: Path, parts: Sequence[str], home: Path) -> None:
    """Give a copy of some parts of `root` the bytecode of these parts: a file that a test changes is compiled anew."""
    compiled(tuple(root / part for part in parts))
    for part in parts:
        shutil.copytree(f"{BYTECODE}{root / part}", f"{BYTECODE}{home.resolve() / part}")


def forget_bytecode(home: Path) -> None:
    """Remove the bytecode of a copy of the gate in a folder that a test made."""
    shutil.rmtree(f"{BYTECODE}{home.resolve()}", ignore_errors=True)
