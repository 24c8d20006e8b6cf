"""Runs side by side: as many at work as there are workers, and beside them those that mostly wait."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from types import FrameType

from technogate.mutation.fork_server import Started
from technogate.mutation.job import Job, JobOutcome

#: Requirements whose checks wait for time to pass: whoever breaks one needs hardly a core.
WAITING = frozenset(
    {"CON-06", "CON-10", "CON-11", "ERR-07", "STK-01", "STK-05", "TMO-01", "TRL-01", "TRL-02", "TRL-06", "TRL-07"}
)

#: Waiting runs for each worker: together they need about one core. Beside a run of the reference there are fewer:
#: each begins with the start of browsers, and a reference whose times were measured meanwhile cannot be judged.
WAITING_PER_WORKER = 4
WAITING_BESIDE_REFERENCE = 1

#: Seconds between two looks at the runs.
POLL_S = 0.02


def waits(job: Job) -> bool:
    """Whether a run mostly waits."""
    return job.stop_at in WAITING


def run_all(
    jobs: Sequence[Job], workers: int, done: Callable[[Job, JobOutcome], Sequence[Job]], tick: Callable[[], None]
) -> None:
    """Do every job, in order within those that wait and those that work.

    `done` takes what came of each, and may name further jobs that have become necessary. When this is
    interrupted every run is ended, in good order if there is time.
    """
    queue = list(jobs)
    running: list[Started] = []
    asked = signal.signal(signal.SIGTERM, _terminate)
    try:
        while queue or running:
            for kind in (False, True):
                free = _limit(kind, workers, running) - sum(waits(one.job) is kind for one in running)
                for job in [job for job in queue if waits(job) is kind][: max(0, free)]:
                    queue.remove(job)
                    running.append(Started(job))
            for one in list(running):
                outcome = one.poll()
                if outcome is not None:
                    running.remove(one)
                    queue[:0] = done(one.job, outcome)
            tick()
            time.sleep(POLL_S)
    finally:
        _end(running)
        signal.signal(signal.SIGTERM, asked)


def _limit(waiting: bool, workers: int, running: Sequence[Started]) -> int:
    """How many runs that wait, or that work, there may be beside those that are running."""
    beside = WAITING_BESIDE_REFERENCE if any(not one.job.file for one in running) else WAITING_PER_WORKER
    return beside * workers if waiting else workers


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a score as Ctrl-C does: with every run that it started."""
    raise KeyboardInterrupt


def _end(running: list[Started]) -> None:
    """End every run that is left; one that does not heed is stopped a second time, by force."""
    for one in running:
        one.stop("the score was interrupted")
    while running:
        running[:] = [one for one in running if one.poll() is None]
        time.sleep(POLL_S)
