"""What the gate knows of a pair under test, however it is reached.

A `Target` is a pair described; `start` makes it a `Running` one. Everything else in the gate works
with these, and never asks what kind of target it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol

import msgspec

from technogate.model.events import Output, TargetRef
from technogate.model.requirement import Party
from technogate.target.process.program import Program
from technogate.target.spec import AuditSpec, Commands, Selectors, TargetFile, UnwritableSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBackend:
    """A backend that answers at `url`.

    `audit` and `unwritable` have their placeholders resolved; `folder` is that of the target file;
    `program` is None when the gate did not start it.
    """

    url: str
    commands: Commands
    audit: AuditSpec
    program: Program | None
    unwritable: UnwritableSpec = field(default_factory=UnwritableSpec)
    folder: Path = field(default_factory=Path)


def nothing() -> None:
    """What stopping a console means that the gate did not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningConsole:
    """One instance of the console, for one backend address and one key.

    With driver `browser` the page is at `url`, its origin is `origin`. What it asks goes to `api_url`;
    that is `backend_url`, but for a console that the gate did not start: then the browser must send
    what it asks of `api_url` to `backend_url` (`mapped`). With driver `module` there is no page. Where
    there is a `module`, beside a page or instead of one, it is the file that exports the three functions,
    `env` its whole environment, `cwd` its folder.
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
    on_stop: Callable[[], None] = field(default=nothing, repr=False)

    @property
    def mapped(self) -> bool:
        """Whether the driver must send what the console asks of `api_url` to `backend_url`."""
        return self.api_url != self.backend_url

    def stop(self) -> None:
        """End this instance, if the gate started it. Doing it twice is harmless."""
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
        """Who is judged: backend, console, and pair when both are there."""

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
        """The origin that the backend was told to allow."""

    @property
    def configurable(self) -> bool:
        """Whether `start_console` can give the console another key, or no address at all."""

    def start_console(self, api_url: str, api_key: str | None = None) -> RunningConsole:
        """A further console whose backend is at `api_url`; `api_key` None means this pair's key.

        Raises StartError when it does not start, and UserError when the target has no console or one
        that runs already and cannot be configured otherwise.
        """

    def outputs(self) -> list[Output]:
        """What every program that the gate started has written so far, the API key masked."""

    def close(self) -> None:
        """End every program and remove every temporary folder. Doing it twice is harmless."""

    def __enter__(self) -> Running: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Target(Protocol):
    """A pair described: what it is, and how to start it."""

    @property
    def spec(self) -> TargetFile:
        """The description, placeholders and all."""

    @property
    def ref(self) -> TargetRef:
        """Which pair this is, with the addresses that are known before it starts."""

    @property
    def parties(self) -> tuple[Party, ...]:
        """Who is judged: backend, console, and pair when both are there."""

    @property
    def api_key(self) -> str:
        """The key that the environment has for this pair; "" when one may be made up."""

    @property
    def started_by_gate(self) -> bool:
        """Whether every side described is started by the gate."""

    @property
    def parallel(self) -> bool:
        """Whether several may be started side by side: no port is fixed, and nothing runs already."""

    @property
    def allows_faults(self) -> bool:
        """Whether faults may be injected: the gate started it, or its owner says so."""

    def preflight(self) -> None:
        """Look for what would keep it from starting; raises UserError for the first that is found."""

    def start(self, run_key: str) -> Running:
        """Start it (or see that it answers); `run_key` is its API key unless it has one of its own.

        Raises UserError, StartError above all. Nothing is left running then.
        """


def with_addresses(ref: TargetRef, backend: RunningBackend | None, console: RunningConsole | None) -> TargetRef:
    """Return `ref` with the addresses of the sides that run and have one."""
    addresses = {"backend": backend.url} if backend is not None else {}
    if console is not None and console.url:
        addresses["console"] = console.url
    return msgspec.structs.replace(ref, addresses={**ref.addresses, **addresses})
