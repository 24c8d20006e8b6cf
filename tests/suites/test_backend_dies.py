"""A backend that ends by itself in the middle of a run: one cause is reported, and everything else is judged."""

from __future__ import annotations

import json
import shutil
import sys

import pytest

from technogate.journal.journal_file import read_journal
from technogate.model.verdict import Verdict
from tests.conftest import ROOT, Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")]

TARGET = f"""
name = "a backend that dies"

[backend]
command = ["{{python}}", "-m", "tests.suites.dying_backend", "{{port}}", "WAY"]
cwd = "{ROOT.as_posix()}"
env = {{ KEY = "{{api_key}}", WORK = "{{workdir}}" }}

[backend.commands]
approved = "PING"
warning = "CHECK"
neutral = "NOOP"
expired = "OLD"
blocked = "WIPE"
"""

#: What the program keeps, and what it breaks: its trail ends with it, but none of these needs entries of before.
KEPT = ("AUT-01", "AUT-02", "AUT-03", "AUT-04", "AUT-05", "EXE-02", "EXE-06", "MEM-01", "ENV-02")
BROKEN = ("EXE-03", "ERR-06")


@pytest.fixture
def dying(sandbox: Sandbox) -> Sandbox:
    """A sandbox with the suites of the backend."""
    for name in ("backend", "properties"):
        shutil.copytree(ROOT / "suites" / name, sandbox.home / "suites" / name)
    shutil.copy(ROOT / "docker-compose.test.yml", sandbox.home)
    return sandbox


def verdicts(sandbox: Sandbox, way: str, *requirements: str) -> dict[str, str]:
    """Check requirements of the backend that dies in a way; the verdict of each."""
    target = sandbox.target(TARGET.replace("WAY", way))
    line = ["check", *requirements, "--target", str(target), "--seed", "1", "--reports", str(sandbox.reports)]
    done = sandbox.run(*line)
    assert (sandbox.reports / "verdict.json").exists(), done.stdout + done.stderr
    document = json.loads((sandbox.reports / "verdict.json").read_text("utf-8"))
    return {result["id"]: result["verdict"] for result in document["requirements"]}


def test_a_backend_that_dies_is_judged_alive(dying: Sandbox) -> None:
    """Only what the body breaks fails, with the trace; nothing is refused, and the gaps can be listed."""
    results = verdicts(dying, "null", *KEPT, *BROKEN)
    assert {name for name, verdict in results.items() if verdict == Verdict.FAIL} == set(BROKEN)
    assert {results[name] for name in KEPT} == {Verdict.PASS}
    journal = read_journal(dying.journal)
    crashes = [finding for finding in journal.findings if finding.check == "crash"]
    assert {finding.requirement for finding in crashes} == set(BROKEN)
    assert {finding.example["request body"] for finding in crashes} == {"null"}
    assert {finding.observed for finding in journal.findings} == {
        "the backend exited with code 1: TypeError: 'NoneType' object is not subscriptable"
    }
    assert all("Traceback" in finding.example["standard error"] for finding in crashes)
    exchanges = {gone.exchange for gone in journal.program_exits}
    assert all(set(finding.exchanges) & exchanges for finding in crashes)
    assert all(gone.restarted for gone in journal.program_exits)
    assert journal.aborts == []
    gaps = dying.run("gaps", str(dying.journal), "--project", str(dying.home))
    assert gaps.returncode == 1, gaps.stdout + gaps.stderr
    assert "EXE-03" in (dying.home / "BACKEND_CONTRACT_GAPS.md").read_text("utf-8")


def test_a_backend_that_cannot_be_started_again_blames_nobody(dying: Sandbox) -> None:
    """After the crash nothing fails that was not answered: it is inconclusive, with the crash as its reason."""
    results = verdicts(dying, "starts", *KEPT, *BROKEN)
    assert {name for name, verdict in results.items() if verdict == Verdict.FAIL} <= set(BROKEN)
    assert Verdict.INCONCLUSIVE in results.values()
    document = json.loads((dying.reports / "verdict.json").read_text("utf-8"))
    undecided = [result for result in document["requirements"] if result["verdict"] == Verdict.INCONCLUSIVE]
    assert all("the backend is not running: the backend exited with code 1" in each["reason"] for each in undecided)
    assert all(each["hint"] for each in undecided)
    findings = {finding.check for finding in read_journal(dying.journal).findings}
    assert findings <= {"crash"}
    gaps = dying.run("gaps", str(dying.journal), "--project", str(dying.home))
    assert gaps.returncode == 1, gaps.stdout + gaps.stderr
