"""A pair described as two images, run by compose: `--target compose`, or a target file with `[compose]`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from technogate.model.errors import UserError
from technogate.model.events import ImageRef, TargetRef
from technogate.model.requirement import Party
from technogate.target.api_key import check_key, key_from_environment
from technogate.target.certificates import ca_files, trust_certificates
from technogate.target.compose.compose_pair import ComposePair
from technogate.target.compose.described_stack import DescribedStack, described_stack
from technogate.target.compose.engine import compose_command
from technogate.target.compose.images import (
    COMPOSE_FILE,
    CONTRACT_PORTS,
    facts,
    image_names,
    port_within,
    provide,
)
from technogate.target.compose.project_variables import fixed_variables
from technogate.target.described_by import digests_of
from technogate.target.packages import check_audit_database
from technogate.target.page_use import check_steps
from technogate.target.port_retry import on_free_ports
from technogate.target.spec import ComposeSpec, TargetFile
from technogate.util.shipped import shipped

#: Names further compose files of the team's own, separated as the system separates paths.
FILES_VARIABLE = "TECHNOGATE_COMPOSE_FILE"


class ComposeTarget:
    """A pair of images; see `technogate.target.protocol.Target` for what each member means.

    The same pair can run several times in parallel: each has a project, a network and ports of its own.
    """

    started_by_gate = True
    parallel = True
    allows_faults = True

    def __init__(
        self,
        *,
        spec: TargetFile,
        folder: Path,
        described: tuple[Path, ...] = (),
        environ: Mapping[str, str] | None = None,
    ) -> None:
        """`folder` is that of the target file; `described` are that file and those that it extends.

        `environ` names further compose files.
        """
        self.spec = spec
        self.folder = folder
        self._described = described
        self._compose = spec.compose or ComposeSpec()
        self._environ = os.environ if environ is None else environ
        self._command: tuple[str, ...] = ()
        self._images: dict[str, ImageRef] = {}
        self._ready = "service_healthy"
        self._stack: DescribedStack | None = None
        self._ports: dict[str, int] = dict(CONTRACT_PORTS)

    @property
    def ref(self) -> TargetRef:
        """Which pair this is; its images are known after `preflight`."""
        return TargetRef(
            name=self.spec.name,
            kind="compose",
            parties=tuple(party.value for party in self.parties),
            started_by_gate=True,
            faults=True,
            images=dict(self._images),
            ca_files=ca_files(self.spec),
            digests={
                **digests_of((*self._described, *self._files()), self.folder),
                **(self._stack.digests if self._stack is not None else {}),
            },
        )

    @property
    def parties(self) -> tuple[Party, ...]:
        """The parties that are judged: backend, console, and pair for both."""
        sides = tuple(Party(side) for side in self._sides())
        return (*sides, Party.PAIR) if len(sides) > 1 else sides

    @property
    def api_key(self) -> str:
        """The key of the environment for this pair; "" when the gate may draw one."""
        return key_from_environment(self.spec)

    def preflight(self) -> None:
        """Check that engine, compose, files and images exist; build or pull missing images.

        Raises UserError for what is missing and for compose files that do what they may not, StartError for a reference
        image that cannot be built.
        """
        check_key(self.spec)
        check_audit_database(self.spec)
        if self.spec.console is not None:
            check_steps(self.spec.console)
        trust_certificates(self.spec, self.folder)
        for path in self._files():
            if not path.is_file():
                raise UserError(f"{self.spec.name}: there is no compose file {path}")
        self._command = compose_command()
        self._images = provide(image_names(self._compose, self._sides()), self._command)
        for side, served in (("backend", self.spec.backend), ("console", self.spec.console)):
            if served is None:
                continue
            image = facts(self._images[side].name)
            self._ports[side] = port_within(side, served.port, image.ports)
            if side == "backend":
                self._ready = "service_healthy" if image.has_health_check else "service_started"
        self._stack = described_stack(
            self._command, self._compose, self._files(), self._project_folder(), self._fixed_variables(), self._ports
        )

    def start(self, run_key: str) -> ComposePair:
        """Start it; `run_key` is its API key unless the environment has one for it.

        On UserError (above all StartError, with what every container wrote) nothing is left running.
        """
        if self._stack is None:
            self.preflight()
        return on_free_ports(lambda: self._start_once(run_key))

    def _start_once(self, run_key: str) -> ComposePair:
        if self._stack is None:
            raise RuntimeError("nothing is started before it was looked at")
        return ComposePair(
            spec=self.spec,
            ref=self.ref,
            parties=self.parties,
            folder=self.folder,
            project_folder=self._project_folder(),
            files=self._files(),
            command=self._command,
            variables=self._fixed_variables(),
            api_key=self.api_key or run_key,
            mounts=self._stack.mounts,
            ports=self._ports,
        )

    def _fixed_variables(self) -> dict[str, str]:
        return fixed_variables({side: image.name for side, image in self._images.items()}, self._ready)

    def _sides(self) -> tuple[str, ...]:
        described = {"backend": self.spec.backend, "console": self.spec.console}
        return tuple(side for side, served in described.items() if served is not None)

    def _files(self) -> list[Path]:
        """Every compose file: the gate's, then those of the target file, then those that the environment names."""
        return [shipped(COMPOSE_FILE), *(self.folder / name for name in self._compose.files), *self._named()]

    def _named(self) -> list[Path]:
        """The compose files that the environment names."""
        return [Path(word).resolve() for word in self._environ.get(FILES_VARIABLE, "").split(os.pathsep) if word]

    def _project_folder(self) -> Path:
        """The folder that paths in the team's own compose files are relative to: that of the first of them."""
        named = self._named()
        return named[0].parent if named and not self._compose.files else self.folder
