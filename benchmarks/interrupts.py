"""Interrupt runs at random moments, and count what is left ten seconds later: `python -m benchmarks.interrupts`.

Each run validates the reference pair. A random while after its start one of the following happens, all drawn from the
seed: Ctrl-C or SIGTERM to the command, or SIGKILL to any process of the gate: the command, the suites, a worker, the
helper that ends programs, a browser, a Node, a program under test. A run that is not ended by that goes on to its end;
it was never killed itself, so it must leave nothing either.

Processes are found by a variable in their environment, or by what they descend from; folders by being in a temporary
folder of the run's own. With `--containers` the pair runs in containers, which are counted with their networks.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

#: Seconds after the end of the command, or after the signal, at which nothing may be left.
LEFT_S = 10.0
#: The longest time until a run is interrupted, in seconds, and until a run that goes on is given up.
LATEST_S, GIVEN_UP_S = 60.0, 900.0
#: The variable by which the processes of one run are found.
MARK = "TECHNOGATE_INTERRUPTED_RUN"

SIGNALS = {"ctrl-c": signal.SIGINT, "sigterm": signal.SIGTERM, "sigkill": signal.SIGKILL}


@dataclass(slots=True, kw_only=True)
class Interrupted:
    """What was done to one run, and what it left."""

    number: int
    after_s: float
    how: str
    victim: str = ""
    exit_code: int | None = None
    verdict: str = ""
    processes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    containers: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether nothing is left."""
        return not (self.processes or self.folders or self.containers)


class Run:
    """One run of the gate with a mark of its own and a temporary folder of its own."""

    def __init__(self, place: Path, mark: str, target: str) -> None:
        self._mark = mark
        self._temporary = place / "tmp"
        self._temporary.mkdir(parents=True)
        self.reports = place / "reports"
        self._seen: dict[int, psutil.Process] = {}
        words = ["validate", "--target", target, "--profile", "quick", "--seed", "1", "--reports", str(self.reports)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "technogate", *words],
            cwd=place,
            env={**os.environ, MARK: mark, "TMPDIR": str(self._temporary)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def look(self) -> list[psutil.Process]:
        """The processes of the run that have not ended, also those that were seen before and lost the mark."""
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children(recursive=True):
                self._seen.setdefault(child.pid, child)
        for process in psutil.process_iter():
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                if process.environ().get(MARK) == self._mark:
                    self._seen.setdefault(process.pid, process)
        return [process for process in self._seen.values() if _runs(process)]

    def folders(self) -> list[str]:
        """What is in its temporary folder."""
        return sorted(path.name for path in self._temporary.iterdir())

    def end(self) -> None:
        """End what is left of it, so that the next run begins alone."""
        for process in self.look():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


def _runs(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    return False


def _line(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return f"{process.pid} {' '.join(process.cmdline())[:160]}"
    return str(process.pid)


def interrupted(number: int, draw: random.Random, place: Path, target: str) -> Interrupted:
    """Interrupt one run, and wait for what is left of it."""
    what = Interrupted(number=number, after_s=draw.uniform(0.3, LATEST_S), how=draw.choice(list(SIGNALS)))
    # A choice by the place in the list, so that the same seed means the same however many there are.
    share = draw.random()
    run = Run(place, f"{os.getpid()}-{number}", target)
    try:
        with suppress(subprocess.TimeoutExpired):
            run.process.wait(what.after_s)
        alive = sorted(run.look(), key=lambda process: process.pid)
        victim = psutil.Process(run.process.pid) if run.process.poll() is None else None
        if what.how == "sigkill" and alive:
            victim = alive[int(share * len(alive))]
        if victim is not None:
            what.victim = _line(victim)
            with suppress(psutil.NoSuchProcess):
                victim.send_signal(SIGNALS[what.how])
        what.exit_code = _ended(run)
        _wait_for_nothing(run)
        what.processes = [_line(process) for process in run.look()]
        what.folders = run.folders()
        what.verdict = _verdict(run.reports)
    finally:
        run.end()
    return what


def _ended(run: Run) -> int | None:
    """The exit code of the command, once it has ended; None when it never did. Meanwhile its processes are noted."""
    until = time.monotonic() + GIVEN_UP_S
    while run.process.poll() is None and time.monotonic() < until:
        run.look()
        time.sleep(0.2)
    return run.process.poll()


def _wait_for_nothing(run: Run) -> None:
    until = time.monotonic() + LEFT_S
    while (run.look() or run.folders()) and time.monotonic() < until:
        time.sleep(0.2)


def _verdict(reports: Path) -> str:
    try:
        return str(json.loads((reports / "verdict.json").read_bytes())["verdict"])
    except (OSError, ValueError, KeyError):
        return ""


def containers() -> list[str]:
    """The containers and networks of runs that exist now."""
    found: list[str] = []
    for kind in (("ps", "--all"), ("network", "ls")):
        line = ["docker", *kind, "--quiet", "--filter=label=com.docker.compose.project"]
        listed = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
        found += listed.stdout.split()
    return found


def main() -> int:
    """Interrupt as many runs as asked for; returns 1 when anything was left."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--first", type=int, default=1, help="number of the first run, to repeat one of them")
    options.add_argument("--containers", action="store_true", help="interrupt runs of the pair in containers")
    given = options.parse_args()
    before = containers() if given.containers else []
    bad = 0
    for number in range(given.first, given.first + given.runs):
        draw = random.Random(f"{given.seed} {number}")  # noqa: S311 - moments, not secrets
        with tempfile.TemporaryDirectory(prefix="interrupted-") as place:
            done = interrupted(number, draw, Path(place), "compose" if given.containers else "embedded")
        if given.containers:
            done.containers = [one for one in containers() if one not in before]
        bad += not done.clean
        state = "nothing left" if done.clean else f"LEFT: {done.processes} {done.folders} {done.containers}"
        ended = f"exit {done.exit_code} {done.verdict}".rstrip()
        sys.stdout.write(f"{number}: {done.how} after {done.after_s:.1f} s to {done.victim}: {ended}: {state}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{given.runs} runs interrupted, {bad} left something\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
