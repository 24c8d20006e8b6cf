"""The images of a pair: their names, and how they are built or pulled."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from technogate.model.errors import StartError, UserError
from technogate.model.events import ImageRef
from technogate.model.image import ImageFacts
from technogate.target.compose.engine import ComposeFailed, EngineError, docker, inspect, run_compose
from technogate.target.environment import variable, whole_environment
from technogate.target.spec import ComposeSpec
from technogate.util.shipped import shipped

#: The gate's own compose file, within the shipped data.
COMPOSE_FILE = Path("docker-compose.test.yml")
#: The port that each image listens on, by the contract.
CONTRACT_PORTS = {"backend": 8000, "console": 3000}
#: The variable that names another image, by side. It is a variable of the compose file too.
IMAGE_VARIABLES = {"backend": "BACKEND_IMAGE", "console": "CONSOLE_IMAGE"}
#: What the reference images are built from, within the shipped data.
SOURCES = {"backend": ("constraints.txt", "images/backend"), "console": ("images/console",)}
#: Folders of those sources that do not change what the image does.
LEFT_OUT = frozenset({"__pycache__", "wheels"})
#: Seconds that building or fetching an image may take.
BUILD_S, PULL_S = 900.0, 900.0
#: Lines of a failed build that an error shows.
TAIL_LINES = 25


def image_names(spec: ComposeSpec, sides: Sequence[str]) -> dict[str, str]:
    """The image of each side: from the environment, from the target file, else the reference.

    A reference image is named after what it is built from, so an outdated one is never taken for it.
    Raises UserError when this installation lacks what it is built from.
    """
    named = {"backend": spec.backend_image, "console": spec.console_image}
    return {side: variable(IMAGE_VARIABLES[side]) or named[side] or _reference_name(side) for side in sides}


def provide(names: dict[str, str], command: Sequence[str]) -> dict[str, ImageRef]:
    """Build missing reference images, pull other missing ones, and return all of them.

    Raises UserError for one that cannot be pulled, StartError for a reference that cannot be built.
    """
    missing = [side for side, name in names.items() if not _is_here(name)]
    references = [side for side in missing if names[side] == _reference_name(side)]
    for side in missing:
        if side not in references:
            _fetch(names[side], IMAGE_VARIABLES[side])
    if references:
        _build(references, names, command)
    return {side: ImageRef(name=name, digest=facts(name).digest) for side, name in names.items()}


def facts(name: str) -> ImageFacts:
    """Return what the engine reports of an image; raises EngineError for one that is not on this machine."""
    [image] = inspect("--type=image", name)
    config = image["Config"]
    history = docker("history", "--no-trunc", "--format={{.CreatedBy}}", name)
    return ImageFacts(
        name=name,
        digest=image["Id"],
        user=config.get("User") or "",
        health=tuple((config.get("Healthcheck") or {}).get("Test") or ()),
        environment=dict(entry.partition("=")[::2] for entry in config.get("Env") or ()),
        labels=dict(config.get("Labels") or {}),
        history=tuple(history.splitlines()),
        ports=exposed_ports(config.get("ExposedPorts") or ()),
    )


def exposed_ports(names: Iterable[str]) -> tuple[int, ...]:
    """The TCP ports of an image's EXPOSE, which the engine names `8000/tcp`."""
    pairs = (name.partition("/") for name in names)
    return tuple(sorted(int(port) for port, _, protocol in pairs if port.isdecimal() and protocol in ("tcp", "")))


def port_within(side: str, declared: int | None, exposed: Sequence[int]) -> int:
    """The port that the container of a side listens on: `declared` in the target file, else what its image exposes.

    Without either it is the contract's. Raises UserError for an image that exposes several others.
    """
    if declared is not None:
        return declared
    usual = CONTRACT_PORTS[side]
    if not exposed or usual in exposed:
        return usual
    if len(exposed) > 1:
        listed = ", ".join(map(str, exposed))
        raise UserError(f"the image of the {side} exposes the ports {listed}: say which one with {side}.port")
    return exposed[0]


def _is_here(name: str) -> bool:
    """Whether the image is on this machine; raises EngineError when the engine does not respond."""
    try:
        inspect("--type=image", name)
    except EngineError:
        docker("version", "--format={{.Server.Version}}")
        return False
    return True


def _fetch(name: str, variable: str) -> None:
    _print(f"pulling {name}")
    try:
        docker("pull", "--quiet", name, timeout_s=PULL_S)
    except EngineError as error:
        raise UserError(
            f"the image {name} is not on this machine and cannot be pulled: {error}; build it, or correct {variable}"
        ) from error


def _build(sides: Sequence[str], names: dict[str, str], command: Sequence[str]) -> None:
    _print(f"building {' and '.join(names[side] for side in sides)}: this takes a while, once")
    environment = {
        **whole_environment(),
        **{IMAGE_VARIABLES[side]: names[side] for side in sides},
        "TECHNOGATE_SHIPPED": str(shipped()),
        # Compose requires every variable of the file; no build reads this one.
        "TECHNO_API_KEY": "none",
    }
    # Without this option the older compose leaves the container of a failed step behind.
    options = ["--force-rm"] if tuple(command) == ("docker-compose",) else []
    argv = [*command, "-f", str(shipped(COMPOSE_FILE)), "-p", "technogate-build", "build", *options, *sides]
    try:
        run_compose(argv, environment, BUILD_S)
    except ComposeFailed as error:
        tail = "\n".join(error.output.splitlines()[-TAIL_LINES:])
        hint = "BASE_IMAGE names another base, BACKEND_IMAGE and CONSOLE_IMAGE images that exist"
        raise StartError(
            f"the reference images cannot be built; {hint}", program="docker compose build", output=tail
        ) from error


def _reference_name(side: str) -> str:
    digest = hashlib.sha256((variable("BASE_IMAGE") or "").encode())
    for path in _sources(side):
        digest.update(path.relative_to(shipped()).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return f"techno-os-{side}:reference-{digest.hexdigest()[:12]}"


def _sources(side: str) -> Iterator[Path]:
    for name in SOURCES[side]:
        path = shipped(name)
        if not path.exists():
            raise UserError(f"{name} is missing from this installation; name images in {', '.join(_variables())}")
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and not LEFT_OUT & set(file.relative_to(shipped()).parts):
                yield file


def _variables() -> tuple[str, ...]:
    return tuple(IMAGE_VARIABLES.values())


def _print(text: str) -> None:
    """Print progress to the terminal; it is no evidence."""
    sys.stderr.write(f"technogate: {text}\n")
    sys.stderr.flush()
