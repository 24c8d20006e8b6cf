"""One start of a program that is being looked at: on a port of its own, ended whatever happens."""

from __future__ import annotations

import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from technogate.journal.redaction import Redactor
from technogate.onboarding.listening import MARK, end_marked, listening, listening_sockets, marked
from technogate.target.environment import clean_environment
from technogate.target.own_secrets import secrets_of_program
from technogate.target.placeholders import fill
from technogate.target.process.ports import HOST, HeldPort
from technogate.target.process.program import Launch, Program
from technogate.target.process.reaper import FOLDER_PREFIX, Reaper
from technogate.target.socket_forwarder import SocketForwarder

#: Seconds that a program gets until it listens.
START_S = 25.0
#: Seconds that a program which listens elsewhere, or on a Unix socket, gets until it listens on a port as it should.
ELSEWHERE_S = 1.0
_POLL_S = 0.03
#: The addresses by which a program of this machine is reached, and what each stands for in a target file.
_LOCAL = ((HOST, "{host}"), ("::1", "[::1]"))


class Trial:
    """A program started with `command` (its placeholders filled) in `cwd`, with the variables `env`.

    Use as a context manager: the program and all that it started are ended at its end. `port` is the one that
    `{port}` stands for, `workdir` the folder that `{workdir}` stands for. `socket` is the Unix socket on which it
    listens in place of a port, None for none: then its address is a port of the gate's own that leads there.
    """

    def __init__(
        self, command: tuple[str, ...], env: Mapping[str, str], cwd: Path, values: Mapping[str, str], name: str
    ) -> None:
        self.command, self.env, self.cwd, self.name = command, dict(env), cwd, name
        self.values = dict(values)
        self.mark = secrets.token_hex(8)
        self.port = 0
        self.addresses: set[tuple[str, int]] = set()
        self.socket: Path | None = None
        self._forwarder: SocketForwarder | None = None
        self._folder = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True)
        self.workdir = Path(self._folder.name).resolve() / name
        self._reaper: Reaper | None = None
        self._program: Program | None = None

    def __enter__(self) -> Trial:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def pids(self) -> set[int]:
        """The ids of the processes that belong to it."""
        program = self._running()
        return marked(self.mark, program.pid or 0)

    @property
    def alive(self) -> bool:
        """Whether the program that was started still runs, or something that it left behind listens."""
        return self._running().alive or bool(self.addresses and listening(self.pids))

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._running().exit_code

    @property
    def output(self) -> str:
        """The last lines that it printed, the key masked."""
        return self._running().tail()

    def wait_until_listening(self, limit_s: float = START_S) -> str:
        """Wait until it listens somewhere; return "", or why it does not."""
        deadline = time.monotonic() + limit_s
        uses_port = any("{port}" in text for text in (*self.command, *self.env.values()))
        elsewhere_since = socket_since = 0.0
        while time.monotonic() < deadline:
            if uses_port and (host := _answering(self.port)):
                self.addresses = {(host, self.port)}
                return ""
            self.addresses = listening(self.pids)
            if self.addresses and not elsewhere_since:
                elsewhere_since = time.monotonic()
            if self.addresses and (not uses_port or time.monotonic() - elsewhere_since > ELSEWHERE_S):
                return ""
            if not self.addresses and (path := min(listening_sockets(self.pids), default="")):
                # A socket may be there for other things, and the port come after it.
                socket_since = socket_since or time.monotonic()
                if time.monotonic() - socket_since > ELSEWHERE_S:
                    self._forward(self.cwd / path)
                    return ""
            if self._running().exit_code is not None and not self.addresses:
                return f"it ended with exit code {self.exit_code}"
            time.sleep(_POLL_S)
        if self.addresses:
            return ""
        return f"it listened on no port within {limit_s:g} s"

    def _forward(self, path: Path) -> None:
        """Reach it at a port that leads to the Unix socket on which it listens."""
        self.socket, self._forwarder = path, SocketForwarder(path)
        self.addresses = {(HOST, self._forwarder.port)}

    def host_and_port(self) -> tuple[str, int]:
        """The address to reach it at, and its port: {port} where it listens there, else the lowest port."""
        ports = {port for _, port in self.addresses}
        port = self.port if self.port in ports else min(ports)
        hosts = {host for host, number in self.addresses if number == port}
        return ("::1" if hosts == {"::1"} else HOST), port

    def _start(self) -> None:
        self._reaper = Reaper(clean_environment())
        self._reaper.add_folder(self.workdir.parent)
        with HeldPort() as held:
            self.port = held.number
        self.workdir.mkdir(parents=True)
        values = {**self.values, "host": HOST, "port": str(self.port), "workdir": str(self.workdir)}
        values |= {"python": sys.executable}
        values.setdefault("backend_url", f"http://{HOST}:{self.port}")
        values.setdefault("console_origin", f"http://{HOST}:{self.port}")
        env = {key: fill(value, values) for key, value in self.env.items()}
        launch = Launch(
            name=self.name,
            argv=tuple(fill(word, values) for word in self.command),
            cwd=self.cwd,
            env=clean_environment({**env, MARK: self.mark}),
            workdir=self.workdir,
            port=self.port,
            url=f"http://{HOST}:{self.port}",
            ready="/",
            timeout_s=START_S,
            redactor=Redactor(self.values["api_key"], secrets_of_program(self.env, self.command)),
        )
        self._program = Program(launch, self._reaper)
        self._program.start()

    def _end(self) -> None:
        if self._forwarder is not None:
            self._forwarder.close()
        if self._program is not None:
            self._program.stop()
            end_marked(self.mark, self._program.pid or 0)
        if self._reaper is not None:
            self._reaper.remove_folder(self.workdir.parent)
            self._reaper.close()
        self._folder.cleanup()

    def _running(self) -> Program:
        if self._program is None:
            raise RuntimeError("the trial was not started")
        return self._program


def _answering(port: int) -> str:
    """The local address at which something accepts connections to `port`, "" when nothing does."""
    for host, _ in _LOCAL:
        with suppress(OSError), socket.create_connection((host, port), timeout=1.0):
            return host
    return ""
