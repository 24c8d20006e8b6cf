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


@pytest.mark.slow
def test_few_requirements(tmp_path: Path) -> None:
    """What is left out is not checked, what has no check says so, and nothing crashes."""
    contract = write_without(tmp_path / "reduced-v1", "console")
    (contract / "requirements.toml").write_text(
        '[groups]\nall = "All"\n\n[requirement.EXE-01]\nparty = "backend"\nlevel = "must"\ngroup = "all"\n'
        'text = "a known command is executed"\n\n[requirement."orders.total-is-sum"]\nparty = "backend"\n'
        'level = "must"\ngroup = "all"\ntext = "the total of an order is the sum of its lines"\n',
        "utf-8",
    )
    command = [*GATE, "check", "backend", "--profile", "quick", "--seed", "7", f"--contract={contract}"]
    ended = subprocess.run(
        [*command, "--target=embedded"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=2 * STUCK_S,
        check=False,
    )
    verdict = json.loads((tmp_path / "reports" / "check" / "verdict.json").read_text("utf-8"))
    results = {row["id"]: (row["verdict"], row["reason"]) for row in verdict["requirements"]}
    assert results["EXE-01"][0] == "PASS", ended.stdout[-3000:]
    assert results["orders.total-is-sum"] == ("INCONCLUSIVE", "no check exercises it")
    assert (verdict["causes"], ended.returncode) == ([], 3)
