"""Runs of a mutation score: one whose process dies is reported with the last line of its log."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from technogate.mutation import fork_server
from technogate.mutation.job import Job, JobOutcome
from tests.conftest import STUCK_S


def job(folder: Path) -> Job:
    """A job of the reference backend that selects nothing."""
    return Job(
        kind="backend", file="", selection=(), stop_at="", suites=(), profile="quick", seed=1, folder=str(folder)
    )


def wait_for_outcome(run: fork_server.RunningJob) -> JobOutcome:
    """The outcome of a run."""
    deadline = time.monotonic() + STUCK_S
    while (outcome := run.poll()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return outcome


def raise_error(_job: Job, _started: float) -> None:
    """A job that raises an exception."""
    raise ZeroDivisionError("planted\nin two lines")


def exit_at_once(_job: Job, _started: float) -> None:
    """A job whose process exits at once."""
    os._exit(0)


@pytest.mark.skipif(not fork_server.CAN_FORK, reason="the runs of a mutation score are forks on Linux only")
@pytest.mark.parametrize(
    ("run_job", "last_line"), [(raise_error, "ZeroDivisionError: planted in two lines"), (exit_at_once, "none")]
)
def test_run_without_an_outcome_is_reported_as_crashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_job: object, last_line: str
) -> None:
    """A run whose process leaves no outcome counts as crashed, however the process ended."""
    monkeypatch.setattr(fork_server, "run_job", run_job)
    outcome = wait_for_outcome(fork_server.RunningJob(job(tmp_path / "run")))
    assert outcome.end == "crashed"
    assert outcome.message.endswith(f"the last line of its log: {last_line}")
