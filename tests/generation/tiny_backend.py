"""A tiny backend that conforms to the contract, with one defect that a test plants."""

from __future__ import annotations

import itertools
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.stand_in import Handler, StandIn, StandInRequest, http_response

KEY = "Tiny-Key_4f1c88aZ"
STATUSES = ("APPROVED", "BLOCKED", "EXPIRED", "WARNING", "NEUTRAL")
OUTCOMES = {"PING": "APPROVED", "CHECK": "WARNING", "NOOP": "NEUTRAL", "OLD": "EXPIRED", "WIPE": "BLOCKED"}
PATHS = {"/api/execute": "POST", "/api/audit": "GET", "/api/diagnostic/metrics": "GET", "/api/memory": "GET"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestReceived:
    """One received request; `fields` are the members of a JSON object."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: list[tuple[str, str]]
    body: bytes
    fields: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class PlannedResponse:
    """One response before it is sent; a defect may change any of it."""

    status: int
    body: object
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None


Defect = Callable[["TinyBackend", RequestReceived, PlannedResponse], PlannedResponse]


class TinyBackend:
    """State and decisions; `defect` sees each request with the right response and returns the response to send."""

    def __init__(self, defect: Defect | None = None, outcomes: Mapping[str, str] = OUTCOMES) -> None:
        self.defect = defect
        self.outcomes = outcomes
        self.numbers = itertools.count(1)
        self.entries: list[dict[str, str]] = []
        self.snapshot: dict[str, str] | None = None
        self.requests: list[RequestReceived] = []
        self.lock = threading.Lock()

    def response(self, request: RequestReceived) -> tuple[PlannedResponse, str]:
        """The response to one request, and its trace id."""
        with self.lock:
            trace_id = f"tiny-{next(self.numbers)}"
            self.requests.append(request)
            response = self._decide(request, trace_id)
            return (self.defect(self, request, response) if self.defect else response), trace_id

    def _decide(self, request: RequestReceived, trace_id: str) -> PlannedResponse:
        if request.path not in PATHS:
            return error(404, trace_id, "RESOURCE_NOT_FOUND")
        if request.method != PATHS[request.path]:
            response = error(405, trace_id, "METHOD_NOT_ALLOWED")
            response.headers["Allow"] = PATHS[request.path]
            return response
        keys = [value for name, value in request.headers if name.lower() == "x-api-key"]
        if not any(keys) or keys != [KEY]:
            return self._refused(401 if not any(keys) else 403, trace_id, "API_KEY_INVALID")
        if request.path == "/api/execute":
            return self._execute(request, trace_id)
        if request.path == "/api/memory":
            return PlannedResponse(status=204 if self.snapshot is None else 200, body=self.snapshot)
        return self._audit(request, trace_id)

    def _execute(self, request: RequestReceived, trace_id: str) -> PlannedResponse:
        types = [value for name, value in request.headers if name.lower() == "content-type"]
        if len(types) != 1 or types[0].split(";")[0].strip().lower() != "application/json":
            return self._refused(415, trace_id, "VALIDATION_FAILED")
        if len(request.body) > 65536:
            return self._refused(413, trace_id, "PAYLOAD_TOO_LARGE")
        command, session = request.fields.get("command"), request.fields.get("session_id", "")
        good = isinstance(command, str) and re.fullmatch("[A-Z_]{3,32}", command)
        if not good or not (isinstance(session, str) and len(session) <= 128):
            return self._refused(400, trace_id, "VALIDATION_FAILED")
        status = self.outcomes.get(str(command), "BLOCKED")
        stamp = self._record(str(command), status, trace_id)
        if status in ("APPROVED", "WARNING", "NEUTRAL"):
            self.snapshot = {"command": str(command), "output": "", "timestamp": stamp, "status": status}
        reasons = [] if status in ("APPROVED", "WARNING", "NEUTRAL") else ["API_BLOCKED"]
        body = {"status": status, "ts_utc": stamp, "trace_id": trace_id, "reason_codes": reasons}
        return PlannedResponse(status=200, body=body)

    def _audit(self, request: RequestReceived, trace_id: str) -> PlannedResponse:
        query = dict(request.query)
        state, limit = query.get("filter", "all"), query.get("limit", "50")
        if state not in ("all", *STATUSES) or not re.fullmatch("[1-9][0-9]{0,3}", limit) or int(limit) > 1000:
            return self._refused(400, trace_id, "VALIDATION_FAILED")
        matching = [entry for entry in reversed(self.entries) if state in ("all", entry["state"])]
        return PlannedResponse(status=200, body=matching[: int(limit)])

    def _refused(self, status: int, trace_id: str, reason: str) -> PlannedResponse:
        self._record("EXECUTE", "BLOCKED", trace_id)
        return error(status, trace_id, reason)

    def _record(self, action: str, state: str, trace_id: str) -> str:
        result = "SUCCESS" if state in ("APPROVED", "WARNING", "NEUTRAL") else "FAILED"
        entry = {"timestamp": now(), "action": action, "result": result, "state": state, "trace_id": trace_id}
        self.entries.append(entry)
        return entry["timestamp"]


def now() -> str:
    """The current time in the contract's format."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def error(status: int, trace_id: str, reason: str) -> PlannedResponse:
    """A valid ErrorResponse."""
    body = {"status": "BLOCKED", "ts_utc": now(), "trace_id": trace_id, "reason_codes": [reason], "message": "no"}
    return PlannedResponse(status=status, body=body)


def strict(body: bytes) -> dict[str, Any]:
    """The members of a strict JSON object in UTF-8, empty for anything else."""

    def refuse(word: str) -> object:
        raise ValueError(word)

    try:
        value = json.loads(body.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def handler_of(backend: TinyBackend) -> Handler:
    """Return a handler that serves the decisions of `backend`."""

    def handler(received: StandInRequest) -> bytes | None:
        request = RequestReceived(
            method=received.method,
            path=received.path,
            query=received.query,
            headers=list(received.headers),
            body=received.body,
            fields=strict(received.body),
        )
        response, trace_id = backend.response(request)
        if response.status == 0:  # a crash: the connection ends without a response
            return None
        raw = (
            response.raw
            if response.raw is not None
            else b""
            if response.body is None
            else json.dumps(response.body).encode()
        )
        body = b"" if response.status == 204 else raw
        return http_response(response.status, body, headers={"X-Trace-Id": trace_id, **response.headers})

    return handler


@contextmanager
def serving(backend: TinyBackend) -> Iterator[str]:
    """Serve `backend` on a free port of loopback; yields the base URL."""
    with StandIn(handler_of(backend)) as server:
        yield server.url
