"""What the engine reports of a container, as facts for the journal: its program, user, privileges and mounts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from technogate.model.container_facts import ContainerFacts, Mount, Startup, loads_programs
from technogate.target.compose.engine import docker, inspect

#: What each setting of a container is unless somebody asked for something else; empty values are so too.
_USUAL: Mapping[str, frozenset[str]] = {
    "IpcMode": frozenset({"private", "shareable"}),
    "NetworkMode": frozenset(),
    "SecurityOpt": frozenset({'["no-new-privileges:true"]', '["no-new-privileges"]'}),
    **dict.fromkeys(
        (
            "Privileged", "CapAdd", "Devices", "DeviceCgroupRules", "DeviceRequests", "PidMode", "UTSMode",
            "UsernsMode", "VolumesFrom", "GroupAdd", "Sysctls", "CgroupParent", "ExtraHosts",
        ),
        frozenset(),
    ),
}  # fmt: skip
#: The name that the engine gives to a volume without one.
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")
_JOINED = "container:"

#: Whether the container of a side, "" for another one, may have a file or folder of this machine at a place, read-only.
Admits = Callable[[str, Path, str], bool]


def facts_of_containers(
    names: Mapping[str, tuple[str, str]],
    images: Mapping[str, str],
    project: str,
    admits: Admits,
    clean: Callable[[str], str],
) -> list[ContainerFacts]:
    """The facts of the containers `names`, each with its program and side, "" for one that is not judged.

    `images` are the names of the images of the sides; `clean` masks the API key. Raises EngineError.
    """
    if not names:
        return []
    shown = [_cleaned(one, clean) for one in inspect("--type=container", *names)]
    options = _volume_options({mount.get("Name", "") for one in shown for mount in one["Mounts"]} - {""})
    sides = {str(one["Id"]): side for one, (_, side) in zip(shown, names.values(), strict=True) if side}
    facts = []
    for one, (program, side) in zip(shown, names.values(), strict=True):
        [image] = inspect("--type=image", images.get(side) or str(one["Image"]))
        facts.append(facts_of(one, image, (program, side), project, admits, options, sides))
    return facts


def facts_of(
    container: Mapping[str, Any],
    image: Mapping[str, Any],
    who: tuple[str, str],
    project: str,
    admits: Admits,
    options: Mapping[str, bool],
    sides: Mapping[str, str],
) -> ContainerFacts:
    """The facts of one container, from what the engine shows of it and of the image that was named.

    `who` is its program and its side; `options` tells which volumes are more than a fresh one, `sides` are the judged
    ones by the id of their container.
    """
    host = container["HostConfig"]
    joined = [str(host.get(name) or "") for name in ("NetworkMode", "PidMode", "IpcMode")]
    joined += [f"{_JOINED}{str(word).partition(':')[0]}" for word in host.get("VolumesFrom") or ()]
    return ContainerFacts(
        program=who[0],
        side=who[1],
        runs=_startup(str(container["Image"]), container["Config"]),
        named=_startup(str(image["Id"]), image["Config"]),
        settings=_settings(host),
        mounts=tuple(
            sorted(
                (_mount(one, who[1], project, admits, options) for one in container["Mounts"]),
                key=lambda mount: mount.target,
            )
        ),
        joins=tuple(
            sorted({sides[word.removeprefix(_JOINED)] for word in joined if word.removeprefix(_JOINED) in sides})
        ),
    )


def _startup(image: str, config: Mapping[str, Any]) -> Startup:
    variables = dict(str(entry).partition("=")[::2] for entry in config.get("Env") or ())
    return Startup(
        image=image,
        entrypoint=_words(config.get("Entrypoint")),
        command=_words(config.get("Cmd")),
        user=str(config.get("User") or ""),
        folder=str(config.get("WorkingDir") or ""),
        health=_words((config.get("Healthcheck") or {}).get("Test")),
        variables={name: value for name, value in sorted(variables.items()) if loads_programs(name)},
    )


def _words(value: object) -> tuple[str, ...]:
    """A command as the engine shows it: a list, one text, or nothing."""
    return (value,) if isinstance(value, str) else tuple(map(str, value)) if isinstance(value, Sequence) else ()


def _settings(host: Mapping[str, Any]) -> dict[str, str]:
    """What differs from the settings that a container has by itself."""
    found = {}
    for name, usual in _USUAL.items():
        value = host.get(name)
        text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
        own_network = name == "NetworkMode" and text != "host" and not text.startswith(_JOINED)
        if value and text not in usual and not own_network:
            found[name] = text
    # An engine that masks nothing of /proc shows an empty list; without the entry it masks the usual files.
    if host.get("MaskedPaths") == [] and not host.get("Privileged"):
        found["MaskedPaths"] = "[]"
    return found


def _mount(shown: Mapping[str, Any], side: str, project: str, admits: Admits, options: Mapping[str, bool]) -> Mount:
    """One mount; a volume is the container's own when it was made for this project, or for the image's VOLUME."""
    kind, writable, target = str(shown["Type"]), bool(shown.get("RW", True)), str(shown["Destination"])
    if kind == "volume":
        source = str(shown.get("Name", ""))
        fresh = _ANONYMOUS.fullmatch(source) is not None or source.startswith(f"{project}_")
        admitted = fresh and not options.get(source, True)
    else:
        source = str(shown.get("Source", ""))
        admitted = kind == "tmpfs" or (kind == "bind" and not writable and admits(side, Path(source), target))
    return Mount(type=kind, source=source, target=target, writable=writable, admitted=admitted)


def _volume_options(names: Iterable[str]) -> dict[str, bool]:
    """Whether each volume is more than a fresh one: a folder of the machine, or of another driver."""
    wanted = sorted(names)
    shown = json.loads(docker("volume", "inspect", *wanted)) if wanted else []
    return {str(one["Name"]): bool(one.get("Options")) or one.get("Driver") != "local" for one in shown}


def _cleaned(shown: Mapping[str, Any], clean: Callable[[str], str]) -> dict[str, Any]:
    cleaned: dict[str, Any] = json.loads(clean(json.dumps(shown)))
    return cleaned
