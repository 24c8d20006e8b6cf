"""The Node that runs a console's client module: calls go in as JSON lines, results come out as such.

They come out on a pipe of their own: the module's standard output is the module's, whatever it writes there.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import IO, Any, cast

from technogate.drivers.console_driver import ConsoleEnded, DriverError, PageRequest, call_of, usual_query
from technogate.drivers.module.module_calls import ModuleCall, returned_output
from technogate.model.contract_words import Part, spoken
from technogate.model.events import RenderedOutput
from technogate.target.environment import PASSED_ON, SET_BY_GATE
from technogate.util.bounded_lines import LONGEST, BoundedLines

#: The variable with the settings of the gate's own script.
SETTINGS_ENV = "TECHNOGATE_MODULE"

HOST = Path(__file__).with_name("module_host.mjs")

#: Seconds that a module gets to load, on a busy machine too, and a Node to end.
LOAD_S = 60.0
END_S = 5.0

#: Seconds in which a Node responds that is not stuck in its module's script.
PING_S = 5.0

#: How many of the last lines that a module wrote are told about its end.
LAST_LINES = 20

#: The most bytes of one message, which holds what a function returned: a longer one ends the Node.
LONGEST_MESSAGE = 64 << 20


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
        self._calls: dict[int, tuple[ModuleCall, Future[RenderedOutput]]] = {}
        self._lines = BoundedLines()
        self._requests: list[PageRequest] = []
        self._number = 0
        self._stuck = ""
        self._pong = threading.Event()
        self._word = secrets.token_hex(8) + " "
        self._ended = self._closed = self.relative = False
        self._lock = threading.Lock()
        self._loaded: Future[dict[str, Any]] = Future()
        self._tried: Future[dict[str, list[str]]] = Future()
        try:
            self._process, self._messages = self._popen(
                [str(node), "--no-warnings", str(HOST), str(script.resolve())], env
            )
        except OSError as error:
            raise DriverError(
                f"cannot start Node ({node}): {error.strerror}; name another in TECHNOGATE_NODE"
            ) from error
        # The reader of messages waits for the others when Node ends, so that they are there first.
        streams = [one for one in (self._process.stderr, self._process.stdout) if one not in (None, self._messages)]
        readers: list[Callable[[], None]] = [partial(self._read_lines, one) for one in streams if one is not None]
        readers.append(self._read_messages)
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

    def _popen(self, line: Sequence[str], env: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
        """Start Node with a pipe for its messages: beside standard output, where the system has further pipes."""
        reading, writing = (-1, 1) if sys.platform == "win32" else os.pipe()
        settings = {**json.loads(env[SETTINGS_ENV]), "messages": writing, "word": self._word}
        try:
            process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**env, SETTINGS_ENV: json.dumps(settings)},
                pass_fds=(writing,) if reading >= 0 else (),
            )
        except OSError:
            if reading >= 0:
                os.close(reading)
            raise
        finally:
            if reading >= 0:
                os.close(writing)
        if reading >= 0:
            return process, os.fdopen(reading, "rb")
        return process, cast(IO[bytes], process.stdout)

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
            self._calls[number] = (call, future)
            message = json.dumps({"id": number, "call": call.call, "args": list(call.args)})
            try:
                # A pipe still accepts a message for a short time after its reader has ended.
                if self._ended or self._process.stdin is None:
                    raise BrokenPipeError
                self._process.stdin.write(message.encode() + b"\n")
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

    def require_responsive(self) -> None:
        """End a Node that is stuck in its module's script, and raise ConsoleEnded: no call of it can end."""
        self._pong.clear()
        with self._lock, contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.write(b'{"ping":true}\n')
                self._process.stdin.flush()
        if not self._pong.wait(PING_S) and self._process.poll() is None:
            self._stuck = f"did not respond for {PING_S:g} s: its script does not end, and the gate ended its process"
            self._process.kill()
            raise self._end()

    def close(self) -> None:
        """End the Node; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        try:
            self._process.wait(END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            # What the module started may hold its output open for ever.
            reader.join(END_S)

    def _read_messages(self) -> None:
        """Read the messages of Node until it ends; then no call is left waiting."""
        word = self._word.encode()
        while line := self._messages.readline(LONGEST_MESSAGE):
            message = _message(line.removeprefix(word)) if line.startswith(word) else None
            if message is not None:
                self._take(message)
            elif line.endswith(b"\n"):
                with self._lock:
                    self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))
            else:
                self._stuck = f"returned more than {LONGEST_MESSAGE >> 20} MiB: the gate ended its process"
                self._process.kill()
        self._messages.close()
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
                self._lines.extend(str(message["line"]).splitlines())
        elif "request" in message:
            with self._lock:
                self._requests.append(_request(message["request"]))
        elif "pong" in message:
            self._pong.set()
        elif "relative" in message:
            self.relative = True
        elif "trial" in message:
            self._tried.set_result(message["trial"])
        elif "ready" in message:
            self._loaded.set_result(message)
        else:
            failure = LoadError(self._module, message["failed"], asked=message["asked"], lacking=message["mistake"])
            self._loaded.set_exception(failure)

    def _read_lines(self, stream: IO[bytes]) -> None:
        """Keep what the module writes to its standard output, past the gate's own script, or to standard error."""
        with stream:
            while line := stream.readline(LONGEST):
                with self._lock:
                    self._lines.append(line.decode("utf-8", "replace").rstrip("\n"))

    def _returned(self, message: dict[str, Any]) -> None:
        with self._lock:
            call, future = self._calls.pop(message["id"])
        future.set_result(returned_output("module", call, message))

    def _end(self) -> ConsoleEnded:
        """The error about a Node that has ended unexpectedly."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        # Its last words may not have been read yet.
        for reader in self._readers[:-1]:
            reader.join(END_S)
        code = self._process.returncode
        with self._lock:
            last = self._lines[-LAST_LINES:]
        if self._stuck:
            return ConsoleEnded("client module", self._stuck, exit_code=code, output="\n".join(last))
        how = "ended its process" if code is None else f"ended its process with {_exit_words(code)}"
        return ConsoleEnded("client module", how, exit_code=code, output="\n".join(last))


def _message(text: bytes) -> dict[str, Any] | None:
    """A message of the gate's own script, None for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


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
    settings = {
        "base": base,
        "window": window,
        "create": create,
        "env": build_variables(env),
        "trial": trial,
        "functions": function_names(),
        "calls": [_TRIED[part]() for part in _parts()],
    }
    return {**kept, **env, SETTINGS_ENV: json.dumps(settings)}


#: What each function of a module is called with when it is tried.
_TRIED: Mapping[Part, Callable[[], list[object]]] = {
    "execute": lambda: ["PING"],
    "audit": lambda: list(usual_query(None, None)),
    "memory": list,
}


def function_names() -> list[str]:
    """The names of the functions: the one that executes, the one that reads the list, the one for the memory."""
    return [call_of(part) for part in _parts()]


def _parts() -> list[Part]:
    """What a module has a function for: a contract may lack the list, or the memory."""
    named = spoken().functions
    return [part for part in _TRIED if part in named or not named]


def build_variables(env: Mapping[str, str]) -> dict[str, object]:
    """What a module finds in `import.meta.env`: the console's own variables, and what Vite says of its build."""
    own = {name: value for name, value in env.items() if name not in PASSED_ON and not name.startswith("LC_")}
    usual = {"MODE": "production", "DEV": False, "PROD": True, "SSR": False, "BASE_URL": "/"}
    return {**usual, **{name: value for name, value in own.items() if name not in SET_BY_GATE}}
