"""Runs of a score: one whose process dies is told with its last words."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from technogate.mutation import fork_server
from technogate.mutation.job import Job, JobOutcome
from tests.conftest import STUCK_S


def job(folder: Path) -> Job:
    """A run of the reference backend that nobody will do."""
    return Job(
        kind="backend", file="", selection=(), stop_at="", suites=(), profile="quick", seed=1, folder=str(folder)
    )


def ended(run: fork_server.Started) -> JobOutcome:
    """What came of a run."""
    until = time.monotonic() + STUCK_S
    while (outcome := run.poll()) is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    return outcome


def breaks(_job: Job, _started: float) -> None:
    """A run that breaks."""
    raise ZeroDivisionError("planted\nin two lines")


def dies(_job: Job, _started: float) -> None:
    """A run whose process is gone at once."""
    os._exit(0)


@pytest.mark.skipif(not fork_server.CAN_FORK, reason="runs of a score are forks on Linux alone")
@pytest.mark.parametrize(("do", "words"), [(breaks, "ZeroDivisionError: planted in two lines"), (dies, "none")])
def test_a_run_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, do: object, words: str) -> None:
    """However a run's process ends, without an outcome it is no judgement."""
    monkeypatch.setattr(fork_server, "do", do)
    outcome = ended(fork_server.Started(job(tmp_path / "run")))
    assert outcome.end == "broken"
    assert outcome.text.endswith(f"its last words: {words}")
