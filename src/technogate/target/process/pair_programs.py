"""The programs of a pair: each started on a port of its own and in a folder of its own, ended with the pair."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from technogate.journal.redaction import Redactor
from technogate.model.errors import PortTaken, StartError
from technogate.model.events import Output
from technogate.target.environment import clean_environment
from technogate.target.placeholder_values import address
from technogate.target.placeholders import fill
from technogate.target.port_retry import PortLost
from technogate.target.process.ports import HOST, is_taken
from technogate.target.process.program import Launch, Program
from technogate.target.process.reaper import Reaper
from technogate.target.spec import ServedSpec


class PairPrograms:
    """Starts the programs of one pair, and ends them together."""

    def __init__(self, *, folder: Path, workdir: Path, redactor: Redactor, reaper: Reaper) -> None:
        """`folder` is that of the target file; the programs' own folders are made in `workdir`."""
        self._folder = folder
        self._workdir = workdir
        self._redactor = redactor
        self._reaper = reaper
        self._programs: list[Program] = []
        self._outputs: list[Output] | None = None

    @property
    def ended(self) -> bool:
        """Whether the pair is closed."""
        return self._outputs is not None

    def launch(
        self, name: str, spec: ServedSpec, port: int, values: Mapping[str, str], env: Mapping[str, str]
    ) -> Program:
        """Start one program on `port` and wait until it is ready; raises StartError, PortTaken or PortLost.

        `values` fill its placeholders; its environment is `env` and what the target file adds to it.
        """
        workdir = self._workdir / name
        known = {**values, "host": HOST, "port": str(port), "workdir": str(workdir)}
        launch = Launch(
            name=name,
            argv=tuple(fill(word, known) for word in spec.command),
            cwd=self._folder / spec.cwd,
            env=clean_environment({**env, **{key: fill(value, known) for key, value in spec.env.items()}}),
            workdir=workdir,
            port=port,
            url=address(port),
            ready=spec.ready,
            timeout_s=spec.timeout_s,
            redactor=self._redactor,
        )
        program = Program(launch, self._reaper)
        self._programs.append(program)
        try:
            program.start()
            program.wait_ready()
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

    def outputs(self) -> list[Output]:
        """Return what every program has written so far, the API key masked."""
        if self._outputs is not None:
            return list(self._outputs)
        collected: list[Output] = []
        for program in self._programs:
            text, leaks = self._redactor.clean_text(program.output)
            collected.append(Output(program=program.name, text=text, leaks=leaks, exit_code=program.exit_code))
        return collected

    def stop(self) -> None:
        """End every program, the last started first, and keep what they wrote."""
        for program in reversed(self._programs):
            program.stop()
        self._outputs = self.outputs()


def restarted_once(program: Program) -> Callable[[], None]:
    """Return what starts `program` again unless it runs."""

    def restart() -> None:
        if not program.alive:
            program.restart()

    return restart
