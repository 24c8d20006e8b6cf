"""Starts the reference backend as a process of its own, for tests over real HTTP."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.conftest import STUCK_S
from tests.ports import kept_port

HOME = Path(__file__).parents[2] / "images" / "backend"
KEY = "test-Key_7f3a9c"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A running reference backend; `client` sends the key with every request, `stranger` sends none."""

    process: subprocess.Popen[bytes]
    client: httpx.Client
    stranger: httpx.Client
    port: int
    database: Path
    log: Path

    def execute(self, command: str, **fields: object) -> httpx.Response:
        """Send one valid execute request."""
        return self.client.post("/api/execute", json={"command": command, **fields})

    def trail(self, **query: str | int) -> list[dict[str, str]]:
        """Return the newest entries of the audit trail from `/api/audit`."""
        response = self.client.get("/api/audit", params={"limit": 1000, **query})
        assert response.status_code == 200, response.text
        entries: list[dict[str, str]] = response.json()
        return entries

    def entries_of(self, response: httpx.Response) -> list[dict[str, str]]:
        """The entries that have the response's trace id."""
        return [entry for entry in self.trail() if entry["trace_id"] == response.headers["x-trace-id"]]

    def connect(self) -> socket.socket:
        """Open a raw connection, for bytes that no HTTP client sends; reading from it ends after a timeout."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=STUCK_S)


def environment(database: Path, **settings: str) -> dict[str, str]:
    """The environment of a backend: that of the test run without its `TECHNO_…` variables, with the given ones."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TECHNO_")}
    ours = {
        "PYTHONPATH": str(HOME),
        "TECHNO_API_KEY": KEY,
        "TECHNO_DATABASE_URL": f"sqlite:///{database.as_posix()}",
    }
    return {**inherited, **ours, **settings}


@contextmanager
def running_backend(folder: Path, **settings: str) -> Iterator[Backend]:
    """Start a backend with its trail in `folder`, wait until it is healthy, and end it in any case."""
    database, log = folder / "trail.db", folder / "backend.log"
    command = [sys.executable, "-m", "techno_backend", "--host", "127.0.0.1", "--port"]
    with (
        kept_port() as port,
        log.open("ab") as output,
        subprocess.Popen(
            [*command, str(port)], cwd=folder, env=environment(database, **settings), stdout=output, stderr=output
        ) as process,
    ):
        try:
            address = f"http://127.0.0.1:{port}"
            with (
                httpx.Client(base_url=address, headers={"X-API-Key": KEY}, timeout=STUCK_S, trust_env=False) as client,
                httpx.Client(base_url=address, timeout=STUCK_S, trust_env=False) as stranger,
            ):
                _wait_until_healthy(process, client, log)
                yield Backend(process=process, client=client, stranger=stranger, port=port, database=database, log=log)
        finally:
            process.kill()


def _wait_until_healthy(process: subprocess.Popen[bytes], client: httpx.Client, log: Path) -> None:
    deadline = time.monotonic() + STUCK_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if client.get("/health").json() == {"status": "ok"}:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise RuntimeError(f"the backend did not start: {log.read_text()}")


def assert_error(response: httpx.Response, status: int, reason: str) -> dict[str, Any]:
    """Check that the response is an `ErrorResponse` with this HTTP status and reason code, and return its body."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    body: dict[str, Any] = response.json()
    assert body["status"] == "BLOCKED"
    assert body["reason_codes"] == [reason]
    assert body["trace_id"] == response.headers["x-trace-id"]
    assert body["ts_utc"].endswith("Z")
    assert 1 <= len(body["message"]) <= 200
    return body
