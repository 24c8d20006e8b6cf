"""Read a compose file: which service is which side, its image, port, variables and health."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from technogate.model.errors import UserError
from technogate.onboarding.learned import Learned
from technogate.onboarding.variables import key_names, origin_names, url_names

#: The names that compose itself looks for.
USUAL_FILES = ("docker-compose.yml", "docker-compose.yaml", "compose.yml", "compose.yaml")
_BACKEND = re.compile(r"backend|api|server|service")
_CONSOLE = re.compile(r"console|frontend|front|web|ui|client")
_OTHER = re.compile(r"postgres|mysql|maria|redis|mongo|rabbit|kafka|nginx|traefik|proxy")
#: What the compose file is called that is written beside the target file, and the ports that the gate publishes.
OVERLAY = "technogate.compose.yml"
GATE_PORTS = {"backend": 8000, "console": 3000}
_PROBED = re.compile(r"https?://[^/\s\"']+(/[^\s\"'|;&)]*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One service of a compose file: `port` is the container's own, 0 for none named; `ready` a path or ""."""

    name: str
    image: str
    build: str
    port: int
    env: Mapping[str, str]
    ready: str
    after: tuple[str, ...]


def read_compose(path: Path) -> dict[str, Service]:
    """The services of a compose file by their name; raises UserError when it cannot be read."""
    try:
        document = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise UserError(f"--compose {path}: {error.strerror}; give the path of a compose file") from error
    except yaml.YAMLError as error:
        raise UserError(f"--compose {path} is not YAML: {' '.join(str(error).split())}") from error
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict) or not services:
        raise UserError(f"--compose {path} has no services")
    return {str(name): _service(str(name), value) for name, value in services.items() if isinstance(value, dict)}


def _service(name: str, value: Mapping[str, Any]) -> Service:
    build = value.get("build", "")
    after = value.get("depends_on", ())
    return Service(
        name=name,
        image=str(value.get("image", "")),
        build=str(build.get("context", ".")) if isinstance(build, dict) else str(build or ""),
        port=_port(value),
        env=_environment(value.get("environment")),
        ready=_health_path(value.get("healthcheck")),
        after=tuple(map(str, after)) if isinstance(after, list | dict) else (),
    )


def _port(value: Mapping[str, Any]) -> int:
    """The port of the container that the file publishes or exposes first."""
    for entry in [*_listed(value.get("ports")), *_listed(value.get("expose"))]:
        target = entry.get("target") if isinstance(entry, dict) else str(entry).rpartition(":")[2].partition("/")[0]
        if str(target).isdecimal():
            return int(str(target))
    return 0


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _environment(value: object) -> dict[str, str]:
    if isinstance(value, dict):
        return {str(name): "" if text is None else str(text) for name, text in value.items()}
    pairs = [str(entry).partition("=") for entry in _listed(value)]
    return {name: text for name, _, text in pairs}


def _health_path(value: object) -> str:
    """The path that a health check asks for, "" when it asks for none."""
    test = value.get("test") if isinstance(value, dict) else None
    text = " ".join(map(str, test)) if isinstance(test, list) else str(test or "")
    found = _PROBED.search(text)
    return found[1] if found else ""


def sides(services: Mapping[str, Service]) -> dict[str, Service]:
    """The services that are the backend and the console, by their names, images and variables."""
    found: dict[str, Service] = {}
    rest = {name: one for name, one in services.items() if not _OTHER.search(f"{name} {one.image}")}
    for side, pattern in (("console", _CONSOLE), ("backend", _BACKEND)):
        for name, service in rest.items():
            if service not in found.values() and pattern.search(name):
                found[side] = service
                break
    for service in rest.values():
        side = "console" if url_names(service.env) else "backend"
        if service not in found.values():
            found.setdefault(side, service)
    return found


def learn_compose(path: Path, learned: Learned) -> str:
    """Learn `[compose]`, `[backend]` and `[console]`; returns the compose file to lay over the gate's own.

    That file gives each service its own variables, filled from those of the gate; "" when none is needed. Raises
    UserError when the file shows no side.
    """
    services = read_compose(path)
    found = sides(services)
    if not found:
        raise UserError(f"--compose {path}: no service looks like a backend or a console: {', '.join(services)}")
    overlay: dict[str, Any] = {}
    for side, service in found.items():
        said = f"{path.name}, service {service.name}"
        if service.image:
            learned.learn("compose", f"{side}_image", service.image, said)
        else:
            tried = f"{said} is built from {service.build or '.'}"
            learned.lack("compose", f"{side}_image", tried, "build and tag it, then name the image")
        ready = service.ready or ("/health" if side == "backend" else "/")
        why = f"{said}: its health check asks for it" if service.ready else f"the default: {said} has no health check"
        learned.learn(side, "ready", ready, why)
        if service.port and service.port != GATE_PORTS[side]:
            learned.note(f"{said} listens on port {service.port}; the gate publishes {GATE_PORTS[side]} of a {side}")
        if filled := _filled(side, service, found):
            overlay[side] = {"environment": filled}
    _learn_others([one for one in services.values() if one not in found.values()], path, learned)
    if not overlay:
        return ""
    learned.learn("compose", "files", [OVERLAY], f"the variables of {path.name}, with the gate's key and addresses")
    return (
        f"# Written by `technogate init` from {path.name}: laid over the gate's own compose file.\n"
        + yaml.safe_dump({"services": overlay}, sort_keys=False)
    )


def _learn_others(others: list[Service], path: Path, learned: Learned) -> None:
    """What the user must add for services besides the two sides."""
    if others:
        names = ", ".join(one.name for one in others)
        tried = f"{path.name} has further services: {names}"
        learned.lack("compose", "before", tried, "add what must run before to a file named in files, and name it here")


def _filled(side: str, service: Service, found: Mapping[str, Service]) -> dict[str, str]:
    """The variables of a service, filled from the gate's where they hold the key or an address."""
    keys, urls, origins = key_names(service.env), url_names(service.env), origin_names(service.env)
    other = found.get("backend" if side == "console" else "console")
    key, address = ("NEXT_PUBLIC_API_KEY", "NEXT_PUBLIC_API_URL") if side == "console" else ("TECHNO_API_KEY", "")
    filled = {}
    for name, text in service.env.items():
        if name in keys:
            filled[name] = f"${{{key}}}"
        elif name in origins:
            filled[name] = "${TECHNO_ALLOWED_ORIGINS}"
        elif address and name in urls and (other is None or other.name in text or not text or "http" in text):
            filled[name] = f"${{{address}}}"
        elif text:
            filled[name] = text
    return {name: text for name, text in filled.items() if text != f"${{{name}}}"}
