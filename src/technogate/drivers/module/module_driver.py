"""The module driver: calls the three functions of a console's client module, in a Node of its own."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Literal

from technogate.drivers.console_driver import LIMIT_S, DriverError, Exposure, PageRequest
from technogate.drivers.module.module_process import ModuleCall, ModuleProcess, module_environment, module_output
from technogate.drivers.module.node import find_node
from technogate.model.events import RenderedOutput

__all__ = ["ModuleCall", "ModuleDriver"]


class ModuleDriver:
    """Runs one client module; calls may overlap.

    `env` is the console's environment (`NEXT_PUBLIC_API_URL` and the like), on top of PATH alone.
    `base` is what relative URLs are resolved against; `window` adds `window` and `location` for
    modules that read the page's address. `limit_s` bounds a call; fetchAuditLog, which may take
    two requests, has twice that. Raises DriverError when the module does not load.
    """

    name: Literal["browser", "module"] = "module"

    def __init__(
        self,
        module: Path,
        *,
        env: Mapping[str, str],
        base: str = "",
        window: bool = False,
        node: Path | None = None,
        limit_s: float = LIMIT_S,
    ) -> None:
        if not module.is_file():
            raise DriverError(f"there is no client module {module}: correct `module` in the target file")
        self.module = module
        self.limit_s = limit_s
        self._newest: Future[RenderedOutput] | None = None
        self.node = find_node(typescript=module.suffix in {".ts", ".mts"}) if node is None else node
        self._start = partial(ModuleProcess, module, self.node, module_environment(env, base, window))
        self._process = self._start()
        self._earlier_lines: tuple[str, ...] = ()

    @property
    def node_version(self) -> str:
        """The version of the Node that runs the module."""
        return self._process.node_version

    def execute(self, command: str, session_id: str | None = None) -> RenderedOutput:
        """`executeCommand(command, sessionId?)`, to its end."""
        return self.call_many([_execute(command, session_id)])[0]

    def start_execute(self, command: str, session_id: str | None = None) -> bool:
        """The same without waiting; always possible."""
        self._newest = self._process.send(_execute(command, session_id))
        return True

    def result(self) -> RenderedOutput:
        """What the newest started command returned. Raises DriverError when none was started."""
        if self._newest is None:
            raise DriverError("no command was started: call start_execute first")
        return self._collect([(ModuleCall(call="executeCommand"), self._newest)])[0]

    def returned_within(self, seconds: float) -> RenderedOutput | None:
        """What the newest started command returns within so many seconds; None while it is still under way."""
        if self._newest is None:
            raise DriverError("no command was started: call start_execute first")
        try:
            return self._newest.result(seconds)
        except TimeoutError:
            return None

    def audit(self, filter: str = "all", limit: int = 50) -> RenderedOutput:  # noqa: A002 - the contract's own word
        """`fetchAuditLog(filter, limit)`, to its end."""
        return self.call_many([ModuleCall(call="fetchAuditLog", args=(filter, limit))])[0]

    def memory(self) -> RenderedOutput:
        """`fetchMemory()`, to its end."""
        return self.call_many([ModuleCall(call="fetchMemory")])[0]

    def call_many(self, calls: Sequence[ModuleCall]) -> list[RenderedOutput]:
        """Make all calls at once and wait for all; a call that does not end in time is `pending`."""
        return self._collect([(call, self._process.send(call)) for call in calls])

    def wait_until_complete(self) -> None:
        """Wait until no call is under way; raises DriverError when one does not end in time."""
        self._process.require_alive()
        deadline = time.monotonic() + 2 * self.limit_s
        try:
            for future in self._process.under_way:
                future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise DriverError(f"a call of {self.module.name} did not end within {2 * self.limit_s:g} s") from error

    def network_changed(self) -> bool:
        """False: Node aborts no request on a change of the network."""
        return False

    def outgoing(self) -> list[PageRequest]:
        """What the module sent, or tried to send, to another place than its backend."""
        return self._process.requests

    def inspect(self) -> Exposure:
        """What the module wrote to its standard output and error."""
        return Exposure(lines=self._earlier_lines + self._process.lines)

    def restart(self) -> None:
        """Load the module in a new Node; what it wrote before is kept. Raises DriverError when it does not load."""
        self._process.close()
        self._earlier_lines += self._process.lines
        self._newest = None
        self._process = self._start()

    def close(self) -> None:
        """End the Node; a second call does nothing."""
        self._process.close()

    def __enter__(self) -> ModuleDriver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _collect(self, calls: Sequence[tuple[ModuleCall, Future[RenderedOutput]]]) -> list[RenderedOutput]:
        started, now = time.time(), time.monotonic()
        rendered_outputs = []
        for call, future in calls:
            deadline = now + (2 * self.limit_s if call.call == "fetchAuditLog" else self.limit_s)
            try:
                rendered_outputs.append(future.result(max(0.0, deadline - time.monotonic())))
            except TimeoutError:
                rendered_outputs.append(module_output(call.call, {"pending": "true"}, (), started, time.time()))
        return rendered_outputs


def _execute(command: str, session_id: str | None) -> ModuleCall:
    """A call of executeCommand; without a session id there is no second argument."""
    return ModuleCall(call="executeCommand", args=(command,) if session_id is None else (command, session_id))
