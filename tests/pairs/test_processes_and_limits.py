"""Backends that are more than one process, and those that limit what they take: judged, without a finding."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from technogate.journal.journal_file import read_journal
from tests.checked_program import check_program
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

PAIRS = ROOT / "tests" / "programs" / "pairs"


@dataclass(frozen=True, slots=True)
class Checked:
    """A finished check: its verdict document, the statuses of its responses, and what it printed."""

    document: dict[str, Any]
    statuses: list[int]
    printed: str


def check(folder: Path, name: str, *words: str, changed: tuple[str, str] = ("", "")) -> Checked:
    """Check the program `name` in a copy, with a change to its target file."""
    for part in ("base", name):
        shutil.copytree(PAIRS / part, folder / part, dirs_exist_ok=True)
    target = folder / name / "target.toml"
    target.write_text(target.read_text("utf-8").replace(*changed) if changed[0] else target.read_text("utf-8"), "utf-8")
    ended = check_program(folder / name, folder / "reports", *words)
    printed = ended.stdout + ended.stderr
    assert (folder / "reports" / "verdict.json").exists(), printed
    journal = read_journal(folder / "reports" / "journal.jsonl")
    return Checked(
        document=json.loads((folder / "reports" / "verdict.json").read_text("utf-8")),
        statuses=[exchange.response.status for exchange in journal.exchanges if exchange.response is not None],
        printed=printed,
    )


def running_in(folder: Path) -> list[list[str]]:
    """The command lines of the processes that run in a folder, or below."""
    found = []
    for process in psutil.process_iter(["cwd", "cmdline", "status"]):
        cwd = process.info["cwd"] or ""
        if process.info["status"] != psutil.STATUS_ZOMBIE and Path(cwd).is_relative_to(folder):
            found.append(process.info["cmdline"])
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere than on Linux a program is its process group")
def test_a_server_in_a_session_of_its_own_is_killed_and_started_again(tmp_path: Path) -> None:
    """The server of a start script is killed with it, keeps its entries, and is not left behind."""
    checked = check(tmp_path, "07b-supervisor", "TRL-07")
    assert checked.document["verdict"] == "PASS", checked.printed
    assert running_in(tmp_path) == []


def test_a_limit_of_requests_is_learned_and_waited_for(tmp_path: Path) -> None:
    """One 429 shows it; nothing is judged by that, and a warning says what the backend allows."""
    env = 'variant.mjs"', 'variant.mjs", RATE = "60 3"'
    checked = check(tmp_path, "06-rate-minute", "EXE-02", "TRL-01", changed=env)
    assert checked.document["verdict"] == "PASS", checked.printed
    assert 1 <= checked.statuses.count(429) < len(checked.statuses) / 5
    assert len(checked.statuses) > 120
    assert "the backend allows about " in checked.printed


def test_a_declared_limit_is_never_exceeded(tmp_path: Path) -> None:
    """With `rate_limit` no request is refused, and the time that it costs is said before the run."""
    env = 'variant.mjs" }', 'variant.mjs", RATE = "60 3" }\nrate_limit = { requests = 60, per_s = 3.2 }'
    checked = check(tmp_path, "06-rate-minute", "EXE-02", "TRL-01", changed=env)
    assert checked.document["verdict"] == "PASS", checked.printed
    assert checked.statuses.count(429) == 0
    assert checked.printed.startswith("the target allows 60 requests in 3 s: about ")


def test_a_lockout_after_wrong_keys_is_no_violation(tmp_path: Path) -> None:
    """Wrong keys are tried as far as their budget goes; a right key that is locked out meanwhile is asked again."""
    env = 'variant.mjs"', 'variant.mjs", LOCKOUT = "10 2"'
    checked = check(tmp_path, "06b-auth-lockout", "AUT-01", "AUT-02", "AUT-03", changed=env)
    assert checked.document["findings"] == [], checked.printed
    verdicts = {result["id"]: result["verdict"] for result in checked.document["requirements"]}
    assert (verdicts["AUT-01"], verdicts["AUT-03"]) == ("PASS", "PASS"), checked.printed
    assert checked.statuses.count(429) > 0
    assert checked.statuses.count(403) > 20
