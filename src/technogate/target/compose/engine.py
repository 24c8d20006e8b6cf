"""The Docker engine, through its command line, which every installation has."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from technogate.model.errors import UserError
from technogate.target.environment import clean_environment, whole_environment
from technogate.target.process import process_group
from technogate.target.process.reaper import PROJECT_LABEL, Reaper

#: Seconds that one request to the engine may take.
ENGINE_S = 30.0
#: What compose calls a service, on each of its containers.
SERVICE_LABEL = "com.docker.compose.service"
_START_IT = "start Docker (`docker version` must work), or validate with --target embedded"


class EngineError(UserError):
    """The engine refused, or cannot be reached; the text is its last line."""


def docker(*arguments: str, timeout_s: float = ENGINE_S) -> str:
    """Run `docker …` and return its standard output; raises EngineError unless it ended with 0."""
    done = _run(["docker", *arguments], timeout_s, subprocess.PIPE)
    if done.returncode != 0:
        raise EngineError(f"docker {arguments[0]} failed: {_last_line(done.stderr) or f'exit code {done.returncode}'}")
    return done.stdout.decode("utf-8", "replace").strip()


def logs(container: str) -> str:
    """Return what a container wrote to its standard output and error, or why that cannot be read."""
    done = _run(["docker", "logs", container], ENGINE_S, subprocess.STDOUT)
    return done.stdout.decode("utf-8", "replace")


def inspect(*names: str) -> list[dict[str, Any]]:
    """Return what the engine reports of containers or images; raises EngineError when one is unknown."""
    inspected: list[dict[str, Any]] = json.loads(docker("inspect", *names))
    return inspected


def containers(project: str) -> dict[str, str]:
    """Every container of a compose project, running or not: its service by its name."""
    listed = docker(
        "ps", "--all", "--no-trunc", f"--filter=label={PROJECT_LABEL}={project}",
        f'--format={{{{.Names}}}}\t{{{{.Label "{SERVICE_LABEL}"}}}}',
    )  # fmt: skip
    return {name: service for name, _, service in (line.partition("\t") for line in sorted(listed.splitlines()))}


def compose_command() -> tuple[str, ...]:
    """Return the compose command of this machine: `docker compose`, else `docker-compose`.

    Raises UserError when there is none, or no engine for it.
    """
    try:
        docker("version", "--format={{.Server.Version}}")
    except EngineError as error:
        raise UserError(f"--target compose needs a Docker engine: {error}; {_START_IT}") from error
    for command in (("docker", "compose"), ("docker-compose",)):
        try:
            if _run([*command, "version"], ENGINE_S, subprocess.PIPE).returncode == 0:
                return command
        except EngineError:
            continue
    raise UserError("--target compose needs Docker's compose: install its compose plugin, or docker-compose 1.29")


def run_compose(
    argv: Sequence[str], environment: Mapping[str, str], timeout_s: float, reaper: Reaper | None = None
) -> str:
    """Run one compose command and return what it wrote; with `reaper` it does not outlive the gate.

    Raises ComposeFailed when it fails, or is not done after `timeout_s`; it does not run on then.
    """
    try:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            **process_group.own_group(),
        )
    except OSError as error:
        raise EngineError(f"{argv[0]} cannot be run: {error.strerror}") from error
    written: bytes = b""
    try:
        if reaper is not None:
            reaper.add(process.pid)
        written = process.communicate(timeout=timeout_s)[0]
        timed_out = ""
    except subprocess.TimeoutExpired:
        process_group.kill(process.pid)
        written, timed_out = process.communicate()[0], f"not done after {timeout_s:g} s"
    finally:
        # An interrupted command must not go on to start containers.
        process_group.kill(process.pid)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if reaper is not None:
            reaper.remove(process.pid)
    text = written.decode("utf-8", "replace")
    if timed_out or process.returncode != 0:
        reason = timed_out or _last_line(written) or f"exit code {process.returncode}"
        raise ComposeFailed(f"docker compose failed: {reason}", output=text)
    return text


def compose_config(argv: Sequence[str], environment: Mapping[str, str]) -> str:
    """Return the configuration that `argv`, compose with its files, comes to; raises ComposeFailed."""
    try:
        done = subprocess.run(
            [*argv, "config"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=dict(environment),
            timeout=ENGINE_S,
            check=False,
        )
    except OSError as error:
        raise EngineError(f"{argv[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{' '.join(argv[:2])} config is not done after {ENGINE_S:g} s") from error
    if done.returncode != 0:
        written = done.stderr.decode("utf-8", "replace")
        reason = _last_line(done.stderr) or f"exit code {done.returncode}"
        raise ComposeFailed(f"compose refuses its files: {reason}", output=written)
    return done.stdout.decode("utf-8", "replace")


class ComposeFailed(EngineError):  # noqa: N818 - named by what happened
    """A compose command failed; `output` is all that it wrote."""

    def __init__(self, message: str, *, output: str) -> None:
        super().__init__(message)
        self.output = output


def _run(argv: Sequence[str], timeout_s: float, errors: int) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, timeout=timeout_s, check=False
        )
    except FileNotFoundError as error:
        raise EngineError(f"{argv[0]} is not installed") from error
    except OSError as error:
        raise EngineError(f"{argv[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{' '.join(argv[:2])} is not done after {timeout_s:g} s") from error


def _last_line(raw: bytes) -> str:
    lines = [line.strip() for line in raw.decode("utf-8", "replace").splitlines() if line.strip()]
    return lines[-1] if lines else ""


def engine_environment() -> dict[str, str]:
    """Return the environment in which another process reaches the same engine."""
    known = whole_environment()
    ways = {"XDG_RUNTIME_DIR", "SSH_AUTH_SOCK", *(name for name in known if name.startswith("DOCKER_"))}
    return clean_environment({name: known[name] for name in ways if name in known})
