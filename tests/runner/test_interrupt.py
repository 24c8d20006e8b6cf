"""Interrupting a run: nothing is left behind, and its journal is judged INCONCLUSIVE."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from technogate.cli import explain, main
from technogate.journal.journal_file import JournalError, read_journal
from technogate.model.verdict import ExitCode
from tests.conftest import ROOT, STUCK_S, Sandbox

pytestmark = pytest.mark.slow


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds, and fail after a timeout."""
    until = time.monotonic() + STUCK_S
    while not holds():
        assert time.monotonic() < until, f"{what} did not come to pass"
        time.sleep(0.05)


def processes_of(sandbox: Sandbox) -> list[str]:
    """Every process whose working folder or command line is in the sandbox."""
    processes = []
    for process in psutil.process_iter():
        try:
            places = [process.cwd(), *process.cmdline()]
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
        if any(str(sandbox.home) in text for text in places):
            processes.append(f"{process.pid} {' '.join(places)}")
    return processes


def exchanged(sandbox: Sandbox) -> bool:
    """Whether the run has begun to send requests to the pair."""
    try:
        return any(exchange.responded_by == "backend" for exchange in read_journal(sandbox.journal).exchanges)
    except JournalError:
        return False


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_nothing_is_left_behind(sandbox: Sandbox, stop: signal.Signals, workers: str) -> None:
    """An interrupted run ends everything that it started and is INCONCLUSIVE."""
    shutil.copytree(ROOT / "suites", sandbox.home / "suites", dirs_exist_ok=True)
    with sandbox.popen("validate", "--workers", workers) as process:
        wait_until(lambda: exchanged(sandbox), "the first exchange")
        assert len(processes_of(sandbox)) > 3
        process.send_signal(stop)
        out, err = process.communicate(timeout=STUCK_S)
    assert process.returncode == int(ExitCode.INCONCLUSIVE), out + err
    assert "Traceback" not in err
    assert (sandbox.reports / "verdict.json").exists(), out + err
    document = json.loads((sandbox.reports / "verdict.json").read_text())
    assert document["verdict"] == "INCONCLUSIVE"
    assert sandbox.run("judge", "reports/journal.jsonl", "--reports", "again").returncode in (2, 3)
    wait_until(lambda: not processes_of(sandbox), f"the end of {processes_of(sandbox)}")


#: Holds the suites before their first line of code.
EARLY = """
import pathlib, time
pathlib.Path("waiting").touch()
time.sleep(600)
"""


def test_an_interrupt_before_there_is_a_journal_is_one_line(sandbox: Sandbox) -> None:
    """A run interrupted before its first event prints that no item had begun, and does not pass."""
    conftest = sandbox.home / "conftest.py"
    conftest.write_text(EARLY + conftest.read_text("utf-8"), "utf-8")
    with sandbox.popen("validate") as process:
        wait_until((sandbox.home / "waiting").exists, "the start of the suites")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=STUCK_S)
    assert process.returncode == int(ExitCode.INCONCLUSIVE), out + err
    assert err == "technogate: interrupted: no item had begun, so there is nothing to judge\n"
    assert "journal" not in out
    assert not (sandbox.reports / "verdict.json").exists()
    wait_until(lambda: not processes_of(sandbox), f"the end of {processes_of(sandbox)}")


def test_an_interrupt_in_any_command_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Ctrl-C while a command prepares prints one line and no stack trace, with the exit code of an interrupted run."""
    monkeypatch.setattr(sys, "argv", ["technogate", "requirements"])

    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(explain, "coverage_table", stopped)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == int(ExitCode.INCONCLUSIVE)
    assert capfd.readouterr().err == "technogate: interrupted\n"


def test_nothing_is_left_behind_when_the_suites_are_killed(sandbox: Sandbox) -> None:
    """When the suites are killed, the programs that they started end, and the run is INCONCLUSIVE."""
    shutil.copytree(ROOT / "suites", sandbox.home / "suites", dirs_exist_ok=True)
    with sandbox.popen("validate", "--workers", "1") as process:
        wait_until(lambda: exchanged(sandbox), "the first exchange")
        [suites] = [child for child in psutil.Process(process.pid).children() if "pytest" in child.cmdline()]
        suites.kill()
        out, err = process.communicate(timeout=STUCK_S)
    assert process.returncode == int(ExitCode.INCONCLUSIVE), out + err
    assert "torn" in out
    wait_until(lambda: not processes_of(sandbox), f"the end of {processes_of(sandbox)}")


def test_nothing_is_left_behind_when_the_command_is_killed(sandbox: Sandbox) -> None:
    """When the command is killed, the suites end as if interrupted, and seal their journal."""
    shutil.copytree(ROOT / "suites", sandbox.home / "suites", dirs_exist_ok=True)
    with sandbox.popen("validate", "--workers", "2") as process:
        wait_until(lambda: exchanged(sandbox), "the first exchange")
        process.kill()
        process.communicate(timeout=STUCK_S)
    wait_until(lambda: not processes_of(sandbox), f"the end of {processes_of(sandbox)}")
    footer = read_journal(sandbox.journal).footer
    assert footer is not None
    assert footer.end == "interrupted"


def test_nothing_is_left_behind_of_suites_that_have_not_begun(sandbox: Sandbox) -> None:
    """When the command is killed while its suites still load, they end, and the folder of their bytecode with them."""
    conftest = sandbox.home / "conftest.py"
    conftest.write_text(EARLY + conftest.read_text("utf-8"), "utf-8")
    temporary = sandbox.home / "temporary"
    temporary.mkdir()
    with sandbox.popen("validate", TMPDIR=str(temporary)) as process:
        wait_until((sandbox.home / "waiting").exists, "the start of the suites")
        process.kill()
        process.communicate(timeout=STUCK_S)
    wait_until(lambda: not processes_of(sandbox), f"the end of {processes_of(sandbox)}")
    wait_until(lambda: not list(temporary.iterdir()), f"the end of {list(temporary.iterdir())}")
