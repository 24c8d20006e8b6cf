"""A backend that responds correctly, one connection after the other: `-m tests.suites.one_at_a_time PORT SECONDS`.

Its slow command hangs for SECONDS; while it does, and while any connection is open, nobody else is served.
"""

from __future__ import annotations

import sys
import time
import uuid
from datetime import UTC, datetime

from tests.stand_in import StandIn, StandInRequest, http_response


class Serial:
    """State and decisions; it checks neither the key nor the form of a request."""

    def __init__(self, hangs_s: float) -> None:
        self._hangs_s = hangs_s
        self._snapshot: dict[str, str] | None = None
        self._entries: list[dict[str, str]] = []

    def respond(self, request: StandInRequest) -> bytes:
        """Health, memory, audit log and execute."""
        if request.method == "POST":
            return self._execute(request.json["command"])
        if request.path == "/health":
            return self._response(200, {"status": "ok"})
        if request.path == "/api/audit":
            return self._response(200, self._entries[::-1][:1000])
        return self._response(204, b"") if self._snapshot is None else self._response(200, self._snapshot)

    def _execute(self, command: str) -> bytes:
        if command == "SLOW":
            time.sleep(self._hangs_s)
        status, reasons = ("BLOCKED", ["TIMEOUT"]) if command == "SLOW" else ("APPROVED", [])
        trace_id, at = str(uuid.uuid4()), datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        result = "SUCCESS" if status == "APPROVED" else "FAILED"
        self._entries.append(
            {"timestamp": at, "action": command, "result": result, "state": status, "trace_id": trace_id}
        )
        if status == "APPROVED":
            self._snapshot = {"command": command, "output": "", "timestamp": at, "status": status}
        body = {"status": status, "ts_utc": at, "trace_id": trace_id, "reason_codes": reasons}
        return self._response(200, body, trace_id)

    def _response(self, status: int, body: object, trace_id: str = "") -> bytes:
        """One response; the connection ends with it, so that the next client gets its turn."""
        headers = {"X-Trace-Id": trace_id or str(uuid.uuid4()), "Connection": "close"}
        return http_response(status, body, headers=headers)


if __name__ == "__main__":
    StandIn(Serial(float(sys.argv[2])).respond, port=int(sys.argv[1]), backlog=512, one_at_a_time=True).join()
