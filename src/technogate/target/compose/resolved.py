"""The configuration that compose makes of all compose files, and what the team's own files may change in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from technogate.model.container_facts import loads_programs
from technogate.model.errors import UserError

#: The services that are judged: compose files of a team's own may not change which program runs in them.
JUDGED = ("backend", "console")
#: What another service may share with a judged one would make it a part of it.
_JOINS = ("network_mode", "pid", "ipc", "uts")
#: The keys of a health check that may be changed: a command of it would run in the container, and could lie.
_TIMES = frozenset({"interval", "timeout", "retries", "start_period", "start_interval"})
_MAY = (
    "compose files of your own may give it variables, volumes of its own, files read-only, what it depends on, and the "
    "times of its health check; put the rest into the image"
)
#: What a digest of the configuration leaves out of a judged service: evidence names its image by digest.
_LEFT_OUT = ("image", "build")


@dataclass(frozen=True, slots=True)
class MountedFiles:
    """A file or folder of the machine that a judged service may have, read-only."""

    side: str
    source: Path
    target: str


@dataclass(slots=True)
class Overlay:
    """What the team's own files add to the judged services: why they may not, and the files that they mount."""

    problems: list[str] = field(default_factory=list)
    files: list[MountedFiles] = field(default_factory=list)


def parse(text: str) -> dict[str, Any]:
    """What `compose config` printed; raises UserError when that is no configuration with services."""
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"compose shows its configuration as no YAML: {' '.join(str(error).split())}") from error
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, dict) or not all(isinstance(service, dict) for service in services.values()):
        raise UserError("compose shows a configuration without services; check your compose files with its `config`")
    known: dict[str, Any] = document
    return known


def digest(resolved: Mapping[str, Any], places: Mapping[str, str]) -> str:
    """The sha256 of a configuration, without the images of the judged services; `places` replaces texts in it.

    It is the same on each machine with the same release of compose.
    """
    services = {
        name: {key: value for key, value in service.items() if name not in JUDGED or key not in _LEFT_OUT}
        for name, service in resolved["services"].items()
    }
    text = json.dumps({**resolved, "services": services}, sort_keys=True, default=str)
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, places[place])
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def overlay(plain: Mapping[str, Any], resolved: Mapping[str, Any], folder: Path, project: str) -> Overlay:
    """What `resolved` adds to `plain`, the configuration of the gate's own compose file alone.

    `folder` is that of the team's compose files, `project` the name of the project.
    """
    found = Overlay()
    services: Mapping[str, Any] = resolved["services"]
    for side in JUDGED:
        before, after = plain["services"][side], services.get(side)
        if not isinstance(after, dict):
            found.problems.append(f"the service {side} is gone")
            continue
        for problem in _differences(before, after):
            found.problems.append(f"the service {side} has {problem}")
        for entry in after.get("volumes") or ():
            _add_mount(found, side, _long_form(entry), resolved, folder, project)
    for name in plain.get("networks") or ():
        if (resolved.get("networks") or {}).get(name) != plain["networks"][name]:
            found.problems.append(f"the network {name} is another")
    found.problems += _joined(services)
    return found


def refuse(found: Overlay, files: Sequence[Path]) -> None:
    """Raise UserError, one line, when the team's own compose files do what they may not."""
    if found.problems:
        names = ", ".join(path.name for path in files)
        more = f" (and {len(found.problems) - 1} more)" if len(found.problems) > 1 else ""
        raise UserError(f"{names}: {found.problems[0]}{more}; {_MAY}")


def _differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """What a judged service has that the gate's own compose file does not give it."""
    for key in sorted({*before, *after}):
        theirs, ours = after.get(key), before.get(key)
        if theirs == ours or key in ("volumes", "depends_on"):
            continue
        if key == "environment":
            own, others = _variables(ours), _variables(theirs)
            changed = sorted(name for name in {*own, *others} if own.get(name) != others.get(name))
            yield from (
                f"a variable {name}, which can make it run another program" for name in changed if loads_programs(name)
            )
        elif key == "healthcheck" and isinstance(theirs, dict) and isinstance(ours, dict):
            changed = sorted(name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name))
            yield from (f"`healthcheck.{name}` of another's" for name in changed if name not in _TIMES)
        else:
            yield f"`{key}` of another's"


def _variables(value: object) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    return dict(str(entry).partition("=")[::2] for entry in value) if isinstance(value, list) else {}


def _long_form(entry: object) -> dict[str, Any]:
    """A mount in compose's long form; what cannot be told is of the type ""."""
    if isinstance(entry, dict):
        return entry
    source, separator, rest = str(entry).partition(":")
    if not separator:
        return {"type": "volume", "target": source}
    target, _, mode = rest.partition(":")
    modes = set(mode.split(",")) - {""}
    kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
    known = modes <= {"ro", "rw"}
    return {"type": kind if known else "", "source": source, "target": target, "read_only": "ro" in modes}


def _add_mount(
    found: Overlay, side: str, entry: Mapping[str, Any], resolved: Mapping[str, Any], folder: Path, project: str
) -> None:
    """Take a mount of a judged service: what it mounts of the machine's files, or why it may not."""
    kind, source, target = entry.get("type"), str(entry.get("source") or ""), str(entry.get("target") or "")
    named = f"the service {side} mounts {source or kind} at {target}"
    options = {key: value for key, value in (entry.get(str(kind)) or {}).items() if value not in (None, {}, False)}
    if (
        not PurePosixPath(target).is_absolute()
        or ".." in PurePosixPath(target).parts
        or PurePosixPath(target) == PurePosixPath("/")
    ):
        found.problems.append(f"{named}, which is no place for data")
    elif kind == "tmpfs":
        return
    elif kind == "volume":
        if options:
            found.problems.append(f"{named} with options: {', '.join(sorted(options))}")
        elif source:
            found.problems += [f"{named}: {why}" for why in _shared(side, source, resolved, project)]
    elif kind == "bind":
        path = Path(source)
        if set(options) - {"create_host_path"} or not entry.get("read_only") or not is_below(path, folder):
            found.problems.append(f"{named}: a file of the machine must lie below {folder} and be mounted read-only")
        else:
            found.files.append(MountedFiles(side, path, target))
    else:
        found.problems.append(f"{named} in a way that is not known")


def is_below(path: Path, folder: Path) -> bool:
    """Whether a file or folder, and nothing that a link leads to, lies below `folder`."""
    try:
        real = path.resolve(strict=True)
    except OSError:
        return False
    return (real.is_file() or real.is_dir()) and folder.resolve() in real.parents


def _shared(side: str, name: str, resolved: Mapping[str, Any], project: str) -> Iterator[str]:
    """Why a named volume is not one of the service's own."""
    made = (resolved.get("volumes") or {}).get(name) or {}
    if made.get("name", f"{project}_{name}") != f"{project}_{name}" or set(made) - {"name", "labels"}:
        yield "it is no volume of this run"
    for other, service in resolved["services"].items():
        for entry in map(_long_form, service.get("volumes") or ()):
            if other != side and entry.get("source") == name and not entry.get("read_only"):
                yield f"the service {other} may write to it"


def _joined(services: Mapping[str, Any]) -> Iterator[str]:
    """Which services share what makes them a part of a judged one."""
    for name, service in services.items():
        joined = [str(service.get(key) or "") for key in _JOINS]
        joined += [f"service:{str(word).removeprefix('service:')}" for word in service.get("volumes_from") or ()]
        for side in JUDGED:
            if name != side and any(word.split(":")[:2] == ["service", side] for word in joined):
                yield f"the service {name} joins the {side}"
