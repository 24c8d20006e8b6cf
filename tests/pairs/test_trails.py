"""Backends whose audit trail is kept as programs keep their logs: what conforms has no finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.checked_program import check_program
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

PAIRS = ROOT / "tests" / "programs" / "pairs"

#: What an audit trail that is read wrongly breaks first.
WORDS = ("TRL-01", "TRL-02", "TRL-03", "TRL-04", "TRL-05", "TRL-06", "TRL-09")


@pytest.mark.parametrize(
    ("name", "warning"),
    [
        ("12c-rotation", ""),
        ("12d-epoch", 'write fields = { timestamp = "time" } in [backend.audit]'),
        ("log-lines", "the times of entries name no zone; they are read as UTC+05:45"),
    ],
)
def test_a_conforming_trail_has_no_finding(name: str, warning: str, tmp_path: Path) -> None:
    """Rotated files, a logging library's lines and a program's output are read; what was guessed is said."""
    ended = check_program(PAIRS / name, tmp_path, *WORDS)
    output = ended.stdout + ended.stderr
    assert ended.returncode == 0, output
    document = json.loads((tmp_path / "verdict.json").read_text("utf-8"))
    assert document["findings"] == []
    assert any(warning in text for text in document["warnings"]) if warning else document["warnings"] == []
