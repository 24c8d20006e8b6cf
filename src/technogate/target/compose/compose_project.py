"""One compose project: a pair's containers, network and volumes, under a name of their own."""

from __future__ import annotations

import os
import secrets
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_docker.plugin import Services

from technogate.model.errors import StartError, UserError
from technogate.target.compose.engine import ComposeFailed, containers, docker, logs, run_compose
from technogate.target.process.reaper import FOLDER_PREFIX, Reaper, remove_project

#: Seconds that starting every container may take, health checks included.
UP_S = 90.0
#: Lines of each container's output that an error shows.
TAIL_LINES = 20


class Project:
    """A compose project that is gone when the gate is, however the gate ended.

    pytest-docker's `Services` asks it for published ports as it asks its own executor, which cannot be
    used itself: that one goes through a shell, takes no environment and outlives an interrupted start.
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
        environment = {**os.environ, **self.variables, **(variables or {})}
        return run_compose([*self._argv, *arguments], environment, UP_S, self._reaper)

    def up(self, services: Sequence[str]) -> None:
        """Create and start `services`; raises StartError with what every container wrote."""
        try:
            self.compose("up", "--detach", "--no-build", *services)
        except ComposeFailed as error:
            said = error.output.strip()
            raise StartError(
                f"the containers did not start: {error}", program="docker compose up", output=f"{said}\n{self.logs()}"
            ) from error

    def port(self, service: str, port: int) -> int:
        """The port of this machine at which `port` of a service is published; raises StartError."""
        try:
            return int(self.services.port_for(service, port))
        except (ComposeFailed, ValueError) as error:
            raise StartError(f"{service} publishes no port {port}: {error}", program=service) from error

    def container(self, service: str) -> str:
        """The container of a service; raises StartError when there is not exactly one."""
        found = [name for name, of in containers(self.name).items() if of == service]
        if len(found) != 1:
            raise StartError(f"{service} has {len(found)} containers, not one", program=service)
        return found[0]

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

    def remove(self) -> None:
        """Remove containers, network and volumes; raises UserError when something is left."""
        if not remove_project(self.name):
            hint = f"docker ps --all --filter label=com.docker.compose.project={self.name}"
            raise UserError(f"the containers of {self.name} could not be removed; look at them with: {hint}")
        self._reaper.remove_project(self.name)
