"""The module driver: calls the three functions of a console's client module, in a Node of its own."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from technogate.drivers.console_driver import LIMIT_S, READINGS, DriverError, Exposure
from technogate.drivers.console_driver import Call as CallName
from technogate.drivers.module.node import find_node
from technogate.model.events import RenderedOutput

HOST = Path(__file__).with_name("module_host.mjs")

#: Seconds that a module gets to be loaded, on a busy machine too, and a Node to end.
LOAD_S = 60.0
END_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleCall:
    """One call of one function, with its arguments."""

    call: CallName
    args: tuple[object, ...] = ()


class ModuleDriver:
    """Runs one client module; calls may overlap, each is told apart by its number.

    `env` is the console's environment (`NEXT_PUBLIC_API_URL` and the like), on top of PATH alone.
    `base` is what relative URLs are resolved against; `window` adds `window` and `location` for
    modules that ask for the page's address. `limit_s` bounds a call; fetchAuditLog, which may ask
    twice, has twice that. Raises DriverError when the module does not load.
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
        self._calls: dict[int, tuple[CallName, Future[RenderedOutput]]] = {}
        self._lines: list[str] = []
        self._newest: Future[RenderedOutput] | None = None
        self._number = 0
        self._over = False
        self._lock = threading.Lock()
        self._loaded: Future[str] = Future()
        node = find_node(typescript=module.suffix in {".ts", ".mts"}) if node is None else node
        try:
            self._process = subprocess.Popen(
                [str(node), "--no-warnings", str(HOST), str(module.resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(env, base, window),
                text=True,
                encoding="utf-8",
                errors="replace",
                bufsize=1,
            )
        except OSError as error:
            raise DriverError(
                f"cannot start Node ({node}): {error.strerror}; name another in TECHNOGATE_NODE"
            ) from error
        self._readers = [threading.Thread(target=work, daemon=True) for work in (self._listen, self._overhear)]
        for reader in self._readers:
            reader.start()
        try:
            self.node_version = self._loaded.result(LOAD_S)
        except TimeoutError as error:
            self.close()
            raise DriverError(f"{module} was not loaded within {LOAD_S:g} s: does it wait at its top level?") from error
        except DriverError:
            self.close()
            raise

    # ---- what a console can do ----

    def execute(self, command: str, session_id: str | None = None) -> RenderedOutput:
        """`executeCommand(command, sessionId?)`, to its end."""
        return self.call_many([_execute(command, session_id)])[0]

    def start_execute(self, command: str, session_id: str | None = None) -> bool:
        """The same without waiting; always possible."""
        self._newest = self._send(_execute(command, session_id))
        return True

    def result(self) -> RenderedOutput:
        """What the newest started command returned. Raises DriverError when none was started."""
        if self._newest is None:
            raise DriverError("no command was started: call start_execute first")
        return self._collect([(ModuleCall(call="executeCommand"), self._newest)])[0]

    def audit(self, filter: str = "all", limit: int = 50) -> RenderedOutput:  # noqa: A002 - the contract's own word
        """`fetchAuditLog(filter, limit)`, to its end."""
        return self.call_many([ModuleCall(call="fetchAuditLog", args=(filter, limit))])[0]

    def memory(self) -> RenderedOutput:
        """`fetchMemory()`, to its end."""
        return self.call_many([ModuleCall(call="fetchMemory")])[0]

    def call_many(self, calls: Sequence[ModuleCall]) -> list[RenderedOutput]:
        """Make all calls at once and wait for all; a call that does not end in time is `pending`."""
        return self._collect([(call, self._send(call)) for call in calls])

    def wait_until_complete(self) -> None:
        """Wait until no call is under way; raises DriverError when one does not end in time."""
        with self._lock:
            waiting = [future for _, future in self._calls.values()]
        deadline = time.monotonic() + 2 * self.limit_s
        try:
            for future in waiting:
                future.result(max(0.0, deadline - time.monotonic()))
        except TimeoutError as error:
            raise DriverError(f"a call of {self.module.name} did not end within {2 * self.limit_s:g} s") from error

    def network_changed(self) -> bool:
        """Node lets no request go because of a change of the network: never."""
        return False

    def inspect(self) -> Exposure:
        """What the module wrote to its standard output and error."""
        with self._lock:
            return Exposure(lines=tuple(self._lines))

    def close(self) -> None:
        """End the Node; a second call does nothing."""
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

    def __enter__(self) -> ModuleDriver:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ---- the wire to Node ----

    def _send(self, call: ModuleCall) -> Future[RenderedOutput]:
        """Hand one call to Node. Raises DriverError when Node has ended."""
        future: Future[RenderedOutput] = Future()
        with self._lock:
            self._number += 1
            number = self._number
            self._calls[number] = (call.call, future)
            message = json.dumps({"id": number, "call": call.call, "args": list(call.args)})
            try:
                # A pipe still takes a message for a moment after its reader has ended.
                if self._over or self._process.stdin is None:
                    raise BrokenPipeError
                self._process.stdin.write(message + "\n")
                self._process.stdin.flush()
            except (OSError, ValueError) as error:
                self._calls.pop(number)
                raise DriverError(self._ended()) from error
        return future

    def _collect(self, calls: Sequence[tuple[ModuleCall, Future[RenderedOutput]]]) -> list[RenderedOutput]:
        started, now = time.time(), time.monotonic()
        rendered_outputs = []
        for call, future in calls:
            deadline = now + (2 * self.limit_s if call.call == "fetchAuditLog" else self.limit_s)
            try:
                rendered_outputs.append(future.result(max(0.0, deadline - time.monotonic())))
            except TimeoutError:
                pending = {"pending": "true"}
                rendered_outputs.append(_rendered(call.call, pending, (), started, time.time()))
        return rendered_outputs

    def _listen(self) -> None:
        """Take in the messages of Node until it ends; then nothing is left waiting."""
        for line in self._process.stdout or ():
            message = json.loads(line)
            if "id" in message:
                self._returned(message)
            elif "line" in message:
                with self._lock:
                    self._lines += str(message["line"]).splitlines()
            elif "ready" in message:
                self._loaded.set_result(str(message["ready"]))
            else:
                self._loaded.set_exception(
                    DriverError(f"the client module {self.module} does not load: {message['failed']}")
                )
        with self._lock:
            self._over = True
            waiting = [future for _, future in self._calls.values()]
            self._calls.clear()
        for future in waiting:
            future.set_exception(DriverError(self._ended()))
        if not self._loaded.done():
            self._loaded.set_exception(DriverError(self._ended()))

    def _overhear(self) -> None:
        """Keep what Node writes to its standard error."""
        for line in self._process.stderr or ():
            with self._lock:
                self._lines.append(line.rstrip("\n"))

    def _returned(self, message: dict[str, Any]) -> None:
        with self._lock:
            call, future = self._calls.pop(message["id"])
        fields, rows = READINGS[call](message.get("value"))
        if "error" in message:
            fields, rows = {"error": str(message["error"])}, ()
        future.set_result(_rendered(call, fields, rows, message["started"], message["ended"]))

    def _ended(self) -> str:
        """One line on a Node that has ended unexpectedly."""
        tail = self._lines[-1] if self._lines else "it wrote nothing"
        return f"the Node that ran {self.module} has ended: {tail}"


def _execute(command: str, session_id: str | None) -> ModuleCall:
    """A call of executeCommand; without a session id there is no second argument."""
    return ModuleCall(call="executeCommand", args=(command,) if session_id is None else (command, session_id))


def _rendered(
    call: CallName, fields: dict[str, str], rows: tuple[dict[str, str], ...], started: float, ended: float
) -> RenderedOutput:
    return RenderedOutput(
        id="", item="", call=call, driver="module", fields=fields, rows=rows, started=started, ended=ended
    )


def _environment(env: Mapping[str, str], base: str, window: bool) -> dict[str, str]:
    """The module's environment: the console's own and what a program needs to run at all."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ}
    own = {"TECHNOGATE_MODULE_BASE": base, "TECHNOGATE_MODULE_WINDOW": "1" if window else "0"}
    return {**kept, **env, **own}
