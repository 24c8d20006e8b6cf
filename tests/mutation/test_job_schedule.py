"""Which jobs of a mutation score run in parallel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from technogate.mutation import job_schedule
from technogate.mutation.job import Job, JobOutcome

#: The number of polls until a run is over.
POLLS = 3


def job(name: str, *, file: str = "a mutant", stop_at: str = "") -> Job:
    """A job that selects nothing."""
    return Job(
        kind="backend", file=file, selection=(), stop_at=stop_at, suites=(), profile="quick", seed=1, folder=name
    )


class FakeRun:
    """A run without a process that is over after a number of polls."""

    running: list[FakeRun]

    def __init__(self, started: Job) -> None:
        self.job = started
        self.polls = POLLS
        FakeRun.running.append(self)

    def poll(self) -> JobOutcome | None:
        """See `RunningJob.poll`."""
        self.polls -= 1
        if self.polls:
            return None
        FakeRun.running.remove(self)
        return JobOutcome(end="judged")


@pytest.fixture(autouse=True)
def fake_runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Replace processes by fake runs, and polling by a busy loop."""
    FakeRun.running = []
    monkeypatch.setattr(job_schedule, "RunningJob", FakeRun)
    monkeypatch.setattr(job_schedule, "POLL_S", 0.0)
    yield
    assert FakeRun.running == []


def test_few_waiting_jobs_run_beside_a_reference() -> None:
    """Beside a reference each worker has one waiting job, afterwards the usual number."""
    jobs = [job("reference", file="")] + [job(f"mutant-{number}", stop_at="CON-06") for number in range(20)]
    observed: set[tuple[bool, int]] = set()
    done: list[str] = []

    def observe() -> None:
        reference = any(not run.job.file for run in FakeRun.running)
        observed.add((reference, sum(job_schedule.waits(run.job) for run in FakeRun.running)))

    def note(finished: Job, _outcome: JobOutcome) -> list[Job]:
        done.append(finished.name)
        return []

    job_schedule.run_all(jobs, 2, note, observe)
    assert sorted(done) == sorted(planned.name for planned in jobs)
    assert max(waiting for reference, waiting in observed if reference) == 2
    assert max(waiting for reference, waiting in observed if not reference) == 8
