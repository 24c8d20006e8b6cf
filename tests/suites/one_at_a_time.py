"""A backend that answers rightly, one connection after the other: `python one_at_a_time.py PORT SECONDS`.

Its slow command hangs for SECONDS; while it does, and while any connection is open, nobody else is served.
"""

from __future__ import annotations

import http.server
import json
import os
import sys
import time
import uuid
from datetime import UTC, datetime
from typing import Any

KEY = os.environ["KEY"]
HANGS_S = float(sys.argv[2])


def now() -> str:
    """This moment as the contract writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves what the faults need."""

    protocol_version = "HTTP/1.1"
    snapshot: dict[str, str] | None = None
    entries: list[dict[str, str]] = []  # noqa: RUF012 - the whole server's, on purpose

    def do_GET(self) -> None:
        """Health, memory and trail."""
        if self.path == "/health":
            self.response(200, {"status": "ok"})
        elif self.path.startswith("/api/audit"):
            self.response(200, Handler.entries[::-1][:1000])
        elif Handler.snapshot is None:
            self.response(204, None)
        else:
            self.response(200, Handler.snapshot)

    def do_POST(self) -> None:
        """Execute, without a look at the key or the form."""
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        command = json.loads(raw)["command"]
        if command == "SLOW":
            time.sleep(HANGS_S)
        status, reasons = ("BLOCKED", ["TIMEOUT"]) if command == "SLOW" else ("APPROVED", [])
        trace_id, at = str(uuid.uuid4()), now()
        result = "SUCCESS" if status == "APPROVED" else "FAILED"
        Handler.entries.append(
            {"timestamp": at, "action": command, "result": result, "state": status, "trace_id": trace_id}
        )
        if status == "APPROVED":
            Handler.snapshot = {"command": command, "output": "", "timestamp": at, "status": status}
        self.response(200, {"status": status, "ts_utc": at, "trace_id": trace_id, "reason_codes": reasons}, trace_id)

    def response(self, status: int, value: Any, trace_id: str = "") -> None:
        """One answer; the connection ends with it, so that the next client gets its turn."""
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("X-Trace-Id", trace_id or str(uuid.uuid4()))
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(http.server.HTTPServer):
    """One at a time; a client that breaks off is no reason to write a trace."""

    request_queue_size = 512

    def handle_error(self, *_: object) -> None:
        """Go on with the next."""


if __name__ == "__main__":
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
