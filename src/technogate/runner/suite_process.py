"""Run the suites with pytest in a process of its own, and follow its journal."""

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

#: Seconds between two reads of the journal.
POLL_S = 0.1

#: Seconds without an event after which the suites are stuck; the longest wait of a working run is a timeout.
STUCK_S = 120.0

#: Seconds after the end of its time in which a run ends by itself: its items have ended then, or are never going to.
LATE_S = 30.0

#: Signals that end a run in good order.
STOP = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])


class Tail:
    """Read the events that were appended to a journal since the last read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def events(self) -> Iterator[Event]:
        """Yield the event of each new whole line, up to a damaged one: judging reports that."""
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
    """Return the beginning of every command line that has pytest collect the suites and judge nothing."""
    suites, settings = str(shipped("suites")), str(shipped("pyproject.toml"))
    line = [sys.executable, "-m", "pytest", suites, f"--rootdir={shipped()}", "-c", settings]
    # The suites do not use `assert`: rewriting them takes pytest a second.
    # Its five garbage collections at the end take two seconds, and report nothing that is judged.
    line += ["-p", "no:unraisableexception"]
    # Schemathesis generates cases; its plugin and that of anyio run nothing here, and take most of a second to import.
    line += ["-p", "no:schemathesis", "-p", "no:anyio"]
    # Its folders for temporary files stay where they are: no item uses them, and those of a run are removed.
    line += ["-p", "no:tmpdir"]
    return [*line, "-p", "no:cacheprovider", "--assert=plain", "-q", "--gate-act-only"]


def command(settings: Settings, workers: int) -> list[str]:
    """The pytest command line of a run."""
    line = [*pytest_line(), "--tb=short"]
    line += [f"--target={settings.target}", f"--contract={settings.contract}", f"--profile={settings.profile}"]
    line += [f"--seed={settings.seed}", f"--reports={settings.reports}", f"--gate-mode={settings.mode}"]
    line += [f"--gate-select={','.join(settings.selection)}", f"--waivers={settings.waivers}"]
    line += [f"--gate-parent={os.getpid()}", f"--gate-run={settings.run}", f"--gate-replay={settings.replay}"]
    line += [f"--gate-drivers={','.join(settings.drivers)}"]
    line += [f"--gate-max-time={settings.max_time_s}", f"--gate-ends-at={settings.ends_at}"]
    if workers > 1:
        line += ["-n", str(workers), "--dist=loadscope", "--max-worker-restart=0"]
    return line


@contextmanager
def _stop_requests() -> Iterator[list[int]]:
    """Collect stop signals instead of ending."""
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
    """Run the suites and return pytest's exit status; `watch` is called with each event, `tick` in between.

    A stop signal, `STUCK_S` seconds without an event, or `LATE_S` seconds after the time of the run, ends the suites in
    good order, or by force after `TEARDOWN_S` seconds. This function judges nothing: the journal does. Raises
    Interrupted when the suites were stopped before the first event: then there is nothing to judge.
    """
    log = settings.folder / "suites.log"
    tail = Tail(settings.journal)
    with _stop_requests() as stops, log.open("wb") as output:
        # A process group of its own: Ctrl-C reaches only this process, which passes it on once.
        process = subprocess.Popen(
            command(settings, workers),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = None
        begun = False
        last_event = time.monotonic()
        while process.poll() is None:
            for event in tail.events():
                begun, last_event = True, time.monotonic()
                watch(event)
            tick()
            stuck = time.monotonic() - last_event > STUCK_S
            stuck = stuck or 0 < settings.ends_at < time.monotonic() - LATE_S
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
        raise Interrupted("no item had begun, so there is nothing to judge")
    return process.returncode


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the suites and their workers; their reaper ends the programs that they started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
