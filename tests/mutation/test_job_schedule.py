"""Which runs of a score are at work side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from technogate.mutation import job_schedule
from technogate.mutation.job import Job, JobOutcome

#: How often a run is looked at before it is over.
LOOKS = 3


def job(name: str, *, file: str = "a mutant", stop_at: str = "") -> Job:
    """A run that nobody will do."""
    return Job(
        kind="backend", file=file, selection=(), stop_at=stop_at, suites=(), profile="quick", seed=1, folder=name
    )


class Run:
    """A run that is over when it was looked at so many times."""

    at_work: list[Run]

    def __init__(self, started: Job) -> None:
        self.job = started
        self.looks = LOOKS
        Run.at_work.append(self)

    def poll(self) -> JobOutcome | None:
        """See `Started.poll`."""
        self.looks -= 1
        if self.looks:
            return None
        Run.at_work.remove(self)
        return JobOutcome(end="judged")


@pytest.fixture(autouse=True)
def played(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Runs without processes, in no time."""
    Run.at_work = []
    monkeypatch.setattr(job_schedule, "Started", Run)
    monkeypatch.setattr(job_schedule, "POLL_S", 0.0)
    yield
    assert Run.at_work == []


def test_beside_a_reference_few_runs_wait() -> None:
    """While the reference is judged each worker has one run that waits beside it; afterwards the usual number."""
    jobs = [job("reference", file="")] + [job(f"mutant-{number}", stop_at="CON-06") for number in range(20)]
    seen: set[tuple[bool, int]] = set()
    done: list[str] = []

    def look() -> None:
        reference = any(not one.job.file for one in Run.at_work)
        seen.add((reference, sum(job_schedule.waits(one.job) for one in Run.at_work)))

    def over(one: Job, _outcome: JobOutcome) -> list[Job]:
        done.append(one.name)
        return []

    job_schedule.run_all(jobs, 2, over, look)
    assert sorted(done) == sorted(one.name for one in jobs)
    assert max(waiting for reference, waiting in seen if reference) == 2
    assert max(waiting for reference, waiting in seen if not reference) == 8
