"""A pair described by a target file: programs that the gate starts, or addresses where they run.

The embedded reference pair is such a file too.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from technogate.model.errors import PortTaken, UserError
from technogate.model.events import TargetRef
from technogate.model.requirement import Party
from technogate.target.api_key import check_key, key_from_environment
from technogate.target.certificates import ca_files, trust_certificates
from technogate.target.environment import clean_environment
from technogate.target.packages import check_audit_database, check_reference
from technogate.target.page_use import check_steps
from technogate.target.port_retry import on_free_ports
from technogate.target.process.ports import is_taken
from technogate.target.running_pair import Pair
from technogate.target.scripts import missing_script
from technogate.target.spec import ServedSpec, TargetFile


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessTarget:
    """A pair described; see `technogate.target.protocol.Target` for what each member means."""

    spec: TargetFile
    folder: Path
    kind: Literal["embedded", "file"] = "file"

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that are known before it starts."""
        return TargetRef(
            name=self.spec.name,
            kind=self.kind,
            parties=tuple(party.value for party in self.parties),
            started_by_gate=self.started_by_gate,
            faults=self.allows_faults,
            addresses={side: served.url for side, served in self._sides() if served.url},
            page=self.spec.console is None or self.spec.console.driver == "browser",
            ca_files=ca_files(self.spec),
        )

    @property
    def parties(self) -> tuple[Party, ...]:
        """The parties that are judged: backend, console, and pair for both."""
        sides = tuple(Party(side) for side, _ in self._sides())
        return (*sides, Party.PAIR) if len(sides) > 1 else sides

    @property
    def api_key(self) -> str:
        """The key of the environment for this pair; "" when the gate may draw one."""
        return key_from_environment(self.spec)

    @property
    def started_by_gate(self) -> bool:
        """Whether every side described is started by the gate."""
        return not any(served.url for _, served in self._sides())

    @property
    def parallel(self) -> bool:
        """Whether several may run in parallel: no port or socket is fixed, no side runs already, trails are apart."""
        backend = self.spec.backend
        apart = backend is None or not (backend.unwritable.far_reaching or backend.shares_socket)
        return self.started_by_gate and apart and all(served.port is None for _, served in self._sides())

    @property
    def allows_faults(self) -> bool:
        """Whether faults may be injected: the gate started it, or its configuration allows it."""
        return self.started_by_gate or self.spec.faults

    def preflight(self) -> None:
        """Check everything that a start needs; raises UserError for the first problem."""
        check_key(self.spec)
        if self.kind == "embedded":
            check_reference()
        check_audit_database(self.spec)
        if self.spec.console is not None:
            check_steps(self.spec.console)
        trust_certificates(self.spec, self.folder)
        for side, served in self._sides():
            self._check_side(side, served)

    def start(self, run_key: str) -> Pair:
        """Start it; `run_key` is its API key unless the environment has one for it.

        On UserError (above all StartError) nothing is left running.
        """
        self.preflight()
        return on_free_ports(lambda: self._start_once(run_key))

    def _start_once(self, run_key: str) -> Pair:
        return Pair(self.spec, self.ref, self.parties, self.folder, self.api_key or run_key)

    def _sides(self) -> Iterator[tuple[str, ServedSpec]]:
        """The sides described, by their names."""
        if self.spec.backend is not None:
            yield "backend", self.spec.backend
        if self.spec.console is not None:
            yield "console", self.spec.console

    def _check_side(self, side: str, served: ServedSpec) -> None:
        """Check that the folder, the program and the module exist, and that the port is free."""
        cwd, prefix = self.folder / served.cwd, f"{self.spec.name}: {side}"
        if not served.url and not cwd.is_dir():
            raise UserError(f"{prefix}.cwd is {served.cwd}, but there is no folder {cwd}")
        if self.spec.console is served and self.spec.console.module:
            module = self.folder / self.spec.console.module
            if not module.is_file():
                raise UserError(f"{prefix}.module is {self.spec.console.module}, but there is no file {module}")
        if served.command and not self._executable(served, cwd):
            raise UserError(
                f"{prefix}.command starts with {served.command[0]}, which cannot be found: install it, or give its path"
            )
        if script := missing_script(served.command, cwd):
            raise UserError(f"{prefix}.command runs {script}, but there is no file {cwd / script}")
        if served.port is not None and is_taken(served.port):
            raise PortTaken(
                f"{prefix}.port is {served.port}, which is in use: end the program that holds it, or leave the key out"
                if served.movable
                else f"{prefix}.port is {served.port}, which is in use: end the program that holds it"
            )

    @staticmethod
    def _executable(served: ServedSpec, cwd: Path) -> bool:
        """Whether the first word of the command names a program, as seen from `cwd` and its environment."""
        word = served.command[0].replace("{python}", sys.executable)
        if "{" in word:
            # Other placeholders have no value before the start.
            return True
        if Path(word).name != word:
            return shutil.which(cwd / word) is not None
        return shutil.which(word, path=clean_environment(served.env).get("PATH")) is not None
