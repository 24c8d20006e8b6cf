"""A backend that limits its rate is judged to the end: slower, with a warning, and without a violation."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT, STUCK_S
from tests.gate_command import GATE

pytestmark = pytest.mark.slow

TARGET = """
name = "limited"

[backend]
command = ["{python}", "-m", "techno_backend", "--host", "{host}", "--port", "{port}"]
cwd = "BACKEND"
env = { TECHNO_API_KEY = "{api_key}", TECHNO_DATABASE_URL = "sqlite:///{workdir}/trail.db", TECHNO_RATE_LIMIT = "10" }

[backend.commands]
approved = "PING"
blocked = "DELETE_ALL"
"""


def test_a_limit_of_the_rate_is_no_violation(tmp_path: Path) -> None:
    """More requests are sent than the backend's limit allows, and every check completes."""
    target = tmp_path / "target.toml"
    target.write_text(TARGET.replace("BACKEND", str(ROOT / "images" / "backend")), "utf-8")
    command = [*GATE, "check", "EXE-02", "TRL-01", "TRL-02", "TRL-08"]
    ended = subprocess.run(
        [*command, "--target", str(target), "--profile", "quick", "--reports", str(tmp_path), "--workers", "1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    document = json.loads((tmp_path / "verdict.json").read_text("utf-8"))
    assert document["findings"] == [], ended.stdout
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "the backend limits its rate" in " ".join(document["warnings"])
