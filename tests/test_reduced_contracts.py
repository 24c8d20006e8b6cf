"""The reference pair under contracts that lack a part, or in which one of its operations plays none: no finding."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import STUCK_S
from tests.gate_command import GATE
from tests.reduced_contract import write_without


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "general", "party"),
    [
        ("fallback", True, "backend"),
        ("memory", False, "backend"),
        ("memory", True, "backend"),
        ("fallback", False, "console"),
        ("memory", False, "console"),
    ],
)
def test_the_rest_holds(part: str, general: bool, party: str, tmp_path: Path) -> None:
    """Every requirement that is left has a check, and holds."""
    contract = write_without(tmp_path / "reduced-v1", part, general=general)
    options = ("--profile", "quick", "--seed", "7", f"--contract={contract}", "--target=embedded")
    ended = subprocess.run(
        [*GATE, "check", party, *options],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=2 * STUCK_S,
        check=False,
    )
    verdict = json.loads((tmp_path / "reports" / "check" / "verdict.json").read_text("utf-8"))
    undecided = {row["id"]: row["reason"] for row in verdict["requirements"] if row["verdict"] == "INCONCLUSIVE"}
    assert (verdict["causes"], undecided, ended.returncode) == ([], {}, 0), ended.stdout[-3000:]
