"""Errors of the gate never pass: damaged journals, a full disk, a report writer that raises."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from technogate.journal.journal_file import JournalError, read_journal
from technogate.judging.judge import judge
from technogate.model.events import RunWarning
from technogate.model.verdict import Verdict
from tests import builders
from tests.cli.test_exit_codes import BACKEND, HOLDS, OPTIONS, both, item, verdict, verdicts
from tests.conftest import STUCK_S, Sandbox
from tests.gate_command import GATE

pytestmark = pytest.mark.slow

GREEN = (
    builders.plan(("a", "AUT-01"), ("b", "EXE-01")),
    builders.exchange(1),
    builders.result("a", "AUT-01"),
    RunWarning(text="slow"),
    builders.result("b", "EXE-01"),
)

#: Runs `technogate` with files that cannot grow beyond so many bytes, as on a disk that is full.
FULL = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
sys.argv[1:] = sys.argv[2:]
runpy.run_module("technogate", run_name="__main__")
"""


@pytest.fixture
def small(sandbox: Sandbox) -> Sandbox:
    """A sandbox whose only requirement holds: a run in it passes."""
    sandbox.contract(("CTR-01",))
    sandbox.target(BACKEND)
    sandbox.suite("test_it.py", HOLDS)
    return sandbox


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A sealed journal that is judged a PASS."""
    path = builders.journal(tmp_path_factory.mktemp("whole"), *GREEN).path
    assert passes(path)
    return path.read_bytes()


def passes(path: Path) -> bool:
    """Whether a file is read and judged as a PASS."""
    try:
        return judge(read_journal(path, builders.KEY)).verdict is Verdict.PASS
    except JournalError:
        return False


@st.composite
def damages(draw: st.DrawFn, whole: bytes) -> bytes:
    """The bytes of a journal, cut, edited, or with lines taken out, repeated or exchanged."""
    lines = whole.splitlines(keepends=True)
    kind = draw(st.sampled_from(["cut", "byte", "insert", "drop", "repeat", "swap"]))
    # The footer is one line of many and holds the end of the run: every other change is in it.
    first = draw(st.sampled_from([0, len(whole) - len(lines[-1])]))
    at = draw(st.integers(first, len(whole) - 1))
    if kind == "cut":
        return whole[:at] + draw(st.sampled_from([b"", lines[-1]]))
    if kind == "byte":
        return whole[:at] + bytes([draw(st.integers(0, 255))]) + whole[at + 1 :]
    if kind == "insert":
        return whole[:at] + draw(st.binary(min_size=1, max_size=3)) + whole[at:]
    first_index, second_index = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    if kind == "drop":
        return b"".join(lines[:first_index] + lines[first_index + 1 :])
    if kind == "repeat":
        return b"".join([*lines[:first_index], lines[second_index], *lines[first_index:]])
    lines[first_index], lines[second_index] = lines[second_index], lines[first_index]
    return b"".join(lines)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_damaged_journal_passes(tmp_path: Path, whole: bytes, data: st.DataObject) -> None:
    """A sealed journal that was changed, its footer included, is not judged a PASS."""
    damaged = data.draw(damages(whole))
    path = tmp_path / "journal.jsonl"
    path.write_bytes(damaged)
    assert damaged == whole or not passes(path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
@pytest.mark.parametrize("size", [0, 300, 1500, 3000, 6000])
def test_a_full_disk_never_passes(small: Sandbox, size: int) -> None:
    """With a full disk the run does not pass, and prints no stack trace."""
    ended = subprocess.run(
        [sys.executable, "-c", FULL, str(size), "validate", *OPTIONS, "--workers", "1"],
        cwd=small.home, env=small.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=STUCK_S, check=False,
    )  # fmt: skip
    assert ended.returncode in (2, 3), ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert "PASS" not in verdicts(small.reports)


#: The writers, and the file of each.
NAMES = {
    "verdict_json": "verdict.json",
    "markdown": "report.md",
    "html": "report.html",
    "junit": "junit.xml",
    "allure": "allure-results",
}


@pytest.mark.parametrize("writer", NAMES)
def test_a_writer_that_raises_never_passes(small: Sandbox, writer: str) -> None:
    """When a report writer raises, the run does not pass, in any other report either."""
    path = small.home / "src" / "technogate" / "report" / f"{writer}.py"
    text = path.read_text("utf-8")
    assert "\ndef write(" in text
    path.write_text(text + '\ndef write(*_: object) -> None:\n    raise ZeroDivisionError("planted")\n', "utf-8")
    for ended in both(small):
        assert ended.returncode == 3, ended.stdout + ended.stderr
        assert "planted" in ended.stdout + ended.stderr
        assert verdicts(small.reports) <= {"INCONCLUSIVE"}
        assert not list(small.reports.glob(f"{NAMES[writer]}*"))


@pytest.mark.parametrize("writer", NAMES)
def test_a_writer_that_raises_once_never_passes(small: Sandbox, writer: str) -> None:
    """When a writer raises once, every report has the verdict of the exit code, and the reason."""
    path = small.home / "src" / "technogate" / "report" / f"{writer}.py"
    once = "\n_write, _broke = write, []\n\ndef write(*words: object) -> object:\n    if not _broke:\n"
    once += '        _broke.append(1)\n        raise ZeroDivisionError("planted")\n    return _write(*words)\n'
    path.write_text(path.read_text("utf-8") + once, "utf-8")
    for ended in both(small):
        assert ended.returncode == 3, ended.stdout + ended.stderr
        assert verdicts(small.reports) == {"INCONCLUSIVE"}
        assert "planted" in json.loads((small.reports / "verdict.json").read_text())["reasons"][0]


@pytest.mark.parametrize("error", ["OSError('planted')", "SystemError('planted')", "KeyboardInterrupt()"])
def test_removes_reports_when_the_summary_fails(small: Sandbox, error: str) -> None:
    """When the summary cannot be shown, as on a closed terminal, no report with a PASS is left."""
    path = small.home / "src" / "technogate" / "report" / "terminal_summary.py"
    path.write_text(
        path.read_text("utf-8") + f"\ndef show(*_: object, **_words: object) -> None:\n    raise {error}\n", "utf-8"
    )
    for ended in both(small):
        assert ended.returncode != 0, ended.stdout + ended.stderr
        assert verdicts(small.reports) == set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_an_unwritable_summary_never_passes(small: Sandbox) -> None:
    """A run whose output goes to a full disk does not pass, and no report with a PASS is left."""
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [*GATE, "validate", *OPTIONS, "--workers", "1"],
            cwd=small.home, env=small.environment(), stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE,
            timeout=STUCK_S, check=False,
        )  # fmt: skip
    assert ended.returncode != 0
    assert "PASS" not in verdicts(small.reports)


#: Ends one side of the pair outside the gate; its only check holds.
ENDED = item(
    "os.kill(running.{side}.program.pid, 9)\n"
    "    while running.{side}.program.alive:\n"
    "        time.sleep(0.01)\n"
    "    must_hold([])",
    also=", running",
)


@pytest.mark.parametrize("side", ["backend", "console"])
def test_a_program_that_ends_in_the_middle_of_a_run(sandbox: Sandbox, side: str) -> None:
    """A program that ends by itself is reported with its exit code, and the run does not pass."""
    sandbox.contract(("CTR-01",))
    sandbox.suite("test_it.py", ENDED.format(side=side))
    ended = sandbox.run("validate", "--contract", "contracts/small", "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert verdict(sandbox) == "INCONCLUSIVE"
    reasons = json.loads((sandbox.reports / "verdict.json").read_text("utf-8"))["reasons"]
    [reason] = [reason for reason in reasons if "in the middle of the run" in reason]
    assert reason.startswith(f"{side} ended in the middle of the run, and the gate did not end it: exit code -9; ")
