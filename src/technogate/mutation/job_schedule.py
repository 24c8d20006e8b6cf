"""Run jobs in parallel: one for each worker, and beside them those that mostly wait."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from technogate.mutation.fork_server import RunningJob
from technogate.mutation.job import Job, JobOutcome

#: Requirements whose checks wait for time to pass: a mutant that breaks one needs hardly any processor time.
WAITING = frozenset(
    {"CON-06", "CON-10", "CON-11", "ERR-07", "STK-01", "STK-05", "TMO-01", "TRL-01", "TRL-02", "TRL-06", "TRL-07"}
)

#: Waiting jobs for each worker: together they need about one core. Beside a job of the reference there are fewer:
#: each starts browsers, and the reference cannot be judged if its response times are measured meanwhile.
WAITING_PER_WORKER = 4
WAITING_BESIDE_REFERENCE = 1

#: Seconds between two polls of the running jobs.
POLL_S = 0.02


def waits(job: Job) -> bool:
    """Whether a job mostly waits."""
    return job.stop_at in WAITING


def run_all(
    jobs: Sequence[Job], workers: int, done: Callable[[Job, JobOutcome], Sequence[Job]], tick: Callable[[], None]
) -> None:
    """Run every job, in order within those that wait and within the others.

    `done` takes the outcome of each and may return further jobs; `tick` is called at each poll. An interruption ends
    every running job, which gets time to tear down.
    """
    queue = list(jobs)
    running: list[RunningJob] = []
    previous_handler = signal.signal(signal.SIGTERM, _terminate)
    try:
        while queue or running:
            for waiting in (False, True):
                free = _limit(waiting, workers, running) - sum(waits(run.job) is waiting for run in running)
                for job in [job for job in queue if waits(job) is waiting][: max(0, free)]:
                    queue.remove(job)
                    running.append(RunningJob(job))
            for run in list(running):
                outcome = run.poll()
                if outcome is not None:
                    running.remove(run)
                    queue[:0] = done(run.job, outcome)
            tick()
            time.sleep(POLL_S)
    finally:
        _end(running)
        signal.signal(signal.SIGTERM, previous_handler)


def _limit(waiting: bool, workers: int, running: Sequence[RunningJob]) -> int:
    """How many jobs that wait, or that do not, may run beside those in `running`."""
    reference = any(not run.job.file for run in running)
    return workers * (WAITING_BESIDE_REFERENCE if reference else WAITING_PER_WORKER) if waiting else workers


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a mutation score like Ctrl-C does: with every job that it started."""
    raise KeyboardInterrupt


def _end(running: list[RunningJob]) -> None:
    """End every job that is left; one that does not end in time is killed."""
    for run in running:
        run.stop("the mutation score was interrupted")
    while running:
        running[:] = [run for run in running if run.poll() is None]
        time.sleep(POLL_S)
