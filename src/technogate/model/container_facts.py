"""What the engine reports of a container that ran in a pair, and what its image says should run in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec

from technogate.model.program_isolation import ISOLATED
from technogate.model.record import Record

#: Settings of a container that reach the machine itself, whatever their value is.
_POWERS = frozenset({
    "Privileged", "CapAdd", "SecurityOpt", "Devices", "DeviceCgroupRules", "DeviceRequests", "MaskedPaths", "Sysctls",
    "CgroupParent",
})  # fmt: skip
#: Variables that make a program load or run another one, by name; what an image sets of them is its own.
_LOADERS = re.compile(
    r"LD_.*|DYLD_.*|PYTHON.*|NODE_OPTIONS|NODE_PATH|NODE_REPL_EXTERNAL_MODULE|BUN_OPTIONS|RUBYOPT|RUBYLIB|PERL5.*|PERLLIB"
    r"|JAVA_TOOL_OPTIONS|JDK_JAVA_OPTIONS|_JAVA_OPTIONS|CLASSPATH|BASH_ENV|BASH_FUNC_.*|DOTNET_STARTUP_HOOKS"
    r"|CORECLR_.*|COR_.*|PHPRC|PHP_INI_SCAN_DIR|GCONV_PATH|LUA_INIT.*|GEM_HOME|GEM_PATH|GUNICORN_CMD_ARGS|PATH"
)
_HARMLESS = frozenset({
    "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PYTHONIOENCODING", "PYTHONUTF8", "PYTHONHASHSEED",
    "PYTHONFAULTHANDLER",
})  # fmt: skip


def loads_programs(variable: str) -> bool:
    """Whether a variable of the environment can make a program load or run another one."""
    return variable not in _HARMLESS and _LOADERS.fullmatch(variable.upper()) is not None


class Mount(Record, frozen=True):
    """Something mounted in a container. `source` is the name of a volume, or a path of the machine.

    `admitted` is whether it is data of the container's own: a fresh volume, or files that compose files may mount.
    """

    type: str
    source: str
    target: str
    writable: bool
    admitted: bool


class Startup(Record, frozen=True):
    """Which program is started, and as whom; `variables` are those that make it load or run another one."""

    image: str
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    user: str = ""
    folder: str = ""
    health: tuple[str, ...] = ()
    variables: dict[str, str] = msgspec.field(default_factory=dict)


class ContainerFacts(Record, frozen=True, tag_field="event", tag="container"):
    """One container: `runs` as the engine reports it, `named` as the image that was named says.

    `side` is "" for a container that is not judged. `settings` are privileges and namespaces that differ from what a
    container has by itself, as the engine calls them. `joins` are the sides whose namespaces or volumes it shares.
    """

    program: str
    side: str
    runs: Startup
    named: Startup
    settings: dict[str, str] = msgspec.field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    joins: tuple[str, ...] = ()


def container_problems(containers: Iterable[ContainerFacts], sides: Sequence[str]) -> list[str]:
    """Why the containers of the `sides` did not run just what their images say; empty when they did."""
    known = list(containers)
    problems = [
        f"nothing is known of the container of the {side}" for side in sides if side not in {one.side for one in known}
    ]
    for one in known:
        problems += _differences(one) if one.side else [f"{one.program} joins the {side}" for side in one.joins]
        problems += [
            f"{one.program} writes to the volume of the {other.side}"
            for other in known
            for mount in other.mounts
            if other.side and other.program != one.program and mount.type == "volume" and mount.source
            for shared in one.mounts
            if shared.source == mount.source and shared.type == "volume" and shared.writable
        ]
    return list(dict.fromkeys(problems))


def container_isolation(one: ContainerFacts) -> str:
    """`isolated`, or what of the machine the container reaches."""
    reached = [f"{name} is {value}" for name, value in one.settings.items() if _reaches_machine(name, value)]
    reached += [
        f"{mount.source} of this machine is mounted at {mount.target}"
        for mount in one.mounts
        if not mount.admitted and mount.type != "tmpfs"
    ]
    return "; ".join(reached) or ISOLATED


def _reaches_machine(name: str, value: str) -> bool:
    return name in _POWERS or value == "host"


def _differences(one: ContainerFacts) -> list[str]:
    """What of a judged container is not as its image says."""
    runs, named = one.runs, one.named
    pairs = {
        "image": (runs.image, named.image),
        "entrypoint": (runs.entrypoint, named.entrypoint),
        "command": (runs.command, named.command),
        "user": (runs.user, named.user),
        "working folder": (runs.folder, named.folder),
        "health check": (runs.health, named.health),
        "environment": (runs.variables, named.variables),
    }
    found = [f"its {what} is another than its image's" for what, (theirs, ours) in pairs.items() if theirs != ours]
    found += [f"{name} is {value}" for name, value in one.settings.items()]
    found += [f"{mount.type} {mount.source} is mounted at {mount.target}" for mount in one.mounts if not mount.admitted]
    return [f"{one.program} did not run as its image says: {what}" for what in found]
