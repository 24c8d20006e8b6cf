"""The interface of a pair under test, independent of how it is started.

A `Target` is the description of a pair; `start` returns a `Running` one. All other code works with these,
whatever the kind of the target.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

import msgspec

from technogate.model.events import ContainerFacts, Output, TargetRef
from technogate.model.requirement import Party
from technogate.target.page_use import PageUse
from technogate.target.process.program import Program
from technogate.target.spec import AuditSpec, Commands, Selectors, TargetFile, UnwritableSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBackend:
    """A backend that runs at `url`.

    `audit` and `unwritable` have their placeholders resolved; `folder` is that of the target file;
    `program` is None when the gate did not start it; `openapi` is the path of the document that it serves.
    `ready_url` is the address that has shown that it was ready.
    """

    url: str
    commands: Commands
    audit: AuditSpec
    program: Program | None
    unwritable: UnwritableSpec = field(default_factory=UnwritableSpec)
    folder: Path = field(default_factory=Path)
    openapi: str = ""
    ready_url: str = ""


def nothing() -> None:
    """Stop a console that the gate did not start: nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningConsole:
    """One instance of the console, for one backend address and one key.

    With driver `browser` its server is at `url`, its origin is `origin`, and `page` is how its page is used. Its
    requests go to `api_url`, which is `backend_url`, except for a console that the gate did not start: then the
    browser must send requests for `api_url` to `backend_url` (`mapped`). With driver `module` there is no page.
    `module`, beside a page or instead of one, is the file that exports the three functions, `create` the
    expression that makes the client of its exports, `env` its whole environment, `cwd` its folder.
    """

    name: str
    driver: Literal["browser", "module"]
    url: str
    origin: str
    api_url: str
    backend_url: str
    api_key: str
    selectors: Selectors
    module: Path | None
    cwd: Path
    env: dict[str, str] = field(repr=False)
    program: Program | None
    create: str = field(default="", repr=False)
    on_stop: Callable[[], None] = field(default=nothing, repr=False)
    page: PageUse = field(default_factory=lambda: PageUse(url=""))

    @property
    def mapped(self) -> bool:
        """Whether the driver must send the console's requests for `api_url` to `backend_url`."""
        return self.api_url != self.backend_url

    def stop(self) -> None:
        """End this instance, if the gate started it. A second call does nothing."""
        if self.program is not None:
            self.program.stop()
        self.on_stop()

    def __enter__(self) -> RunningConsole:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Running(Protocol):
    """A pair that runs; a context manager that ends what the gate started."""

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that it has now."""

    @property
    def parties(self) -> tuple[Party, ...]:
        """The parties that are judged: backend, console, and pair for both."""

    @property
    def api_key(self) -> str:
        """The key that the backend takes and the console sends."""

    @property
    def backend(self) -> RunningBackend | None:
        """The backend, None when the target has a console alone."""

    @property
    def console(self) -> RunningConsole | None:
        """The console that is configured with the real backend; None unless the target has both."""

    @property
    def console_origin(self) -> str:
        """The origin that the backend is configured to allow."""

    @property
    def configurable(self) -> bool:
        """Whether `start_console` can give the console another key, or no address at all."""

    def start_console(self, api_url: str, api_key: str | None = None) -> RunningConsole:
        """Start a further console whose backend is at `api_url`; `api_key` None means this pair's key.

        Raises StartError when it does not start, and UserError when the target has no console or one
        that runs already and cannot be configured otherwise.
        """

    @property
    def isolations(self) -> dict[str, str]:
        """How each program that the gate started is kept from the gate, by its name: `isolated`, or why not."""

    def container_facts(self, closed: Sequence[Path]) -> list[ContainerFacts]:
        """Return what the engine reports of each container of the pair, the API key masked; empty for programs.

        A container that has files of the gate, or of the `closed` folders, is not isolated. Raises UserError.
        """

    def outputs(self) -> list[Output]:
        """Return what every program that the gate started has written so far, the API key masked."""

    def close(self) -> None:
        """End every program and remove every temporary folder. A second call does nothing."""

    def __enter__(self) -> Running: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Target(Protocol):
    """The description of a pair, and how to start it."""

    @property
    def spec(self) -> TargetFile:
        """The target file, with its placeholders."""

    @property
    def folder(self) -> Path:
        """The folder of the target file, in which its relative paths are."""

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that are known before it starts."""

    @property
    def parties(self) -> tuple[Party, ...]:
        """The parties that are judged: backend, console, and pair for both."""

    @property
    def api_key(self) -> str:
        """The key of the environment for this pair; "" when the gate may draw one."""

    @property
    def started_by_gate(self) -> bool:
        """Whether every side described is started by the gate."""

    @property
    def parallel(self) -> bool:
        """Whether several may run in parallel: no port is fixed, and no side runs already."""

    @property
    def allows_faults(self) -> bool:
        """Whether faults may be injected: the gate started it, or its configuration allows it."""

    def preflight(self) -> None:
        """Check everything that a start needs; raises UserError for the first problem."""

    def start(self, run_key: str) -> Running:
        """Start it (or check that it responds); `run_key` is its API key unless it has one of its own.

        On UserError, above all StartError, nothing is left running.
        """


def with_addresses(ref: TargetRef, backend: RunningBackend | None, console: RunningConsole | None) -> TargetRef:
    """Return `ref` with the addresses of the sides that run and have one."""
    addresses = {"backend": backend.url} if backend is not None else {}
    if console is not None and console.url:
        addresses["console"] = console.url
    return msgspec.structs.replace(ref, addresses={**ref.addresses, **addresses})
