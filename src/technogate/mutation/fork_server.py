"""Start the runs of a mutation score: a process that has imported everything forks one child for each.

The import of pytest, the libraries and every suite takes seconds, the check of one requirement often less than one.
Where a process cannot fork, each run is a new Python process.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest

from technogate.mutation.job import JOB, LOG, OUTCOME, Job, JobOutcome
from technogate.mutation.run_job import WARM, redirect_output, run_job
from technogate.runner.suite_process import pytest_arguments
from technogate.util.garbage_collector import ignore_existing_objects
from technogate.util.sealed_start import sealed_python

#: macOS has fork, but its system libraries do not survive it.
CAN_FORK = sys.platform == "linux"

#: Seconds after which a run counts as stuck, and seconds it then has to tear down before it is killed. The longest
#: run of the reference takes a minute on an idle machine, and many times that on a busy one.
STUCK_S, GRACE_S = 1200.0, 60.0


@dataclass(slots=True)
class SuiteFiles:
    """The pytest plugin that collects the files that hold the checks of each requirement, and imports them all."""

    by_requirement: dict[str, set[str]] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the file of each item."""
        for item in session.items:
            for mark in item.iter_markers("requirement"):
                self.by_requirement.setdefault(str(mark.args[0]), set()).add(str(item.path))


class SuitesError(Exception):
    """The suites cannot be collected; the text is the end of pytest's output."""


def collect() -> Mapping[str, tuple[str, ...]]:
    """The files that hold the checks of each requirement; this process imports all of them.

    Raises SuitesError.
    """
    suite_files = SuiteFiles()
    with tempfile.TemporaryDirectory(prefix="technogate-mutants-") as folder, _output_to(Path(folder) / "log") as log:
        status = pytest.main(
            [*pytest_arguments(), *WARM, "--collect-only", "--target=embedded", f"--reports={folder}"],
            plugins=[suite_files],
        )
        text = log.read_text("utf-8", "replace")
    if status != pytest.ExitCode.OK or not suite_files.by_requirement:
        raise SuitesError(f"the suites cannot be collected: {text[-2000:]}")
    return {name: tuple(sorted(paths)) for name, paths in suite_files.by_requirement.items()}


@contextmanager
def _output_to(log: Path) -> Iterator[Path]:
    """Redirect all output of this process to the file `log`; restore the handler of SIGTERM afterwards."""
    sys.stdout.flush()
    sys.stderr.flush()
    originals = os.dup(1), os.dup(2)
    previous_handler = signal.getsignal(signal.SIGTERM)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield log
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for stream, original in zip((1, 2), originals, strict=True):
                os.dup2(original, stream)
                os.close(original)
            signal.signal(signal.SIGTERM, previous_handler)


class RunningJob:
    """A job in a process of its own; call `poll` until it returns the outcome."""

    def __init__(self, job: Job) -> None:
        self.job = job
        job.path.mkdir(parents=True)
        self._started = time.monotonic()
        self._deadline = self._started + STUCK_S
        self._stop_reason = ""
        self._process: subprocess.Popen[bytes] | None = None
        if CAN_FORK:
            self._pid = _forked(job)
            return
        (job.path / JOB).write_bytes(msgspec.json.encode(job))
        line = [*sealed_python(), "technogate.mutation.run_job", str(job.path)]
        self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, start_new_session=True)
        self._pid = self._process.pid

    def poll(self) -> JobOutcome | None:
        """The outcome of the run, None while it goes on. A run that is stuck is stopped."""
        ended = self._ended()
        if not ended and time.monotonic() > self._deadline:
            self.stop(f"it was not over after {STUCK_S:g} s")
        return self._read() if ended else None

    def stop(self, reason: str) -> None:
        """Signal the run to tear down what it started; kill it if it was signalled before."""
        number = getattr(signal, "SIGKILL", signal.SIGTERM) if self._stop_reason else signal.SIGTERM
        self._stop_reason = reason
        self._deadline = time.monotonic() + GRACE_S
        with suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(number)
            else:
                os.kill(self._pid, number)

    def _ended(self) -> bool:
        if self._process is not None:
            return self._process.poll() is not None
        return os.waitpid(self._pid, os.WNOHANG)[0] == self._pid

    def _read(self) -> JobOutcome:
        if self._stop_reason:
            return self._crashed(self._stop_reason)
        try:
            return msgspec.json.decode((self.job.path / OUTCOME).read_bytes(), type=JobOutcome)
        except (OSError, msgspec.MsgspecError):
            return self._crashed(f"its process left no outcome; the last line of its log: {self._last_line()}")

    def _crashed(self, message: str) -> JobOutcome:
        return JobOutcome(end="crashed", message=message, seconds=time.monotonic() - self._started)

    def _last_line(self) -> str:
        """The last line of the run's log, which is deleted with the folder of the score."""
        try:
            lines = (self.job.path / LOG).read_text("utf-8", "replace").split("\n")
        except OSError as error:
            return f"none ({error.strerror})"
        return next((line.strip() for line in reversed(lines) if line.strip()), "none")


def _forked(job: Job) -> int:
    """Run a job in a child of this process; the child's process id."""
    started = time.monotonic()
    # The garbage collector leaves the existing objects alone, so that their pages stay shared.
    ignore_existing_objects()
    pid = os.fork()
    if pid:
        return pid
    status, last_line = 1, ""
    try:
        os.setsid()
        redirect_output(job)
        run_job(job, started)
        status = 0
    except BaseException as error:  # noqa: BLE001 - no exception may continue in a copy of the parent
        traceback.print_exc()
        # On one line at the end of the log: this line is reported.
        last_line = f"{type(error).__name__}: {' '.join(str(error).split())}\n"
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(2, last_line.encode("utf-8", "replace"))
        os._exit(status)
