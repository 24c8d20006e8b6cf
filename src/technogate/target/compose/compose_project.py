"""One compose project: a pair's containers, network and volumes, under a name of their own."""

from __future__ import annotations

import os
import secrets
import shlex
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_docker.plugin import Services

from technogate.journal.redaction import Redactor
from technogate.model.errors import StartError, UserError
from technogate.model.events import Output
from technogate.target.compose.container import port_was_taken
from technogate.target.compose.engine import ComposeFailed, containers, docker, inspect, logs, run_compose
from technogate.target.environment import whole_environment
from technogate.target.port_retry import PortLost
from technogate.target.process.reaper import FOLDER_PREFIX, Reaper, remove_project

#: Seconds that starting every container may take, health checks included.
UP_S = 90.0
#: Seconds between two polls of a service that must be healthy first.
POLL_S = 0.3
#: Lines of each container's output that an error shows.
TAIL_LINES = 20


class Project:
    """A compose project that is removed when the gate ends, in whatever way.

    pytest-docker's `Services` takes it in place of its own executor, which uses a shell, takes no environment and
    outlives an interrupted start.
    """

    def __init__(
        self,
        *,
        command: Sequence[str],
        files: Sequence[Path],
        folder: Path,
        profiles: Sequence[str],
        variables: Mapping[str, str],
        reaper: Reaper,
    ) -> None:
        """Nothing runs yet. `folder` is what relative paths in the compose files are relative to."""
        self.name = f"{FOLDER_PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        self.variables = dict(variables)
        self.services = Services(self)
        self._reaper = reaper
        self._argv = [*command, "--project-directory", str(folder), "-p", self.name]
        for path in files:
            self._argv += ["-f", str(path)]
        for profile in profiles:
            self._argv += ["--profile", profile]
        reaper.add_project(self.name)

    def execute(self, subcommand: str, **_: Any) -> bytes:
        """Run a subcommand that is given as one text, as pytest-docker does."""
        return self.compose(*shlex.split(subcommand)).encode()

    def compose(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        """Run one compose command with the project's variables; raises ComposeFailed."""
        environment = {**whole_environment(), **self.variables, **(variables or {})}
        return run_compose([*self._argv, *arguments], environment, UP_S, self._reaper)

    def up(self, services: Sequence[str]) -> None:
        """Create and start `services`; raises StartError with what every container wrote."""
        try:
            self.compose("up", "--detach", "--no-build", *services)
        except ComposeFailed as error:
            written = error.output.strip()
            raise StartError(
                f"the containers did not start: {error}",
                program="docker compose up",
                output=f"{written}\n{self.logs()}",
            ) from error

    def start_before(self, services: Sequence[str], timeout_s: float) -> None:
        """Start `services` and wait until they are healthy; raises StartError when one is not in time."""
        if not services:
            return
        self.up(services)
        deadline = time.monotonic() + timeout_s
        for service in services:
            container = self.container(service)
            while (state := inspect("--type=container", container)[0]["State"])["Running"]:
                health = (state.get("Health") or {}).get("Status", "healthy")
                if health == "healthy":
                    break
                if time.monotonic() > deadline:
                    raise StartError(f"{service} did not become healthy: it is {health}", program=service)
                time.sleep(POLL_S)
            else:
                raise StartError(f"{service} ended with exit code {state['ExitCode']}", program=service)

    def start_error(self, error: StartError, redactor: Redactor, sides: Sequence[str]) -> StartError:
        """Return `error` with its cause, the API key masked: PortLost when another program took a port.

        The cause may be another container than the one that compose names "unhealthy"; of a helper of the team's
        own, an exit code of 0 is none.
        """
        message, code = str(error), error.exit_code
        output = error.output if error.program.startswith("docker") else self.logs()
        lost = port_was_taken(f"{message} {output}")
        if code is None and (ended := self._ended(sides)):
            message = "; ".join(
                f"{name} did not start: its container exited with code {status}" for name, status in ended.items()
            )
            code, output = next(iter(ended.values())), self.logs()
        return (PortLost if lost else StartError)(
            redactor.clean_text(message)[0],
            program=error.program,
            command=error.command,
            exit_code=code,
            output=redactor.clean_text(output)[0],
        )

    def _ended(self, sides: Sequence[str]) -> dict[str, int]:
        return {service: code for service, code in self.exit_codes().items() if code or service in sides}

    def port(self, service: str, port: int) -> int:
        """The port of this machine at which `port` of a service is published; raises StartError."""
        try:
            return int(self.services.port_for(service, port))
        except (ComposeFailed, ValueError) as error:
            raise StartError(f"{service} publishes no port {port}: {error}", program=service) from error

    def container(self, service: str) -> str:
        """The container of a service; raises StartError when there is not exactly one."""
        names = [name for name, of in containers(self.name).items() if of == service]
        if len(names) != 1:
            raise StartError(f"{service} has {len(names)} containers, not one", program=service)
        return names[0]

    def exit_codes(self) -> dict[str, int]:
        """The exit code of each service whose container was started and has ended."""
        codes = {}
        for name, service in containers(self.name).items():
            state, _, code = docker("inspect", "--format={{.State.Status}} {{.State.ExitCode}}", name).partition(" ")
            if state in ("exited", "dead", "restarting"):
                codes[service] = int(code)
        return codes

    def logs(self, lines: int = TAIL_LINES) -> str:
        """The last lines that every container wrote, each under a line with its name and state."""
        parts = []
        for name, service in containers(self.name).items():
            state = docker("inspect", "--format={{.State.Status}} {{.State.ExitCode}}", name).partition(" ")
            tail = "\n".join(logs(name).splitlines()[-lines:])
            ended = f", exit code {state[2]}" if state[0] == "exited" else ""
            parts.append(f"--- {service} ({state[0]}{ended}) ---\n{tail}".rstrip())
        return "\n".join(parts)

    def outputs(self, names: Mapping[str, str], redactor: Redactor) -> list[Output]:
        """Return what every container has written, the API key masked; `names` are programs by container."""
        collected: list[Output] = []
        for container, service in containers(self.name).items():
            state = inspect("--type=container", container)[0]["State"]
            text, leaks = redactor.clean_text(logs(container))
            code = None if state["Running"] else int(state["ExitCode"])
            collected.append(Output(program=names.get(container, service), text=text, leaks=leaks, exit_code=code))
        return collected

    def remove(self) -> None:
        """Remove containers, network and volumes; raises UserError when something is left."""
        if not remove_project(self.name):
            hint = f"docker ps --all --filter label=com.docker.compose.project={self.name}"
            raise UserError(f"the containers of {self.name} could not be removed; list them with: {hint}")
        self._reaper.remove_project(self.name)
