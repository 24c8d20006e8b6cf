"""A pair that runs: started in order, ended whatever happens."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import msgspec

from technogate.journal.redaction import Redactor
from technogate.model.errors import PortTaken, StartError, UserError
from technogate.model.events import Output, TargetRef
from technogate.model.requirement import Party
from technogate.target.environment import clean_environment
from technogate.target.placeholder_values import (
    address,
    console_values,
    origin,
    resolve_audit,
    resolve_unwritable,
    told,
)
from technogate.target.placeholders import fill
from technogate.target.process.ports import HOST, HeldPort, is_taken
from technogate.target.process.program import Launch, Program
from technogate.target.process.reaper import FOLDER_PREFIX, Reaper
from technogate.target.protocol import RunningBackend, RunningConsole, nothing
from technogate.target.readiness import wait_for
from technogate.target.spec import BackendSpec, ConsoleSpec, ServedSpec, TargetFile

#: How often a start is tried again when somebody else took the port in the meantime.
RETRIES = 3


class PortLost(StartError):  # noqa: N818 - says what happened
    """A free port was taken by another between choosing it and listening on it: try again."""


class Pair:
    """A running pair; see `technogate.target.protocol.Running` for what each member means."""

    def __init__(
        self, spec: TargetFile, ref: TargetRef, parties: tuple[Party, ...], folder: Path, api_key: str
    ) -> None:
        """Start the pair; raises StartError, PortTaken or PortLost, and then leaves nothing behind."""
        self.parties = parties
        self.api_key = api_key
        self.backend: RunningBackend | None = None
        self.console: RunningConsole | None = None
        self.console_origin = ""
        self._spec = spec
        self._ref = ref
        self._folder = folder
        self._redactor = Redactor(api_key)
        self._programs: list[Program] = []
        self._outputs: list[Output] | None = None
        self._consoles = 0
        with ExitStack() as stack:
            self._reaper = Reaper(clean_environment())
            stack.callback(self._reaper.close)
            temporary = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True)
            self._workdir = Path(temporary.name).resolve()
            stack.callback(self._reaper.remove_folder, self._workdir)
            stack.enter_context(temporary)
            self._reaper.add_folder(self._workdir)
            stack.callback(self._stop_programs)
            self._start()
            self._stack = stack.pop_all()

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that it has now."""
        addresses = {"backend": self.backend.url} if self.backend else {}
        if self.console is not None and self.console.url:
            addresses["console"] = self.console.url
        return msgspec.structs.replace(self._ref, addresses={**self._ref.addresses, **addresses})

    @property
    def configurable(self) -> bool:
        """Whether `start_console` can give the console another key, or no address at all."""
        return self._spec.console is not None and not self._spec.console.url

    def start_console(self, api_url: str, api_key: str | None = None) -> RunningConsole:
        """A further console for the backend at `api_url`; `api_key` None means this pair's key.

        A console that cannot be told its port stops the one in front of the real backend meanwhile,
        which comes back when the further one is stopped.
        """
        spec = self._spec.console
        if self._outputs is not None:
            raise RuntimeError("the pair is closed")
        if spec is None:
            raise UserError(f"{self._spec.name} describes no console: add [console] to its target file")
        key = self.api_key if api_key is None else api_key
        if spec.url:
            return self._given_console(spec, api_url, key)
        if spec.driver == "module":
            return self._console(spec, api_url, key, None)
        primary = self.console.program if self.console is not None else None
        if primary is not None and not spec.movable:
            primary.stop()
            try:
                return self._console(spec, api_url, key, self._console_program(spec, api_url, key), _revive(primary))
            except UserError:
                primary.restart()
                raise
        return self._console(spec, api_url, key, self._console_program(spec, api_url, key))

    def outputs(self) -> list[Output]:
        """What every program that the gate started has written so far, the API key masked."""
        if self._outputs is not None:
            return list(self._outputs)
        collected: list[Output] = []
        for program in self._programs:
            text, leaks = self._redactor.clean_text(program.output)
            collected.append(Output(program=program.name, text=text, leaks=leaks, exit_code=program.exit_code))
        return collected

    def close(self) -> None:
        """End every program and remove every temporary folder. Doing it twice is harmless."""
        self._stack.close()

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _stop_programs(self) -> None:
        """End every program, the last started first, and keep what they wrote."""
        for program in reversed(self._programs):
            program.stop()
        self._outputs = self.outputs()

    def _start(self) -> None:
        """Start what is described: the backend, then the console in front of it."""
        backend, console = self._spec.backend, self._spec.console
        with HeldPort() as held:
            # The backend must know the console's origin, so that port is chosen first and held until its turn.
            port = (console.port if console is not None else None) or held.number
            self.console_origin = origin(console.url) if console is not None and console.url else address(port)
            if backend is not None:
                self.backend = self._start_backend(backend)
            held.release()
            if console is None:
                return
            if console.url:
                self._responses("console", console)
            if self.backend is None:
                return
            url = self.backend.url
            if console.url:
                self.console = self._given_console(console, url, self.api_key)
            elif console.driver == "module":
                self.console = self._console(console, url, self.api_key, None)
            else:
                program = self._launch_console(console, url, self.api_key, port)
                self.console = self._console(console, url, self.api_key, program)

    def _start_backend(self, spec: BackendSpec) -> RunningBackend:
        """Start the backend, or see that the one given by its url answers."""
        values = {"api_key": self.api_key, "console_origin": self.console_origin, "python": sys.executable}
        program = None
        if spec.url:
            self._responses("backend", spec)
            url, parts = spec.url.rstrip("/"), urlsplit(spec.url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            values |= {"host": parts.hostname or "", "port": str(port)}
        else:
            with HeldPort() as held:
                port = spec.port or held.number
            url = address(port)
            program = self._launch("backend", spec, port, {**values, "backend_url": url}, {})
            values |= {"host": HOST, "port": str(port), "workdir": str(program.workdir)}
        values["backend_url"] = url
        return RunningBackend(
            url=url,
            commands=spec.commands,
            audit=resolve_audit(spec.audit, self._folder, values),
            program=program,
            unwritable=resolve_unwritable(spec.unwritable, self._folder, values),
            folder=self._folder,
        )

    def _given_console(self, spec: ConsoleSpec, api_url: str, key: str) -> RunningConsole:
        """The console that runs already, its requests to be mapped to `api_url`."""
        if not api_url or key != self.api_key:
            raise UserError(f"{self._spec.name}: a console given by url keeps its configuration: give its command")
        return self._console(spec, api_url, key, None)

    def _console_program(self, spec: ConsoleSpec, api_url: str, key: str) -> Program:
        """Start a further console, on another port again when somebody takes the first."""
        for _ in range(RETRIES):
            try:
                return self._launch_console(spec, api_url, key, None)
            except PortLost:
                continue
        return self._launch_console(spec, api_url, key, None)

    def _launch_console(self, spec: ConsoleSpec, api_url: str, key: str, port: int | None) -> Program:
        """Start one console server on `port`, on the only one it knows, or on a free one."""
        if port is None:
            with HeldPort() as held:
                port = held.number if spec.movable else (spec.port or held.number)
        self._consoles += 1
        name = "console" if self._consoles == 1 else f"console-{self._consoles}"
        values = console_values(api_url, key, address(port))
        return self._launch(name, spec, port, values, told(api_url, key))

    def _console(
        self,
        spec: ConsoleSpec,
        api_url: str,
        key: str,
        program: Program | None,
        on_stop: Callable[[], None] = nothing,
    ) -> RunningConsole:
        """Describe one console that is there."""
        url = program.launch.url if program is not None else spec.url.rstrip("/")
        page_origin = origin(url) if url else self.console_origin
        env: dict[str, str] = {}
        if spec.module and program is not None:
            # The client module behind a page sees what the page's own server sees.
            env = dict(program.launch.env)
        elif spec.module:
            values = console_values(api_url, key, page_origin)
            env = clean_environment(told(api_url, key) | {k: fill(v, values) for k, v in spec.env.items()})
        configured = (spec.api_url or (self._spec.backend.url if self._spec.backend else "")) if spec.url else api_url
        return RunningConsole(
            name=program.name if program is not None else "console",
            driver=spec.driver,
            url=url,
            origin=page_origin,
            api_url=configured.rstrip("/"),
            backend_url=api_url.rstrip("/"),
            api_key=key,
            selectors=spec.selectors,
            module=self._folder / spec.module if spec.module else None,
            cwd=self._folder / spec.cwd,
            env=env,
            program=program,
            on_stop=on_stop,
        )

    def _launch(
        self, name: str, spec: ServedSpec, port: int, values: Mapping[str, str], given: Mapping[str, str]
    ) -> Program:
        """Start one program and wait until it is ready; raises StartError, PortTaken or PortLost."""
        workdir = self._workdir / name
        known = {**values, "host": HOST, "port": str(port), "workdir": str(workdir)}
        launch = Launch(
            name=name,
            argv=tuple(fill(word, known) for word in spec.command),
            cwd=self._folder / spec.cwd,
            env=clean_environment({**given, **{key: fill(value, known) for key, value in spec.env.items()}}),
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

    def _responses(self, name: str, spec: ServedSpec) -> None:
        """See that a program which the gate did not start answers; raises StartError."""
        url = spec.url.rstrip("/") + spec.ready
        why = wait_for(url, spec.timeout_s, lambda: False)
        if why:
            raise StartError(f"{name} does not answer: GET {url}: {why}; is it running?", program=name)


def _revive(program: Program) -> Callable[[], None]:
    """What brings `program` back, once."""

    def revive() -> None:
        if not program.alive:
            program.restart()

    return revive
