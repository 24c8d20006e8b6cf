"""The acting half of a run, in a process of its own: pytest over the suites, watched by its journal."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from technogate.journal.journal_file import JournalError, decode_line
from technogate.model.errors import Interrupted
from technogate.model.events import Event
from technogate.model.settings import TEARDOWN_S, Settings
from technogate.util.shipped import shipped

#: Seconds between two looks at the journal.
POLL_S = 0.1

#: Seconds without a single event after which the suites are stuck; the longest honest silence is a time-out's.
STUCK_S = 120.0

#: Signals that mean: stop, and leave nothing behind.
STOP = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])


class Tail:
    """Reads the events that were appended to a journal since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def events(self) -> Iterator[Event]:
        """Each new whole line's event. A damaged line ends it: judging will say so."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
        except FileNotFoundError:
            return
        for line in new.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            self._offset += len(line)
            try:
                yield decode_line(line).event
            except JournalError:
                return


def pytest_line() -> list[str]:
    """What every command line begins with that has pytest collect the suites and judge nothing."""
    suites, settings = str(shipped("suites")), str(shipped("pyproject.toml"))
    line = [sys.executable, "-m", "pytest", suites, f"--rootdir={shipped()}", "-c", settings]
    # The suites assert nothing with `assert`: to have pytest rewrite them costs a second for nothing.
    # Its five rounds of collecting garbage at the end take two seconds, and would tell of nothing that is judged.
    line += ["-p", "no:unraisableexception"]
    return [*line, "-p", "no:cacheprovider", "--assert=plain", "-q", "--gate-act-only"]


def command(settings: Settings, workers: int) -> list[str]:
    """The pytest command line of a run."""
    line = [*pytest_line(), "--tb=short"]
    line += [f"--target={settings.target}", f"--contract={settings.contract}", f"--profile={settings.profile}"]
    line += [f"--seed={settings.seed}", f"--reports={settings.reports}", f"--gate-mode={settings.mode}"]
    line += [f"--gate-select={','.join(settings.selection)}", f"--waivers={settings.waivers}"]
    line += [f"--gate-parent={os.getpid()}", f"--gate-run={settings.run}", f"--gate-replay={settings.replay}"]
    if workers > 1:
        line += ["-n", str(workers), "--dist=loadscope", "--max-worker-restart=0"]
    return line


@contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """Collect stop signals instead of dying of them."""
    caught: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        caught.append(number)

    before = {number: signal.signal(number, note) for number in STOP}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_suites(settings: Settings, workers: int, watch: Callable[[Event], None], tick: Callable[[], None]) -> int:
    """Run the suites and return pytest's exit status; `watch` sees each event, `tick` is called in between.

    A stop signal, or a silence of `STUCK_S` seconds, ends the suites in good order, or by force after
    `TEARDOWN_S` seconds. The journal tells what came of it: this function judges nothing. Raises
    Interrupted when they were stopped before there was a single event: then there is nothing to judge.
    """
    log = settings.folder / "act.log"
    tail = Tail(settings.journal)
    with _stop_requests() as stops, log.open("wb") as output:
        # A group of its own: Ctrl-C reaches only this process, which passes it on once.
        process = subprocess.Popen(
            command(settings, workers),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = None
        begun = False
        heard = time.monotonic()
        while process.poll() is None:
            for event in tail.events():
                begun, heard = True, time.monotonic()
                watch(event)
            tick()
            stuck = time.monotonic() - heard > STUCK_S
            if (stops or stuck) and deadline is None:
                deadline = time.monotonic() + TEARDOWN_S
                process.send_signal(signal.SIGTERM)
            if deadline is not None and time.monotonic() > deadline:
                _kill(process)
            time.sleep(POLL_S)
    for event in tail.events():
        begun = True
        watch(event)
    if stops and not begun:
        raise Interrupted("nothing had begun, so there is nothing to judge")
    return process.returncode


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the suites and their workers at once; programs they started end with their reaper."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
