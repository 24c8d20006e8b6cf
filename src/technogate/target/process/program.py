"""A program under test: the gate starts it, injects faults into it, and ends it."""

from __future__ import annotations

import dataclasses
import os
import secrets
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from technogate.journal.redaction import Redactor
from technogate.model.errors import PortTaken, StartError
from technogate.target.process import process_group
from technogate.target.process.isolation import Isolation
from technogate.target.process.other_port import OtherPort
from technogate.target.process.output_log import OutputLog
from technogate.target.process.ports import is_taken
from technogate.target.process.process_table import MARK_VARIABLE
from technogate.target.process.program_processes import ProgramProcesses
from technogate.target.process.reaper import Reaper
from technogate.target.readiness import NotReady, Ready, find_line, find_ready, probe
from technogate.target.served_address import ready_urls
from technogate.target.socket_forwarder import remove_dead_socket
from technogate.util.error_output import cause_line

#: Seconds between SIGTERM and SIGKILL.
STOP_S = 3.0
#: Seconds between two looks at the length of its output.
BOUND_S = 1.0
#: Lines of output that an error shows.
TAIL_LINES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """All that is needed to start a program, any number of times, on the same port and in the same folder.

    `env` is its whole environment, `url` the base URL that it serves, and `others` further ones, of which it may have
    one instead until it has shown which. `ready` is the path or URL that responds with 2xx or 3xx once it is ready,
    `timeout_s` how many seconds that may take. With `ready_log` a line of its output that matches this regular
    expression shows that instead. `socket` is the Unix socket that it listens on, if any. `redactor` masks the API key
    in everything that is shown.
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
    ready_log: str = ""


class Program:
    """One program under test, in a process group of its own, its output kept in a file.

    All that it starts belongs to it, also what leaves that group, and what goes on when the started process has ended
    without an error: then the program is in the background.
    """

    def __init__(self, launch: Launch, reaper: Reaper) -> None:
        """Prepare the program; nothing runs before `start`."""
        self.launch = launch
        #: How it is kept from the gate; another one may be set before it is started.
        self.isolation = Isolation(account=None)
        self._reaper = reaper
        self._ready_url = ""
        self._log = OutputLog(launch.workdir / "output.log", launch.redactor)
        self._process: subprocess.Popen[bytes] | None = None
        self._mark = secrets.token_hex(8)
        self._processes: ProgramProcesses | None = None
        self._groups: set[int] = set()
        self._reaped = True
        self._reaping = threading.Lock()
        self._ended_by_gate = False
        self._background = False
        self._background_code: int | None = None
        #: How often it was started, and whether the run's record has the end of its latest start.
        self.starts = 0
        self.end_recorded = False
        self._killed: list[int] = []
        self._looked_at = 0

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
    def pids(self) -> frozenset[int]:
        """Its processes, as far as the system shows them; none before the first start."""
        return frozenset(self._pids()) if self.alive else frozenset()

    @property
    def companion(self) -> dict[str, str]:
        """The environment of a program of the gate that is to end with it: it has its mark, and none of its secrets."""
        return {MARK_VARIABLE: self._mark}

    @property
    def alive(self) -> bool:
        """Whether it runs (a frozen program does, and one in the background)."""
        return self._process is not None and not self._has_ended()

    @property
    def exit_code(self) -> int | None:
        """The exit code of its latest start, minus the signal's number if one ended it.

        None while it runs, and where nobody knows it: of a program in the background that ended by itself.
        """
        if self._process is None or not self._has_ended():
            return None
        return self._background_code if self._background else self._process.returncode

    @property
    def ended_by_itself(self) -> bool:
        """Whether its latest start has ended, and the gate did not end it. Costs one system call."""
        return self._process is not None and not self._ended_by_gate and self._has_ended()

    @property
    def killed(self) -> tuple[int, ...]:
        """The signals that ended it over all of its starts, and which the gate did not send."""
        self._note_signal()
        return tuple(self._killed)

    @property
    def output(self) -> str:
        """All that it wrote to its standard output and error since its first start, unmasked."""
        return self._log.text

    def printed_since(self, offset: int) -> tuple[str, int]:
        """What it wrote after `offset` bytes, the API key masked, and how many bytes it has written by now.

        Nothing for a program whose output the gate does not keep in a file.
        """
        return self._log.since(offset)

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines of its output, the API key masked."""
        return self.launch.redactor.clean_text("\n".join(self.output.splitlines()[-lines:]))[0]

    def latest_tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines that it wrote since its latest start, the API key masked."""
        return "\n".join(self._log.latest().splitlines()[-lines:])

    @property
    def command(self) -> str:
        """Its command line as typed in a shell, the API key masked."""
        return self.launch.redactor.clean_text(shlex.join(self.launch.argv))[0]

    def start(self, *, by: Sequence[str] = ()) -> None:
        """Start it, without waiting; raises PortTaken, or StartError when there is no such program.

        `by` is the command line of a program that starts it, as `strace` does; that is its first process then.
        """
        if self.alive:
            raise RuntimeError(f"{self.name} runs already")
        self._note_signal()
        if is_taken(self.port):
            raise PortTaken(f"{self.name} needs port {self.port}, which is in use: end the program that holds it")
        self.workdir.mkdir(parents=True, exist_ok=True)
        if self.launch.socket is not None:
            remove_dead_socket(self.launch.socket)
        account = self.isolation.account
        own = {} if account is None else account.environment(self.workdir)
        try:
            with os.fdopen(self._log.append(), "ab") as log:
                self._process = subprocess.Popen(
                    (*by, *self.launch.argv),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.launch.cwd,
                    env={**self.launch.env, **own, MARK_VARIABLE: self._mark},
                    **process_group.own_group(),
                    **({} if account is None else account.arguments()),
                )
        except OSError as error:
            reason = f"{self.name} did not start: {self.command}: {error.strerror}"
            raise StartError(reason, program=self.name, command=self.command) from error
        self._processes = ProgramProcesses(self._process.pid, self._mark, self.port)
        self._reaped = False
        self._ended_by_gate = self._background = False
        self._background_code = None
        self.starts += 1
        self.end_recorded = False
        self._reaper.add_mark(self._mark)
        self._register(self._process.pid)
        threading.Thread(target=self._bound_output, args=(self.starts,), daemon=True, name="output").start()

    def _bound_output(self, start: int) -> None:
        """Keep the file of its output to a limit, until what serves has ended or was started again."""
        while not self._reaped and self.starts == start:
            time.sleep(BOUND_S)
            if not self._reaped:
                self._log.bound()

    def wait_ready(self, path: str | None = None, timeout_s: float | None = None) -> None:
        """Wait until `path` (default: the declared one) responds; raises StartError when it does not."""
        limit = self.launch.timeout_s if timeout_s is None else timeout_s
        base_urls = (self.launch.url, *self.launch.others)
        elsewhere = OtherPort(ready_urls(self.launch.url, path or self.launch.ready)[0], self._pids)

        def given_up() -> bool:
            return self._gone() or elsewhere.settled()

        if self.launch.ready_log and path is None:
            found = find_line(base_urls, self.launch.ready_log, self._log.has_line, limit, given_up)
        else:
            found = find_ready(base_urls, path or self.launch.ready, limit, given_up)
        if isinstance(found, Ready) and self.alive:
            self.launch = dataclasses.replace(self.launch, url=found.base_url, others=())
            self._ready_url = self._ready_url or found.url
            self._serves()
            return
        code = self.exit_code
        if not self.alive:
            how = f"exited with code {code}" if code is not None else "went into the background and ended"
            reason = f"{self.name} did not start: {self.command} {how}"
            reason += f": {said}" if (said := cause_line(self.tail())) else ""
        elif elsewhere.port:
            reason = f"{self.name} did not start: {self.command} is ready on port {elsewhere.port}, not on {self.port}"
            reason += f": write port = {elsewhere.port} below [{self.name.partition('-')[0]}], or pass it {{port}}"
        else:
            until = "" if isinstance(found, NotReady) and found.hint else f" after {limit:g} s"
            reason = f"{self.name} did not start: {self.command} is not ready{until}: {found}"
        known = elsewhere.port or (isinstance(found, NotReady) and found.hint)
        output = "" if self.alive and known else self.tail()
        raise StartError(reason, program=self.name, command=self.command, exit_code=code, output=output)

    def responds(self, timeout_s: float) -> str:
        """Ask at its ready address once: "" when it responds as a program that is ready does, else what it does."""
        why = probe(self.ready_url, timeout_s)
        # Where a line shows that it is ready, any response shows that it runs.
        return "" if self.launch.ready_log and why.startswith("status ") else why

    def _note_signal(self) -> None:
        """Remember the signal that ended its latest start, once, unless the gate sent it."""
        if self.ended_by_itself and self._looked_at != self.starts:
            self._looked_at = self.starts
            if (code := self.exit_code) is not None and code < 0:
                self._killed.append(-code)

    def stop(self) -> None:
        """End it and all that it started: send SIGTERM, wait 3 s, then kill. If it does not run, do nothing."""
        if self._process is not None and self._processes is not None and self.alive:
            self._ended_by_gate = True
            until = time.monotonic() + STOP_S
            if self._processes.terminate(STOP_S):
                self._background_code = -signal.SIGTERM
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, until - time.monotonic()))
        self.kill()

    def kill(self) -> None:
        """Kill it and all that it started. If it does not run, do nothing."""
        if self._process is None:
            return
        if self.alive:
            self._ended_by_gate = True
        if not self._reaped:
            self._end_rest()
        self._process.wait()

    def freeze(self) -> None:
        """Freeze it: connections stay open and nothing responds. Raises UserError on Windows."""
        self._running().freeze()

    def thaw(self) -> None:
        """Continue it after `freeze`."""
        self._running().thaw()

    def restart(self, *, by: Sequence[str] = ()) -> None:
        """End it if it runs, start it on the same port in the same folder, and wait until it is ready; see `start`."""
        self.stop()
        self.start(by=by)
        self.wait_ready()

    def _gone(self) -> bool:
        """Whether it ended while it should become ready."""
        return not self.alive

    def _pids(self) -> set[int]:
        """Its processes, as far as the system shows them."""
        if self._process is None or self._processes is None:
            return set()
        return {self._process.pid, *(one.pid for one in self._processes.look())}

    def _has_ended(self) -> bool:
        """Whether its latest start has ended, the leader and what it left in the background; ends the rest."""
        if self._process is None or self._processes is None:
            return False
        code = self._process.poll()
        if code is None:
            return False
        if self._reaped:
            return True
        if code == 0 and self._processes.in_background():
            self._background = self._processes.serves
            return False
        self._end_rest()
        return True

    def _serves(self) -> None:
        """Remember what serves its port, and have the reaper know the process groups of it."""
        if self._processes is not None:
            self._processes.learn()
            for group in self._processes.groups:
                self._register(group)

    def _running(self) -> ProgramProcesses:
        if self._processes is None or not self.alive:
            raise RuntimeError(f"{self.name} does not run")
        return self._processes

    def _register(self, group: int) -> None:
        self._groups.add(group)
        self._reaper.add(group)

    def _end_rest(self) -> None:
        """End what is left of it: nothing that it started outlives it."""
        with self._reaping:
            if self._reaped:
                return
            if self._processes is not None:
                self._processes.kill()
            if self._background and self._ended_by_gate and self._background_code is None:
                self._background_code = -signal.SIGKILL
            self._reaper.remove_mark(self._mark)
            while self._groups:
                self._reaper.remove(self._groups.pop())
            self._reaped = True
