"""The example backend in another language, checked as its users would check it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.checked_program import with_node
from tests.conftest import ROOT, STUCK_S
from tests.gate_command import GATE

pytestmark = pytest.mark.slow

EXAMPLE = ROOT / "examples" / "node-backend"


def check(folder: Path, reports: Path, *words: str) -> tuple[int, dict[str, object], str]:
    """`technogate check WORDS` on the target file in `folder`: exit code, verdict document, output."""
    command = [*GATE, "check", *words, "--target", str(folder / "target.toml")]
    ended = subprocess.run(
        [*command, "--reports", str(reports), "--workers", "1"],
        env=with_node(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )
    output = ended.stdout + ended.stderr
    return ended.returncode, json.loads((reports / "verdict.json").read_text("utf-8")), output


def test_the_example_has_no_finding(tmp_path: Path) -> None:
    """A backend in plain Node, described by a target file, passes every check."""
    code, document, output = check(EXAMPLE, tmp_path, "ENV", "AUT", "EXE", "AUD", "MEM", "ERR-01", "ERR-04", "CTR")
    assert document["findings"] == [], output
    assert code == 0, output


@pytest.mark.parametrize(
    ("requirement", "before", "after"),
    [
        ("AUT-02", "keys.length === 1 && ", ""),
        ("EXE-02", "/^[A-Z_]{3,32}$/", "/^[A-Z_]{3,33}$/"),
        (
            "AUD-02",
            "found.slice(-Number(most)).reverse()",
            "trail.slice(-Number(most)).filter((e) => found.includes(e)).reverse()",
        ),
        (
            "ENV-03",
            "const ts_utc = new Date().toISOString();",
            "const ts_utc = new Date(Date.now() + 7200e3).toISOString();",
        ),
    ],
)
def test_detects_a_defect_of_the_example(tmp_path: Path, requirement: str, before: str, after: str) -> None:
    """A planted defect fails the requirement that it breaks, with exit code 1."""
    folder = tmp_path / "backend"
    shutil.copytree(EXAMPLE, folder)
    source = (folder / "server.mjs").read_text("utf-8")
    assert before in source
    (folder / "server.mjs").write_text(source.replace(before, after), "utf-8")
    code, document, output = check(folder, tmp_path / "reports", requirement)
    assert code == 1, output
    [failed] = [entry for entry in document["requirements"] if entry["verdict"] == "FAIL"]  # type: ignore[attr-defined]
    assert failed["id"] == requirement
