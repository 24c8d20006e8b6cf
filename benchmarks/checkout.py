"""Run `technogate` from a checkout in a process of its own, and read its journal line by line.

The journal is read as plain JSON and only by `event`, `started` and `ended`, so that a checkout of another version can
be measured as well.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from technogate.model.errors import UserError

ROOT = Path(__file__).resolve().parents[1]

#: The name of the journal in the folder of the reports.
JOURNAL = "journal.jsonl"

#: Seconds between two polls of a journal.
POLL_S = 0.02

#: Seconds that a run until its first finding may take.
TIMEOUT_S = 240.0

#: The exit codes of a run that was judged.
JUDGED = (0, 1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandTimes:
    """The wall clock and the processor time of a command, both in seconds."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingTime:
    """One tool on one backend: seconds to its first finding, None without one, and to the end of its process."""

    first_s: float | None
    total_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A source tree and the Python interpreter in which its package is installed."""

    root: Path
    python: Path

    @classmethod
    def this(cls) -> Checkout:
        """The checkout of this file, with the running interpreter."""
        return cls(root=ROOT, python=Path(sys.executable))

    @classmethod
    def at(cls, root: Path) -> Checkout:
        """The checkout at `root` with its own `.venv`; raises UserError without one."""
        python = root.absolute() / ".venv" / "bin" / "python"
        if not python.exists():
            raise UserError(f"{python} does not exist: run `make setup` in {root}")
        return cls(root=root.absolute(), python=python)

    def technogate(self, *arguments: str, reports: Path) -> CommandTimes:
        """Run a `technogate` command to its end; raises UserError when it did not judge."""
        cpu, started = _cpu_s(), time.monotonic()
        done = subprocess.run(self._line(arguments, reports), capture_output=True, cwd=self.root, check=False)
        times = CommandTimes(wall_s=time.monotonic() - started, cpu_s=_cpu_s() - cpu)
        if done.returncode not in JUDGED or not (reports / JOURNAL).exists():
            raise UserError(f"`technogate {arguments[0]}` failed in {self.root}: {_end(done.stdout + done.stderr)}")
        return times

    def first_finding(self, target: str, folder: Path) -> FindingTime:
        """Run `technogate check backend` with one worker until the first finding in its journal."""
        reports, log = folder / "reports", folder / "log"
        arguments = ("check", "backend", "--target", target, "--profile", "quick", "--seed", "1", "--workers", "1")
        tail, started = JournalTail(reports / JOURNAL), time.monotonic()
        first_s: float | None = None
        with log.open("wb") as output:
            process = subprocess.Popen(
                self._line(arguments, reports), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.root
            )
            try:
                while process.poll() is None and time.monotonic() - started < TIMEOUT_S:
                    if first_s is None and any(event["event"] == "finding" for event in tail.events()):
                        first_s = time.monotonic() - started
                        process.terminate()
                    time.sleep(POLL_S)
            finally:
                process.terminate()
                process.wait()
        total_s = time.monotonic() - started
        if first_s is None and process.returncode == 1:
            # The judge adds the findings of run-wide checks at the end of the run.
            first_s = total_s
        if first_s is None and process.returncode not in JUDGED:
            raise UserError(f"`technogate check` failed in {self.root} on {target}: {_end(log.read_bytes())}")
        return FindingTime(first_s=first_s, total_s=total_s)

    def _line(self, arguments: Sequence[str], reports: Path) -> list[str]:
        return [str(self.python), "-m", "technogate", *arguments, "--reports", str(reports)]


class JournalTail:
    """Reads the events appended to a journal since the last call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def events(self) -> Iterator[dict[str, Any]]:
        """The event of each new complete line."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                lines = file.read().splitlines(keepends=True)
        except FileNotFoundError:
            return
        for line in lines:
            if not line.endswith(b"\n"):
                return
            self._offset += len(line)
            yield json.loads(line)["event"]


def _cpu_s() -> float:
    """Processor time of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _end(output: bytes) -> str:
    return output.decode("utf-8", "replace")[-300:]
