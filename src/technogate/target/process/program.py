"""A program under test: the gate starts it, injects faults into it, and ends it."""

from __future__ import annotations

import dataclasses
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from technogate.journal.redaction import Redactor
from technogate.model.errors import PortTaken, StartError
from technogate.target.process import process_group
from technogate.target.process.ports import is_taken
from technogate.target.process.reaper import Reaper
from technogate.target.readiness import NotReady, Ready, find_ready
from technogate.target.served_address import ready_urls
from technogate.target.socket_forwarder import remove_dead_socket

#: Seconds between SIGTERM and SIGKILL.
STOP_S = 3.0
#: Lines of output that an error shows.
TAIL_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """All that is needed to start a program, any number of times, on the same port and in the same folder.

    `env` is its whole environment, `url` the base URL that it serves, and `others` further ones, of which it may have
    one instead until it has shown which. `ready` is the path or URL that responds with 2xx or 3xx once it is ready,
    `timeout_s` how many seconds that may take. `socket` is the Unix socket that it listens on, if any. `redactor` masks
    the API key in everything that is shown.
    """

    name: str
    argv: tuple[str, ...]
    cwd: Path
    env: dict[str, str]
    workdir: Path
    port: int
    url: str
    ready: str
    timeout_s: float
    redactor: Redactor
    others: tuple[str, ...] = ()
    socket: Path | None = None


class Program:
    """One program under test, in a process group of its own, its output kept in a file."""

    def __init__(self, launch: Launch, reaper: Reaper) -> None:
        """Prepare the program; nothing runs before `start`."""
        self.launch = launch
        self._reaper = reaper
        self._ready_url = ""
        self._log = launch.workdir / "output.log"
        self._log_start = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._reaped = True
        self._ended_by_gate = False
        #: How often it was started, and whether the run's record has the end of its latest start.
        self.starts = 0
        self.end_recorded = False

    @property
    def name(self) -> str:
        """What reports call it: `backend`, `console`, `console-2`."""
        return self.launch.name

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self.launch.port

    @property
    def ready_url(self) -> str:
        """The address that has shown that it was ready; before that, the one that is tried first."""
        return self._ready_url or ready_urls(self.launch.url, self.launch.ready)[0]

    @property
    def workdir(self) -> Path:
        """Its own folder, removed with the pair."""
        return self.launch.workdir

    @property
    def pid(self) -> int | None:
        """The process id of its latest start (also the id of its process group), None before the first."""
        return None if self._process is None else self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it runs (a frozen program does)."""
        return self._process is not None and self.exit_code is None

    @property
    def exit_code(self) -> int | None:
        """The exit code of its latest start; None while it runs, minus the signal's number if one ended it."""
        if self._process is None:
            return None
        code = self._process.poll()
        if code is not None and not self._reaped:
            self._end_group(self._process.pid)
        return code

    @property
    def ended_by_itself(self) -> bool:
        """Whether its latest start has ended, and the gate did not end it. Costs one system call."""
        return self._process is not None and not self._ended_by_gate and self.exit_code is not None

    @property
    def output(self) -> str:
        """All that it wrote to its standard output and error since its first start, unmasked."""
        return self._log.read_text("utf-8", errors="replace") if self._log.exists() else ""

    def printed_since(self, offset: int) -> tuple[str, int]:
        """What it wrote after `offset` bytes, the API key masked, and how many bytes it has written by now.

        Nothing for a program whose output the gate does not keep in a file.
        """
        size = self._log.stat().st_size if self._log.exists() else offset
        if size <= offset:
            return "", offset
        with self._log.open("rb") as log:
            log.seek(offset)
            written = log.read(size - offset)
        return self.launch.redactor.clean_text(written.decode("utf-8", errors="replace"))[0], size

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines of its output, the API key masked."""
        return self.launch.redactor.clean_text("\n".join(self.output.splitlines()[-lines:]))[0]

    def latest_tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines that it wrote since its latest start, the API key masked."""
        if not self._log.exists():
            return ""
        with self._log.open("rb") as log:
            log.seek(self._log_start)
            written = log.read().decode("utf-8", errors="replace")
        return self.launch.redactor.clean_text("\n".join(written.splitlines()[-lines:]))[0]

    @property
    def command(self) -> str:
        """Its command line as typed in a shell, the API key masked."""
        return self.launch.redactor.clean_text(shlex.join(self.launch.argv))[0]

    def start(self) -> None:
        """Start it, without waiting; raises PortTaken, or StartError when there is no such program."""
        if self.alive:
            raise RuntimeError(f"{self.name} runs already")
        if is_taken(self.port):
            raise PortTaken(f"{self.name} needs port {self.port}, which is in use: end the program that holds it")
        self.workdir.mkdir(parents=True, exist_ok=True)
        if self.launch.socket is not None:
            remove_dead_socket(self.launch.socket)
        with self._log.open("ab") as log:
            self._log_start = log.tell()
            try:
                self._process = subprocess.Popen(
                    self.launch.argv,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.launch.cwd,
                    env=self.launch.env,
                    **process_group.own_group(),
                )
            except OSError as error:
                reason = f"{self.name} did not start: {self.command}: {error.strerror}"
                raise StartError(reason, program=self.name, command=self.command) from error
        self._reaped = False
        self._ended_by_gate = False
        self.starts += 1
        self.end_recorded = False
        self._reaper.add(self._process.pid)

    def wait_ready(self, path: str | None = None, timeout_s: float | None = None) -> None:
        """Wait until `path` (default: the declared one) responds; raises StartError when it does not."""
        limit = self.launch.timeout_s if timeout_s is None else timeout_s
        found = find_ready((self.launch.url, *self.launch.others), path or self.launch.ready, limit, self._gone)
        if isinstance(found, Ready) and self.alive:
            self.launch = dataclasses.replace(self.launch, url=found.base_url, others=())
            self._ready_url = self._ready_url or found.url
            return
        code = self.exit_code
        if code is not None:
            reason = f"{self.name} did not start: {self.command} exited with code {code}"
        else:
            until = "" if isinstance(found, NotReady) and found.hint else f" after {limit:g} s"
            reason = f"{self.name} did not start: {self.command} is not ready{until}: {found}"
        raise StartError(reason, program=self.name, command=self.command, exit_code=code, output=self.tail())

    def stop(self) -> None:
        """End it and its children: send SIGTERM, wait 3 s, then kill them. If it does not run, do nothing."""
        if self._process is None:
            return
        if self.alive:
            self._ended_by_gate = True
            process_group.terminate(self._process.pid)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process_group.kill(self._process.pid)
        self.kill()

    def kill(self) -> None:
        """Kill it and its children. If it does not run, do nothing."""
        if self._process is None:
            return
        if self.alive:
            self._ended_by_gate = True
        if not self._reaped:
            self._end_group(self._process.pid)
        self._process.wait()

    def freeze(self) -> None:
        """Freeze it: connections stay open and nothing responds. Raises UserError on Windows."""
        process_group.freeze(self._running())

    def thaw(self) -> None:
        """Continue it after `freeze`."""
        process_group.thaw(self._running())

    def restart(self) -> None:
        """End it if it runs, start it on the same port in the same folder, and wait until it is ready."""
        self.stop()
        self.start()
        self.wait_ready()

    def _gone(self) -> bool:
        """Whether it ended while it should become ready."""
        return not self.alive

    def _running(self) -> int:
        if self._process is None or not self.alive:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    def _end_group(self, pid: int) -> None:
        """End what is left of the group after its leader has ended."""
        process_group.kill(pid)
        self._reaped = True
        self._reaper.remove(pid)
