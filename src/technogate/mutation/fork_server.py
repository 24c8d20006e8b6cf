"""Starting the runs of a score: a process that has imported everything forks one child for each.

Importing pytest, the libraries and every suite takes seconds, a check of one requirement often less than one.
Where a process cannot fork, each run is a fresh one of Python.
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
from technogate.mutation.mutant_run import WARM, do, quiet
from technogate.runner.suite_process import pytest_line
from technogate.util.garbage import ignore_existing_objects

#: macOS has fork, and system libraries that do not survive it.
CAN_FORK = sys.platform == "linux"

#: Seconds after which a run is stuck, and that it gets to tear down before it is killed. The longest honest run
#: takes a minute where there is nothing else to do, and many times that where there is.
STUCK_S, GRACE_S = 1200.0, 60.0


@dataclass(slots=True)
class Suites:
    """The pytest plugin that learns which files hold the checks of each requirement, and imports them all."""

    files: dict[str, set[str]] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Take down the file of each item."""
        for item in session.items:
            for mark in item.iter_markers("requirement"):
                self.files.setdefault(str(mark.args[0]), set()).add(str(item.path))


class SuitesError(Exception):
    """The suites cannot be collected; the text is the last that they wrote."""


def collect() -> Mapping[str, tuple[str, ...]]:
    """The files that hold the checks of each requirement; afterwards this process has imported all of them.

    Raises SuitesError.
    """
    found = Suites()
    _, _, _, *line = pytest_line()
    with tempfile.TemporaryDirectory(prefix="technogate-score-") as place, _written_to(Path(place) / "log") as log:
        status = pytest.main([*line, *WARM, "--collect-only", f"--reports={place}"], plugins=[found])
        text = log.read_text("utf-8", "replace")
    if status != pytest.ExitCode.OK or not found.files:
        raise SuitesError(f"the suites cannot be collected: {text[-2000:]}")
    return {name: tuple(sorted(paths)) for name, paths in found.files.items()}


@contextmanager
def _written_to(log: Path) -> Iterator[Path]:
    """Within the context whatever this process writes goes to the file `log`; signals are as before afterwards."""
    sys.stdout.flush()
    sys.stderr.flush()
    kept = os.dup(1), os.dup(2)
    asked = signal.getsignal(signal.SIGTERM)
    with log.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield log
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for stream, before in zip((1, 2), kept, strict=True):
                os.dup2(before, stream)
                os.close(before)
            signal.signal(signal.SIGTERM, asked)


class Started:
    """One run that was started. `poll` is asked until it is over."""

    def __init__(self, job: Job) -> None:
        self.job = job
        job.path.mkdir(parents=True)
        self._begun = time.monotonic()
        self._deadline = self._begun + STUCK_S
        self._stopped = ""
        self._process: subprocess.Popen[bytes] | None = None
        if CAN_FORK:
            self._pid = _forked(job)
            return
        (job.path / JOB).write_bytes(msgspec.json.encode(job))
        line = [sys.executable, "-m", "technogate.mutation.mutant_run", str(job.path)]
        self._process = subprocess.Popen(line, stdin=subprocess.DEVNULL, start_new_session=True)
        self._pid = self._process.pid

    def poll(self) -> JobOutcome | None:
        """What came of the run, None while it goes on. A run that is stuck is ended."""
        ended = self._ended()
        if not ended and time.monotonic() > self._deadline:
            self.stop(f"it was not over after {STUCK_S:g} s")
        return self._read() if ended else None

    def stop(self, why: str) -> None:
        """Ask the run to tear down what it started, and end it when it was asked before."""
        again = bool(self._stopped)
        self._stopped = why
        self._deadline = time.monotonic() + GRACE_S
        number = getattr(signal, "SIGKILL", signal.SIGTERM) if again else signal.SIGTERM
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
        if self._stopped:
            return JobOutcome(end="broken", text=self._stopped, seconds=time.monotonic() - self._begun)
        try:
            return msgspec.json.decode((self.job.path / OUTCOME).read_bytes(), type=JobOutcome)
        except (OSError, msgspec.MsgspecError):
            why = f"its process left no outcome; its last words: {self._last_words()}"
            return JobOutcome(end="broken", text=why, seconds=time.monotonic() - self._begun)

    def _last_words(self) -> str:
        """The last line that the run wrote, whose log goes with the folder of the score."""
        try:
            lines = (self.job.path / LOG).read_text("utf-8", "replace").split("\n")
        except OSError as error:
            return f"none ({error.strerror})"
        return next((line.strip() for line in reversed(lines) if line.strip()), "none")


def _forked(job: Job) -> int:
    """Do a job in a child of this process; its process id."""
    started = time.monotonic()
    # What is here already is never collected again: the pages stay shared.
    ignore_existing_objects()
    pid = os.fork()
    if pid:
        return pid
    status, last = 1, ""
    try:
        os.setsid()
        quiet(job)
        do(job, started)
        status = 0
    except BaseException as error:  # noqa: BLE001 - whatever it is must not run on in a copy of the parent
        traceback.print_exc()
        # On one line, and the last of the log: what is told of it.
        last = f"{type(error).__name__}: {' '.join(str(error).split())}\n"
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.write(2, last.encode("utf-8", "replace"))
        os._exit(status)
