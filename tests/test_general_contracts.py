"""Contracts that `contract new` makes of three OpenAPI documents, judged against a small server that conforms.

None of them has an operation that executes, an audit trail or a console: all that is held is what holds for any.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from technogate.authoring.lint.lint_folder import lint_folder
from technogate.authoring.new.new_folder import new_folder
from tests.checked_contract import judged
from tests.conftest import ROOT

DOCUMENTS = ROOT / "tests" / "authoring" / "documents"
SERVER = ROOT / "tests" / "programs" / "generic" / "server.py"


def judged_server(name: str, folder: Path, *words: str, defect: str = "") -> tuple[dict[str, Any], str]:
    """The verdict document of a check of the server under a new contract, and what was printed."""
    contract, _ = new_folder(DOCUMENTS / f"{name}.yaml", folder / name)
    assert lint_folder(contract) == []
    command = [sys.executable, str(SERVER), str(contract), "{port}"]
    target = folder / "target.toml"
    target.write_text(
        f'name = "generic"\n[backend]\ncommand = {json.dumps(command)}\nready_log = "ready"\n'
        f'env = {{ API_KEY = "{{api_key}}", BREAK = "{defect}" }}\n',
        "utf-8",
    )
    verdict, _, printed = judged(contract, target, *(words or ("backend",)))
    return verdict, printed


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bearer", "crud", "nullable"])
def test_a_conforming_server_has_no_finding(name: str, tmp_path: Path) -> None:
    """No finding, and nothing undecided but what only a failing backend shows."""
    verdict, printed = judged_server(name, tmp_path)
    undecided = {row["id"] for row in verdict["requirements"] if row["verdict"] == "INCONCLUSIVE"}
    assert (verdict["causes"], undecided) == ([], {"ERR-02"}), printed[-3000:]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "defect", "requirement"),
    [
        ("bearer", "open", "AUT-01"),
        ("nullable", "open", "AUT-02"),
        ("crud", "lax", "VAL-01"),
        ("crud", "picky", "VAL-02"),
        ("crud", "type", "ENV-07"),
        ("crud", "fails", "ERR-06"),
        ("bearer", "leak", "ERR-03"),
    ],
)
def test_a_defect_is_found(name: str, defect: str, requirement: str, tmp_path: Path) -> None:
    """Each is planted in the server alone, and breaks its requirement."""
    verdict, printed = judged_server(name, tmp_path, requirement, defect=defect)
    results = {row["id"]: row["verdict"] for row in verdict["requirements"]}
    assert results[requirement] == "FAIL", printed[-3000:]
