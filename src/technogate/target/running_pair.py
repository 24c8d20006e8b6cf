"""A running pair of programs: started in order, ended in any case."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

from technogate.journal.redaction import Redactor
from technogate.model.errors import StartError, UserError
from technogate.model.events import ContainerFacts, Output, TargetRef
from technogate.model.requirement import Party
from technogate.target.environment import clean_environment
from technogate.target.own_secrets import secrets_of
from technogate.target.page_use import page_use
from technogate.target.placeholder_values import (
    console_environment,
    console_values,
    resolve_audit,
    resolve_unwritable,
)
from technogate.target.placeholders import fill
from technogate.target.port_retry import on_free_ports
from technogate.target.process.pair_programs import PairPrograms, restarted_once
from technogate.target.process.ports import HeldPort
from technogate.target.process.program import Program
from technogate.target.process.reaper import FOLDER_PREFIX, Reaper
from technogate.target.protocol import RunningBackend, RunningConsole, nothing, with_addresses
from technogate.target.readiness import Ready, find_ready
from technogate.target.served_address import base_urls, listening_host, origin
from technogate.target.spec import BackendSpec, ConsoleSpec, ServedSpec, TargetFile


class Pair:
    """A running pair; see `technogate.target.protocol.Running` for what each member means."""

    def __init__(
        self, spec: TargetFile, ref: TargetRef, parties: tuple[Party, ...], folder: Path, api_key: str
    ) -> None:
        """Start the pair; on StartError, PortTaken or PortLost nothing is left behind."""
        self.parties = parties
        self.api_key = api_key
        self.backend: RunningBackend | None = None
        self.console: RunningConsole | None = None
        self.console_origin = ""
        self._spec = spec
        self._ref = ref
        self._folder = folder
        self._consoles = 0
        self._fronts: list[Program] = []
        with ExitStack() as stack:
            self._reaper = reaper = Reaper(clean_environment())
            stack.callback(reaper.close)
            temporary = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True)
            workdir = Path(temporary.name).resolve()
            stack.callback(reaper.remove_folder, workdir)
            stack.enter_context(temporary)
            reaper.add_folder(workdir)
            redactor = Redactor(api_key, secrets_of(spec))
            self._programs = PairPrograms(folder=folder, workdir=workdir, redactor=redactor, reaper=reaper)
            stack.callback(self._programs.stop)
            self._start()
            self._stack = stack.pop_all()

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that it has now."""
        return with_addresses(self._ref, self.backend, self.console)

    @property
    def configurable(self) -> bool:
        """Whether `start_console` can give the console another key, or no address at all."""
        return self._spec.console is not None and not self._spec.console.url

    def start_console(self, api_url: str, api_key: str | None = None) -> RunningConsole:
        """Start a further console for the backend at `api_url`; `api_key` None means this pair's key.

        A console with a fixed port replaces the one that holds that port, which is started again when the further one
        is stopped.
        """
        spec = self._spec.console
        if self._programs.ended:
            raise RuntimeError("the pair is closed")
        if spec is None:
            raise UserError(f"{self._spec.name} describes no console: add [console] to its target file")
        key = self.api_key if api_key is None else api_key
        if spec.url:
            return self._running_console(spec, api_url, key)
        if spec.driver == "module":
            return self._console(spec, api_url, key, None)
        holder = None if spec.movable else next((known for known in self._fronts if known.alive), None)
        if holder is not None:
            holder.stop()
            try:
                further = self._console_program(spec, api_url, key)
                return self._console(spec, api_url, key, further, restarted_once(holder))
            except UserError:
                holder.restart()
                raise
        return self._console(spec, api_url, key, self._console_program(spec, api_url, key))

    @property
    def isolations(self) -> dict[str, str]:
        """See `Running`."""
        module = self._spec.console is not None and bool(self._spec.console.module) and not self._spec.console.url
        own_user = {"client module": "it runs as the gate's own user"} if module else {}
        return self._programs.isolations | own_user

    def container_facts(self, closed: Sequence[Path]) -> list[ContainerFacts]:  # noqa: ARG002 - there is no container
        """See `Running`."""
        return []

    def outputs(self) -> list[Output]:
        """Return what every program that the gate started has written so far, the API key masked."""
        return self._programs.outputs()

    def close(self) -> None:
        """End every program and remove every temporary folder. A second call does nothing."""
        self._stack.close()

    def __enter__(self) -> Pair:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> None:
        """Start what is described: the backend, then the console in front of it."""
        backend, console = self._spec.backend, self._spec.console
        with HeldPort() as held:
            # The backend must know the console's origin: that port is chosen first and held until the console starts.
            port = (console.port if console is not None else None) or held.number
            served = console.serves if console is not None else ""
            url = console.url if console is not None and console.url else base_urls(served, port)[0]
            self.console_origin = origin(url)
            if backend is not None:
                self.backend = self._start_backend(backend)
            held.release()
            if console is None:
                return
            if console.url:
                self._check_responds("console", console)
            if self.backend is None:
                return
            url = self.backend.url
            if console.url:
                self.console = self._running_console(console, url, self.api_key)
            elif console.driver == "module":
                self.console = self._console(console, url, self.api_key, None)
            else:
                program = self._launch_console(console, url, self.api_key, port)
                self._check_origin(program.launch.url)
                self.console = self._console(console, url, self.api_key, program)

    def _start_backend(self, spec: BackendSpec) -> RunningBackend:
        """Start the backend, or check that a backend given by its url responds."""
        values = {"api_key": self.api_key, "console_origin": self.console_origin, "python": sys.executable}
        program = None
        if spec.url:
            url = self._reached(spec)
            ready_url = self._check_responds("backend", spec, url)
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            values |= {"host": parts.hostname or "", "port": str(port)}
        else:
            with HeldPort() as held:
                port = spec.port or held.number
            url = base_urls(spec.serves, port)[0]
            program = self._programs.launch("backend", spec, port, {**values, "backend_url": url}, {})
            url, ready_url = program.launch.url, program.ready_url
            values |= {"host": listening_host(spec.serves), "port": str(port), "workdir": str(program.workdir)}
        values["backend_url"] = url
        return RunningBackend(
            url=url,
            ready_url=ready_url,
            commands=spec.commands,
            audit=resolve_audit(spec.audit, self._folder, values, spec.env),
            program=program,
            unwritable=resolve_unwritable(spec.unwritable, self._folder, values, spec.env),
            folder=self._folder,
            openapi=spec.openapi,
        )

    def _running_console(self, spec: ConsoleSpec, api_url: str, key: str) -> RunningConsole:
        """Return the console that runs already; its requests are mapped to `api_url`."""
        if not api_url or key != self.api_key:
            raise UserError(f"{self._spec.name}: a console given by url keeps its configuration: give its command")
        return self._console(spec, api_url, key, None)

    def _console_program(self, spec: ConsoleSpec, api_url: str, key: str) -> Program:
        """Start a further console, on another port when the first is taken."""
        return on_free_ports(lambda: self._launch_console(spec, api_url, key, None))

    def _launch_console(self, spec: ConsoleSpec, api_url: str, key: str, port: int | None) -> Program:
        """Start one console server on `port`, on its fixed port, or on a free one."""
        if port is None:
            with HeldPort() as held:
                port = held.number if spec.movable else (spec.port or held.number)
        self._consoles += 1
        name = "console" if self._consoles == 1 else f"console-{self._consoles}"
        values = console_values(api_url, key, origin(base_urls(spec.serves, port)[0]))
        program = self._programs.launch(name, spec, port, values, self._console_environment(api_url, key))
        self._fronts.append(program)
        return program

    def _console(
        self,
        spec: ConsoleSpec,
        api_url: str,
        key: str,
        program: Program | None,
        on_stop: Callable[[], None] = nothing,
    ) -> RunningConsole:
        """Return the handle of a console that runs."""
        url = program.launch.url if program is not None else spec.url.rstrip("/")
        page_origin = origin(url) if url else self.console_origin
        env: dict[str, str] = {}
        if spec.module and program is not None:
            # The client module behind a page gets the environment of the page's own server.
            env = dict(program.launch.env)
        elif spec.module:
            values = console_values(api_url, key, page_origin)
            env = clean_environment(
                self._console_environment(api_url, key) | {k: fill(v, values) for k, v in spec.env.items()}
            )
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
            create=fill(spec.create, console_values(api_url, key, page_origin)),
            cwd=self._folder / spec.cwd,
            env=env,
            program=program,
            on_stop=on_stop,
            page=page_use(spec, url, key),
        )

    def _console_environment(self, api_url: str, key: str) -> dict[str, str]:
        """What a console gets in its environment, with the certificates that Node must trust to reach the backend."""
        backend = self._spec.backend
        trusted = {"NODE_EXTRA_CA_CERTS": str(self._folder / backend.ca_file)} if backend and backend.ca_file else {}
        return console_environment(api_url, key) | trusted

    def _check_origin(self, url: str) -> None:
        """Check that the console has the origin that the backend was told to allow; raises StartError."""
        if (observed := origin(url)) != self.console_origin:
            hint = f'say serves = "{observed.rpartition(":")[0]}:{{port}}" in [console]'
            raise StartError(f"console listens at {observed}, not at {self.console_origin}: {hint}", program="console")

    def _reached(self, spec: BackendSpec) -> str:
        """The base URL of a backend that runs already: its own, or one that leads to its Unix socket."""
        if not spec.socket:
            return spec.url.rstrip("/")
        parts = urlsplit(spec.url)
        port = self._programs.forward(self._folder / spec.socket)
        return base_urls(f"{parts.scheme}://{parts.hostname}:{{port}}{parts.path}", port)[0]

    def _check_responds(self, name: str, spec: ServedSpec, url: str = "") -> str:
        """Check that a program which the gate did not start responds: where it does; raises StartError."""
        found = find_ready((url or spec.url.rstrip("/"),), spec.ready_at, spec.timeout_s, lambda: False)
        if not isinstance(found, Ready):
            running = "" if found.hint else "; is it running?"
            raise StartError(f"{name} does not respond: {found}{running}", program=name)
        return found.url
