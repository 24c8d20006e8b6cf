"""Run the suites with pytest in a process of its own, and follow its journal."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import BinaryIO

from technogate.journal.journal_file import JournalError, decode_line
from technogate.journal.line_marks import KEY_BYTES, JournalKey
from technogate.model.errors import Interrupted, UserError
from technogate.model.events import Event
from technogate.model.settings import TEARDOWN_S, Settings
from technogate.runner.run_folder import run_folder
from technogate.target.environment import whole_environment
from technogate.target.process.kernel_flags import close_to_others
from technogate.target.process.leftovers import Leftovers
from technogate.util.plain_file import create
from technogate.util.sealed_start import sealed_python, without_steering
from technogate.util.shipped import shipped

#: The option that names the descriptor from which the suites read the key of their journal.
KEY_OPTION = "--gate-key"

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

    def events(self, *holding: bytes) -> Iterator[Event]:
        """Yield the event of each new whole line, up to a damaged one: judging reports that.

        With `holding`, lines that hold none of these bytes are passed over, which costs far less than to decode them.
        """
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
            if holding and not any(part in line for part in holding):
                continue
            try:
                yield decode_line(line).event
            except JournalError:
                return


#: No plugin is loaded because it is installed. Hypothesis brings one that reports its cases.
PLUGINS = ("--disable-plugin-autoload", "-p", "_hypothesis_pytestplugin")

#: Workers are those of this plugin.
WORKER_PLUGIN = ("-p", "xdist.plugin")


def pytest_arguments() -> list[str]:
    """Return the first arguments of every pytest that collects the suites and judges nothing: the suites, then options.

    Settings, `conftest.py` and plugins are those of the gate, whatever the current folder and the environment hold.
    """
    suites, settings = str(shipped("suites")), str(shipped("pyproject.toml"))
    line = [suites, f"--rootdir={shipped()}", f"--confcutdir={shipped()}", "-c", settings, *PLUGINS]
    # The suites do not use `assert`: rewriting them takes pytest a second.
    # Its five garbage collections at the end take two seconds, and report nothing that is judged.
    line += ["-p", "no:unraisableexception"]
    # pytest's folders for temporary files stay where they are: no item uses them, and those of a run are removed.
    line += ["-p", "no:tmpdir"]
    return [*line, "-p", "no:cacheprovider", "--assert=plain", "-q", "--gate-act-only"]


def command(settings: Settings, workers: int, bytecode: str) -> list[str]:
    """The pytest command line of a run, in a sealed Python that keeps its bytecode in the folder `bytecode`."""
    line = [*sealed_python(bytecode), "pytest", *pytest_arguments(), "--tb=short"]
    line += [f"--target={settings.target}", f"--contract={settings.contract}", f"--profile={settings.profile}"]
    line += [f"--seed={settings.seed}", f"--reports={settings.reports}", f"--gate-mode={settings.mode}"]
    line += [f"--gate-select={','.join(settings.selection)}", f"--waivers={settings.waivers}"]
    line += [f"--gate-parent={os.getpid()}", f"--gate-run={settings.run}", f"--gate-replay={settings.replay}"]
    line += [f"--gate-drivers={','.join(settings.drivers)}", f"--gate-checked={settings.checked}"]
    line += [f"--gate-max-time={settings.max_time_s}", f"--gate-ends-at={settings.ends_at}"]
    if workers > 1:
        line += [*WORKER_PLUGIN, "-n", str(workers), "--dist=loadscope", "--max-worker-restart=0"]
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


def run_suites(
    settings: Settings, workers: int, watch: Callable[[Event], None], tick: Callable[[], None]
) -> JournalKey:
    """Run the suites and return the key of their journal; `watch` is called with each event, `tick` in between.

    A stop signal, `STUCK_S` seconds without an event, or `LATE_S` seconds after the time of the run, ends the suites in
    good order, or by force after `TEARDOWN_S` seconds. When it returns, all that the programs under test started has
    ended. This function judges nothing: the journal does. Raises Interrupted when the suites were stopped before the
    first event: then there is nothing to judge; JournalError when a process is left that cannot be ended, and could
    change the journal.
    """
    log = settings.folder / "suites.log"
    # The programs under test may be of the same user.
    close_to_others()
    key = JournalKey.new()
    tail = Tail(settings.journal)
    with _stop_requests() as stops, run_folder() as folder, _fresh(log) as output:
        leftovers = Leftovers()
        # A process group of its own: Ctrl-C reaches only this process, which passes it on once.
        with handed_over(key) as descriptor:
            process = subprocess.Popen(
                [*command(settings, workers, folder.bytecode), f"{KEY_OPTION}={descriptor}"],
                env={**without_steering(whole_environment()), **folder.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(descriptor,),
            )
        folder.begins(process.pid)
        deadline = None
        begun = False
        last_event = time.monotonic()
        while process.poll() is None:
            for event in tail.events():
                begun, last_event = True, time.monotonic()
                watch(event)
            tick()
            leftovers.collect((process.pid,))
            stuck = time.monotonic() - last_event > STUCK_S
            stuck = stuck or 0 < settings.ends_at < time.monotonic() - LATE_S
            if (stops or stuck) and deadline is None:
                deadline = time.monotonic() + TEARDOWN_S
                process.send_signal(signal.SIGTERM)
            if deadline is not None and time.monotonic() > deadline:
                _kill(process)
            time.sleep(POLL_S)
        folder.ended(process.pid)
        left = leftovers.end()
    if left:
        raise JournalError(still_running(left))
    for event in tail.events():
        begun = True
        watch(event)
    if stops and not begun:
        raise Interrupted("no item had begun, so there is nothing to judge")
    return key


@contextmanager
def _fresh(log: Path) -> Iterator[BinaryIO]:
    """The file for what the suites write, made anew; raises UserError when that is impossible."""
    try:
        file = os.fdopen(create(log, 0o600), "wb")
    except OSError as error:
        raise UserError(f"cannot write {log}: {error.strerror}; name another folder with --reports") from error
    with file:
        yield file


@contextmanager
def handed_over(key: JournalKey) -> Iterator[int]:
    """A descriptor from which a process that is started in the context reads the key, once."""
    readable, writable = os.pipe()
    try:
        os.write(writable, key.value)
        os.close(writable)
        yield readable
    finally:
        os.close(readable)


def received(descriptor: int) -> JournalKey:
    """The key from the descriptor of `handed_over`, which is closed; raises UserError when there is none."""
    try:
        with os.fdopen(descriptor, "rb") as file:
            value = file.read(KEY_BYTES + 1)
    except OSError as error:
        raise UserError(f"{KEY_OPTION} is set by the technogate command, and names no descriptor here") from error
    if len(value) != KEY_BYTES:
        raise UserError(f"{KEY_OPTION} is set by the technogate command, and its descriptor holds no key")
    return JournalKey(value)


def still_running(left: int) -> str:
    """Why a run proves nothing whose programs go on after it, on one line."""
    what = f"{left} processes that the programs under test started" if left > 1 else "a process under test"
    return f"{what} cannot be ended, and may change what the run recorded: end it as its user, then validate again"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the suites and their workers; their reaper ends the programs that they started."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
