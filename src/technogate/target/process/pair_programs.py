"""The programs of a pair: each started on a port of its own and in a folder of its own, ended with the pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from technogate.journal.redaction import Redactor
from technogate.model.errors import PortTaken, StartError
from technogate.model.events import Output
from technogate.target.environment import clean_environment
from technogate.target.placeholders import fill
from technogate.target.port_retry import PortLost
from technogate.target.process.isolation import Isolation, isolation_of
from technogate.target.process.ports import is_taken
from technogate.target.process.program import Launch, Program
from technogate.target.process.reaper import Reaper
from technogate.target.served_address import base_urls, listening_host
from technogate.target.socket_forwarder import SocketForwarder
from technogate.target.spec import BackendSpec, ServedSpec


class PairPrograms:
    """Starts the programs of one pair, and ends them together."""

    def __init__(self, *, folder: Path, workdir: Path, redactor: Redactor, reaper: Reaper) -> None:
        """`folder` is that of the target file; the programs' own folders are made in `workdir`."""
        self._folder = folder
        self._workdir = workdir
        self._redactor = redactor
        self._reaper = reaper
        self._programs: list[Program] = []
        self._forwarders: list[SocketForwarder] = []
        self._outputs: list[Output] | None = None

    @property
    def ended(self) -> bool:
        """Whether the pair is closed."""
        return self._outputs is not None

    def launch(
        self, name: str, spec: ServedSpec, port: int, values: Mapping[str, str], env: Mapping[str, str]
    ) -> Program:
        """Start one program on `port` and wait until it is ready; raises StartError, PortTaken or PortLost.

        `values` fill its placeholders; its environment is `env` and what the target file adds to it. One that listens
        on a Unix socket is reached at a port of the gate's own.
        """
        workdir = self._workdir / name
        host = listening_host(spec.serves)
        known = {**values, "host": host, "port": str(port), "workdir": str(workdir)}
        path = spec.socket if isinstance(spec, BackendSpec) else ""
        socket = self._folder / fill(path, known) if path else None
        urls = base_urls(spec.serves, self.forward(socket) if socket is not None else port)
        launch = Launch(
            name=name,
            argv=tuple(fill(word, known) for word in spec.command),
            cwd=self._folder / spec.cwd,
            env=clean_environment({**env, **{key: fill(value, known) for key, value in spec.env.items()}}),
            workdir=workdir,
            port=port,
            url=urls[0],
            ready=fill(spec.ready_at, {"host": host, "port": str(port)}),
            timeout_s=spec.timeout_s,
            redactor=self._redactor,
            others=urls[1:] if socket is None else (),
            socket=socket,
            ready_log=spec.ready_log,
        )
        program = Program(launch, self._reaper)
        self._programs.append(program)
        program.isolation = isolation_of(spec, launch.argv, launch.cwd, launch.env, port, workdir)
        try:
            self._start(program)
        except (StartError, PortTaken) as error:
            program.stop()
            lost = isinstance(error, PortTaken) or (error.exit_code is not None and is_taken(port))
            if lost and port != spec.port:
                raise PortLost(
                    f"{error} (port {port} was taken by another)",
                    program=name,
                    command=program.command,
                    exit_code=program.exit_code,
                    output=program.tail(),
                ) from error
            raise
        return program

    @staticmethod
    def _start(program: Program) -> None:
        """Start it and wait until it is ready; as the gate's own user where it ends at once as another one."""
        try:
            program.start()
            program.wait_ready()
        except StartError as error:
            if program.isolation.account is None or error.exit_code is None:
                raise
            program.stop()
            program.isolation = Isolation(account=None, why_not="it ends when another user than the gate's own runs it")
            program.start()
            program.wait_ready()

    @property
    def isolations(self) -> dict[str, str]:
        """How each program is kept from the gate, by its name."""
        return {program.name: program.isolation.text for program in self._programs}

    def forward(self, socket: Path) -> int:
        """Return a port that leads to a Unix socket until the pair is ended; raises UserError where there is none."""
        forwarder = next((known for known in self._forwarders if known.path == socket), None)
        if forwarder is None:
            forwarder = SocketForwarder(socket)
            self._forwarders.append(forwarder)
        return forwarder.port

    def outputs(self) -> list[Output]:
        """Return what every program has written so far, the API key masked."""
        if self._outputs is not None:
            return list(self._outputs)
        collected: list[Output] = []
        for program in self._programs:
            text, leaks = self._redactor.clean_text(program.output)
            written = Output(program=program.name, text=text, leaks=leaks, exit_code=program.exit_code)
            collected.append(msgspec.structs.replace(written, killed=program.killed))
        return collected

    def stop(self) -> None:
        """End every program, the last started first, and keep what they wrote."""
        for program in reversed(self._programs):
            program.stop()
        for forwarder in self._forwarders:
            forwarder.close()
        self._outputs = self.outputs()


def restarted_once(program: Program) -> Callable[[], None]:
    """Return what starts `program` again unless it runs."""

    def restart() -> None:
        if not program.alive:
            program.restart()

    return restart
