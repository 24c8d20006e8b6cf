"""A whole check of a backend that answers without an end: FAIL, in time, with a small journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checked_program import check_program
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

TARGET = """
[backend]
command = ["{python}", "%s", "%s", "{port}"]
[backend.commands]
approved = "PING"
[backend.audit]
source = "api"
"""


@pytest.mark.sabotage("a backend answers every request without an end")
def test_a_backend_without_measure_fails(tmp_path: Path) -> None:
    """Each of its answers is a violation, and none is kept whole."""
    server = ROOT / "tests" / "programs" / "hostile" / "server.py"
    (tmp_path / "target.toml").write_text(TARGET % (server, "endless"), "utf-8")
    ended = check_program(tmp_path, tmp_path / "reports", "MEM-02", "--max-time", "5m")
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert json.loads((tmp_path / "reports" / "verdict.json").read_bytes())["verdict"] == "FAIL"
    assert (tmp_path / "reports" / "journal.jsonl").stat().st_size < 8 << 20
