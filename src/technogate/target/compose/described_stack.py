"""The containers that a target's compose files describe: looked at, and refused, before any of them is started."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from technogate.model.errors import UserError
from technogate.target.compose.engine import compose_config
from technogate.target.compose.image_layers import first_below
from technogate.target.compose.project_variables import EXAMPLE_PORTS, EXAMPLE_VALUES, running_variables
from technogate.target.compose.resolved import MountedFiles, Overlay, digest, is_below, overlay, parse, refuse
from technogate.target.described_by import RESOLVED, mounted_digests
from technogate.target.environment import whole_environment
from technogate.target.process.reaper import FOLDER_PREFIX
from technogate.target.spec import ComposeSpec
from technogate.util.shipped import PACKAGE, shipped

#: A compose file that changes nothing: compose writes what it has merged in another way than what one file says.
_NEUTRAL = "services: {backend: {}, console: {}}\n"


@dataclass(frozen=True, slots=True)
class AdmittedMounts:
    """Which files of the machine containers may have, read-only: those below `folder`, a judged one its `files`."""

    folder: Path
    files: tuple[MountedFiles, ...] = ()

    def admit(self, closed: Sequence[Path], side: str, source: Path, target: str) -> bool:
        """Whether a container may have `source` at `target`: nothing in or around `closed` folders."""
        real = source.resolve()
        for kept in (*closed, PACKAGE, shipped()):
            if real in (kept.resolve(), *kept.resolve().parents) or kept.resolve() in real.parents:
                return False
        if not side:
            return is_below(source, self.folder)
        return any((side, real, target) == (one.side, one.source.resolve(), one.target) for one in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedStack:
    """A stack that may be started: `digests` are those of its configuration and of the files that it mounts."""

    mounts: AdmittedMounts
    digests: Mapping[str, str]


def described_stack(
    command: Sequence[str],
    spec: ComposeSpec,
    files: Sequence[Path],
    folder: Path,
    fixed: Mapping[str, str],
    ports_within: Mapping[str, int],
) -> DescribedStack:
    """What compose makes of `files`, of which the first is the gate's own; nothing is started.

    `folder` is that of the team's compose files, `fixed` are the variables that are known before a start, images by
    their names among them. Raises UserError, one line, when the team's own files do what they may not.
    """
    variables = {**fixed, **running_variables(spec, EXAMPLE_VALUES, EXAMPLE_PORTS, ports_within)}
    environment = {**whole_environment(), **variables}
    project = EXAMPLE_VALUES["project"]
    argv = [*command, "--project-directory", str(folder), "-p", project]
    profiles = [word for profile in spec.profiles for word in ("--profile", profile)]

    def configuration(of: Sequence[Path]) -> dict[str, Any]:
        return parse(compose_config([*argv, *(f"--file={path}" for path in of), *profiles], environment))

    resolved = configuration(files)
    found = Overlay()
    if len(files) > 1:
        with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as made:
            neutral = Path(made, "neutral.yml")
            neutral.write_text(_NEUTRAL, "utf-8")
            found = overlay(configuration([files[0], neutral]), resolved, folder, project)
    refuse(found, files[1:])
    _refuse_over_programs(found.files, fixed)
    places = {str(shipped()): "<shipped>", str(folder): "<folder>"}
    return DescribedStack(
        mounts=AdmittedMounts(folder, tuple(found.files)),
        digests={
            RESOLVED: digest(resolved, places),
            **mounted_digests([one.source for one in found.files], folder),
        },
    )


def _refuse_over_programs(mounted: Sequence[MountedFiles], fixed: Mapping[str, str]) -> None:
    """Refuse what would be mounted over files of an image: another program would run in it."""
    for side in sorted({one.side for one in mounted}):
        targets = [one.target for one in mounted if one.side == side]
        for target, path in first_below(fixed[f"{side.upper()}_IMAGE"], targets).items():
            hint = "mount it where the image has nothing, or put it into the image"
            raise UserError(f"the service {side} mounts files at {target}, over {path} of its image; {hint}")
