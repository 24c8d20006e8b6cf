"""The Node that runs a console's client module: calls go in as JSON lines, results come out as such."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from technogate.drivers.console_driver import Call as CallName
from technogate.drivers.console_driver import ConsoleEnded, DriverError, PageRequest
from technogate.drivers.module.module_calls import ModuleCall, returned_output
from technogate.model.events import RenderedOutput
from technogate.target.environment import PASSED_ON, SET_BY_GATE

#: The variable with the settings of the gate's own script.
SETTINGS_ENV = "TECHNOGATE_MODULE"

HOST = Path(__file__).with_name("module_host.mjs")

#: Seconds that a module gets to load, on a busy machine too, and a Node to end.
LOAD_S = 60.0
END_S = 5.0

#: How many of the last lines that a module wrote are told about its end.
LAST_LINES = 20


class LoadError(DriverError):
    """A module does not load, or lacks a function. `asked` are the things of a browser that it asked for by then.

    `lacking` is whether it was loaded, and what it exports is no client.
    """

    def __init__(self, module: Path, reason: str, *, asked: Sequence[str] = (), lacking: bool = False) -> None:
        super().__init__(f"the client module {module} does not load: {reason}")
        self.asked = tuple(asked)
        self.lacking = lacking


class ModuleProcess:
    """One Node with one module loaded from `script`; calls may overlap, each has its number.

    Raises LoadError when the module does not load, and DriverError when Node does not start. `node_version` is Node's
    own, `found` says where in the exports the functions were found, `relative` whether a request went to an address
    without a host. Messages name `module`, the file that was bundled, where that is another one.
    """

    def __init__(self, script: Path, node: Path, env: Mapping[str, str], module: Path | None = None) -> None:
        self._module = module or script
        self._calls: dict[int, tuple[CallName, Future[RenderedOutput]]] = {}
        self._lines: list[str] = []
        self._requests: list[PageRequest] = []
        self._number = 0
        self._ended = self.relative = False
        self._lock = threading.Lock()
        self._loaded: Future[dict[str, Any]] = Future()
        self._tried: Future[dict[str, list[str]]] = Future()
        try:
            self._process = subprocess.Popen(
                [str(node), "--no-warnings", str(HOST), str(script.resolve())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(env),
                text=True,
                encoding="utf-8",
                errors="replace",
                bufsize=1,
            )
        except OSError as error:
            raise DriverError(
                f"cannot start Node ({node}): {error.strerror}; name another in TECHNOGATE_NODE"
            ) from error
        # The reader of messages waits for that of errors when Node ends, so that one is there first.
        readers: tuple[Callable[[], None], ...] = (self._read_errors, self._read_messages)
        self._readers = [threading.Thread(target=reader, daemon=True) for reader in readers]
        for thread in self._readers:
            thread.start()
        try:
            ready = self._loaded.result(LOAD_S)
        except TimeoutError as error:
            self.close()
            message = f"{self._module} was not loaded within {LOAD_S:g} s: does it wait at its top level?"
            raise DriverError(message) from error
        except DriverError:
            self.close()
            raise
        self.node_version, self.found = str(ready["ready"]), str(ready.get("found", ""))

    @property
    def trial(self) -> dict[str, list[str]]:
        """What a trial observed; nothing when Node ended in it, which is for the items to judge.

        Raises DriverError when the trial does not end.
        """
        try:
            return self._tried.result(LOAD_S)
        except TimeoutError as error:
            raise DriverError(f"the trial of {self._module} did not end within {LOAD_S:g} s") from error

    @property
    def lines(self) -> tuple[str, ...]:
        """What the module wrote to its standard output and error."""
        with self._lock:
            return tuple(self._lines)

    @property
    def requests(self) -> list[PageRequest]:
        """What the module sent, or tried to send, to another place than its backend."""
        with self._lock:
            return list(self._requests)

    @property
    def under_way(self) -> list[Future[RenderedOutput]]:
        """The calls that have not ended."""
        with self._lock:
            return [future for _, future in self._calls.values()]

    def require_alive(self) -> None:
        """Raise ConsoleEnded when Node has ended."""
        with self._lock:
            ended = self._ended
        if ended:
            raise self._end()

    def send(self, call: ModuleCall) -> Future[RenderedOutput]:
        """Pass one call to Node. Raises ConsoleEnded when Node has ended."""
        future: Future[RenderedOutput] = Future()
        with self._lock:
            self._number += 1
            number = self._number
            self._calls[number] = (call.call, future)
            message = json.dumps({"id": number, "call": call.call, "args": list(call.args)})
            try:
                # A pipe still accepts a message for a short time after its reader has ended.
                if self._ended or self._process.stdin is None:
                    raise BrokenPipeError
                self._process.stdin.write(message + "\n")
                self._process.stdin.flush()
            except (OSError, ValueError):
                self._calls.pop(number)
                gone = True
            else:
                gone = False
        if gone:
            # Outside the lock: the readers of its last output need it.
            raise self._end()
        return future

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

    def _read_messages(self) -> None:
        """Read the messages of Node until it ends; then no call is left waiting."""
        for line in self._process.stdout or ():
            self._take(json.loads(line))
        with self._lock:
            self._ended = True
            waiting = [future for _, future in self._calls.values()]
            self._calls.clear()
        ended = self._end()
        for future in waiting:
            future.set_exception(ended)
        if not self._tried.done():
            self._tried.set_result({"asked": [], "silent": []})
        if not self._loaded.done():
            last = ended.output.splitlines()[-1:] or ["it wrote nothing"]
            self._loaded.set_exception(LoadError(self._module, f"it {ended.how} ({last[0]})"))

    def _take(self, message: dict[str, Any]) -> None:
        """Take one message of Node's script."""
        if "id" in message:
            self._returned(message)
        elif "line" in message:
            with self._lock:
                self._lines += str(message["line"]).splitlines()
        elif "request" in message:
            with self._lock:
                self._requests.append(_request(message["request"]))
        elif "relative" in message:
            self.relative = True
        elif "trial" in message:
            self._tried.set_result(message["trial"])
        elif "ready" in message:
            self._loaded.set_result(message)
        else:
            failure = LoadError(self._module, message["failed"], asked=message["asked"], lacking=message["mistake"])
            self._loaded.set_exception(failure)

    def _read_errors(self) -> None:
        """Keep what Node writes to its standard error."""
        for line in self._process.stderr or ():
            with self._lock:
                self._lines.append(line.rstrip("\n"))

    def _returned(self, message: dict[str, Any]) -> None:
        with self._lock:
            call, future = self._calls.pop(message["id"])
        future.set_result(returned_output("module", call, message))

    def _end(self) -> ConsoleEnded:
        """The error about a Node that has ended unexpectedly."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        # Its last words may not have been read yet.
        self._readers[0].join(END_S)
        code = self._process.returncode
        with self._lock:
            last = self._lines[-LAST_LINES:]
        how = "ended its process" if code is None else f"ended its process with {_exit_words(code)}"
        return ConsoleEnded("client module", how, exit_code=code, output="\n".join(last))


def _exit_words(code: int) -> str:
    """An exit code in words; a negative one is the signal that ended the process."""
    return f"exit code {code}" if code >= 0 else f"signal {-code}"


def _request(sent: Mapping[str, Any]) -> PageRequest:
    """One request as the Node that made it reports it."""
    return PageRequest(
        method=str(sent["method"]),
        url=str(sent["url"]),
        at=time.time(),
        kind=str(sent["kind"]),
        sent=tuple((str(name), str(value)) for name, value in sent["headers"]),
        body=str(sent["body"]).encode("utf-8", "replace"),
    )


def module_environment(
    env: Mapping[str, str], base: str, *, window: bool = False, create: str = "", trial: bool = False
) -> dict[str, str]:
    """The module's environment: the console's own variables and those that every program needs.

    `base`, `window`, `create` and `trial` are the settings of the gate's own script, which takes them out.
    """
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ}
    settings = {"base": base, "window": window, "create": create, "env": build_variables(env), "trial": trial}
    return {**kept, **env, SETTINGS_ENV: json.dumps(settings)}


def build_variables(env: Mapping[str, str]) -> dict[str, object]:
    """What a module finds in `import.meta.env`: the console's own variables, and what Vite says of its build."""
    own = {name: value for name, value in env.items() if name not in PASSED_ON and not name.startswith("LC_")}
    usual = {"MODE": "production", "DEV": False, "PROD": True, "SSR": False, "BASE_URL": "/"}
    return {**usual, **{name: value for name, value in own.items() if name not in SET_BY_GATE}}
