"""A check against a contract folder of a test's own."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.conftest import STUCK_S
from tests.gate_command import GATE


def judged(contract: Path, target: Path | str, *words: str) -> tuple[dict[str, Any], int, str]:
    """The verdict document of a check of what `words` name, its exit code and what it printed."""
    folder = contract.parent
    options = ("--profile", "quick", "--seed", "7", f"--contract={contract}", f"--target={target}")
    ended = subprocess.run(
        [*GATE, "check", *words, *options],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=2 * STUCK_S,
        check=False,
    )
    verdict = json.loads((folder / "reports" / "check" / "verdict.json").read_text("utf-8"))
    return verdict, ended.returncode, ended.stdout
