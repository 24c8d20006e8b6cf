"""The reference pair under contracts that lack a part, or in which one of its operations plays none: no finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checked_contract import judged
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
    verdict, code, printed = judged(contract, "embedded", party)
    undecided = {row["id"]: row["reason"] for row in verdict["requirements"] if row["verdict"] == "INCONCLUSIVE"}
    assert (verdict["causes"], undecided, code) == ([], {}, 0), printed[-3000:]


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
    verdict, code, printed = judged(contract, "embedded", "backend")
    results = {row["id"]: (row["verdict"], row["reason"]) for row in verdict["requirements"]}
    assert results["EXE-01"][0] == "PASS", printed[-3000:]
    assert results["orders.total-is-sum"] == ("INCONCLUSIVE", "no check exercises it")
    assert (verdict["causes"], code) == ([], 3)
