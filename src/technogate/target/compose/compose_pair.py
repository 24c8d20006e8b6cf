"""A running pair of containers: started by compose, removed in any case."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import TracebackType

from technogate.journal.redaction import Redactor
from technogate.model.container_facts import ContainerFacts
from technogate.model.errors import PortTaken, StartError, UserError
from technogate.model.events import Output, TargetRef
from technogate.model.requirement import Party
from technogate.target.compose.compose_project import Project
from technogate.target.compose.container import STOP_S, Container, port_was_taken
from technogate.target.compose.container_facts import facts_of_containers
from technogate.target.compose.described_stack import AdmittedMounts
from technogate.target.compose.engine import ComposeFailed, containers, docker, engine_environment
from technogate.target.compose.images import CONTRACT_PORTS, IMAGE_VARIABLES
from technogate.target.compose.project_variables import running_variables
from technogate.target.own_secrets import secrets_of
from technogate.target.page_use import page_use
from technogate.target.placeholder_values import console_environment, resolve_audit, resolve_unwritable
from technogate.target.placeholders import fill
from technogate.target.port_retry import PortLost, on_free_ports
from technogate.target.process.ports import HOST, HeldPort
from technogate.target.process.program import Launch
from technogate.target.process.reaper import Reaper
from technogate.target.protocol import RunningBackend, RunningConsole, with_addresses
from technogate.target.served_address import base_urls, origin
from technogate.target.spec import BackendSpec, ComposeSpec, ConsoleSpec, ServedSpec, TargetFile


class ComposePair:
    """A running pair of containers; see `technogate.target.protocol.Running` for what each member means."""

    def __init__(
        self,
        *,
        spec: TargetFile,
        ref: TargetRef,
        parties: tuple[Party, ...],
        folder: Path,
        project_folder: Path,
        files: Sequence[Path],
        command: Sequence[str],
        variables: Mapping[str, str],
        api_key: str,
        mounts: AdmittedMounts,
        ports: Mapping[str, int] = CONTRACT_PORTS,
    ) -> None:
        """Start the pair; on UserError (StartError, PortLost) nothing is left behind.

        `folder` is that of the target file, `project_folder` that of the team's own compose files, `files` are
        all compose files, `command` is compose itself, `mounts` are the files of the machine that containers may have,
        `ports` are those that the containers listen on.
        """
        self.parties = parties
        self.api_key = api_key
        self.backend: RunningBackend | None = None
        self.console: RunningConsole | None = None
        self.console_origin = ""
        self._spec = spec
        self._compose = spec.compose or ComposeSpec()
        self._ref = ref
        self._folder = folder
        self._redactor = Redactor(api_key, secrets_of(spec))
        self._programs: dict[str, Container] = {}
        self._outputs: list[Output] | None = None
        self._consoles = 0
        self._ports = ports
        self._mounts = mounts
        with ExitStack() as stack:
            self._reaper = Reaper(engine_environment())
            stack.callback(self._reaper.close)
            self.project = Project(
                command=command,
                files=files,
                folder=project_folder,
                profiles=self._compose.profiles,
                variables=variables,
                reaper=self._reaper,
            )
            stack.callback(self.project.remove)
            stack.callback(self._stop)
            self._start()
            self._stack = stack.pop_all()

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that it has now."""
        return with_addresses(self._ref, self.backend, self.console)

    @property
    def configurable(self) -> bool:
        """Whether `start_console` can give the console another key, or no address at all."""
        return self._spec.console is not None and not self._spec.console.api_url

    def start_console(self, api_url: str, api_key: str | None = None) -> RunningConsole:
        """Start a further console for the backend at `api_url`; `api_key` None means this pair's key.

        An image with its backend's address built in keeps it, and the browser maps that address to `api_url`.
        """
        spec = self._spec.console
        if self._outputs is not None:
            raise RuntimeError("the pair is closed")
        if spec is None:
            raise UserError(f"{self._spec.name} describes no console: add [console] to its target file")
        key = self.api_key if api_key is None else api_key
        if spec.api_url and (not api_url or key != self.api_key):
            raise UserError(f"{self._spec.name}: an image with console.api_url built in keeps its configuration")
        return on_free_ports(lambda: self._further_console(spec, api_url, key))

    @property
    def isolations(self) -> dict[str, str]:
        """See `Running`: how a container is kept from the gate follows from its facts."""
        return {}

    def container_facts(self, closed: Sequence[Path]) -> list[ContainerFacts]:
        """See `Running`."""
        programs = {program.container: program for program in self._programs.values()}
        images = {side: image.digest for side, image in self._ref.images.items()}
        names = {
            name: (programs[name].name if name in programs else service, service if service in images else "")
            for name, service in containers(self.project.name).items()
        }
        admits = partial(self._mounts.admit, closed)
        return facts_of_containers(names, images, self.project.name, admits, self._masked)

    def _masked(self, text: str) -> str:
        return self._redactor.clean_text(text)[0]

    def outputs(self) -> list[Output]:
        """Return what every container has written so far, the API key masked."""
        if self._outputs is not None:
            return list(self._outputs)
        names = {program.container: name for name, program in self._programs.items()}
        return self.project.outputs(names, self._redactor)

    def close(self) -> None:
        """End every container and remove containers, network and volumes. A second call does nothing."""
        self._stack.close()

    def __enter__(self) -> ComposePair:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- start and end ----

    def _start(self) -> None:
        try:
            self._start_services()
        except StartError as error:
            raise self.project.start_error(error, self._redactor, tuple(CONTRACT_PORTS)) from error

    def _start_services(self) -> None:
        """Start the services before the pair, then the backend and the console in front of it."""
        backend, console = self._spec.backend, self._spec.console
        with HeldPort() as for_backend, HeldPort() as for_console:
            ports = {"backend": for_backend.number, "console": for_console.number}
            url, page = (self._base_url(side, ports[side]) for side in ("backend", "console"))
            self.console_origin = origin(page)
            values = {
                "api_key": self.api_key,
                "console_origin": self.console_origin,
                "python": sys.executable,
                "host": HOST,
                "project": self.project.name,
                "backend_url": url,
                "port": str(ports["backend"]),
            }
            self.project.variables.update(running_variables(self._compose, values, ports, self._ports))
            self.project.start_before(self._compose.before, ServedSpec().timeout_s)
            for_backend.release()
            for_console.release()
            sides = [side for side, served in (("backend", backend), ("console", console)) if served is not None]
            if backend is None:
                return
            self.project.up(sides)
        programs = {side: self._program(side, side, ports[side]) for side in sides}
        self.backend = self._backend_of(backend, programs["backend"], values)
        if console is not None:
            self._consoles = 1
            self.console = self._console_of(console, url, self.api_key, programs["console"])
        for side, program in programs.items():
            if program.alive and (port := self.project.port(side, self._ports[side])) != ports[side]:
                raise StartError(f"{side} is published at port {port}, not {ports[side]}", program=side)
            program.wait_ready()
        self.backend = dataclasses.replace(self.backend, ready_url=programs["backend"].ready_url)

    def _stop(self) -> None:
        """End every container, and keep what they wrote."""
        if running := list(containers(self.project.name)):
            docker("stop", f"--time={STOP_S}", *running)
        self._outputs = self.outputs()

    def _backend_of(self, spec: BackendSpec, program: Container, values: Mapping[str, str]) -> RunningBackend:
        known = {**values, "container": program.container}
        return RunningBackend(
            url=program.launch.url,
            commands=spec.commands,
            audit=resolve_audit(spec.audit, self._folder, known),
            program=program,
            unwritable=resolve_unwritable(spec.unwritable, self._folder, known),
            folder=self._folder,
            openapi=spec.openapi,
        )

    def _further_console(self, spec: ConsoleSpec, api_url: str, key: str) -> RunningConsole:
        """Run one more container of the console's service, with another backend or another key."""
        self._consoles += 1
        name = "console" if self._consoles == 1 else f"console-{self._consoles}"
        container = f"{self.project.name}-{name}"
        with HeldPort() as held:
            port = held.number
        try:
            self.project.compose(
                "run", "--detach", "-T", "--no-deps", f"--name={container}",
                f"--publish={HOST}:{port}:{self._ports['console']}", "console",
                variables=console_environment(api_url, key),
            )  # fmt: skip
            program = self._program(name, "console", port, container)
            program.wait_ready()
        except (ComposeFailed, StartError, PortTaken) as error:
            written = error.output if isinstance(error, ComposeFailed | StartError) else ""
            message, output = (self._redactor.clean_text(text)[0] for text in (str(error), written))
            lost = port_was_taken(f"{message} {output}")
            raise (PortLost if lost else StartError)(message, program=name, output=output) from error
        return self._console_of(spec, api_url, key, program)

    def _served(self, service: str) -> ServedSpec:
        """What the target file says of a side."""
        spec: ServedSpec | None = self._spec.backend if service == "backend" else self._spec.console
        return spec or ServedSpec()

    def _base_url(self, service: str, port: int) -> str:
        """The base URL of a side, published at `port`: the engine publishes it on IPv4 alone."""
        return base_urls(self._served(service).serves, port)[0]

    def _program(self, name: str, service: str, port: int, container: str = "") -> Container:
        """Return the handle of one container that was started."""
        spec = self._served(service)
        launch = Launch(
            name=name,
            argv=("docker", "run", self._ref.images[service].name),
            cwd=self._folder,
            env={},
            workdir=self._folder,
            port=port,
            url=self._base_url(service, port),
            ready=fill(spec.ready_at, {"host": HOST, "port": str(port)}),
            timeout_s=spec.timeout_s,
            redactor=self._redactor,
        )
        name_of_it = container or self.project.container(service)
        program = Container(name_of_it, launch, self._reaper, self._ports[service])
        self._programs[name] = program
        expected = self._ref.images[service]
        if (image := program.image) != expected.digest:
            hint = f"leave `image` out of your compose file: {IMAGE_VARIABLES[service]} names it"
            raise UserError(f"{service} runs the image {image}, not {expected.name} ({expected.digest}); {hint}")
        return program

    def _console_of(self, spec: ConsoleSpec, api_url: str, key: str, program: Container) -> RunningConsole:
        return RunningConsole(
            name=program.name,
            driver="browser",
            url=program.launch.url,
            origin=origin(program.launch.url),
            api_url=(spec.api_url or api_url).rstrip("/"),
            backend_url=api_url.rstrip("/"),
            api_key=key,
            selectors=spec.selectors,
            module=None,
            cwd=self._folder,
            env={},
            program=program,
            page=page_use(spec, program.launch.url, key),
        )
