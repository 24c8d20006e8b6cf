"""Statuses, reason codes, and the bodies of the backend's responses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum

from starlette.responses import Response


class Status(StrEnum):
    """The five statuses of the contract. When in doubt it is BLOCKED."""

    APPROVED = "APPROVED"
    BLOCKED = "BLOCKED"
    EXPIRED = "EXPIRED"
    WARNING = "WARNING"
    NEUTRAL = "NEUTRAL"

    @property
    def executed(self) -> bool:
        """Whether a command with this status was carried out: then it is the new memory snapshot."""
        return self not in (Status.BLOCKED, Status.EXPIRED)


class Reason(StrEnum):
    """The reason codes that this backend itself uses; an executor may add others."""

    API_KEY_INVALID = "API_KEY_INVALID"
    API_BLOCKED = "API_BLOCKED"
    VALIDATION_FAILED = "VALIDATION_FAILED"
    RATE_LIMITED = "RATE_LIMITED"
    TIMEOUT = "TIMEOUT"
    UNKNOWN_COMMAND = "UNKNOWN_COMMAND"
    UNKNOWN_STATUS = "UNKNOWN_STATUS"
    RESOURCE_NOT_FOUND = "RESOURCE_NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    SESSION_EXPIRED = "SESSION_EXPIRED"
    PAYLOAD_TOO_LARGE = "PAYLOAD_TOO_LARGE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    AUDIT_UNAVAILABLE = "AUDIT_UNAVAILABLE"


class RefusalError(Exception):
    """A request gets an `ErrorResponse` of HTTP status `http_status`.

    The texts are fixed sentences: nothing that came with the request or from the system is in them (ERR-03).
    """

    def __init__(
        self, http_status: int, reason: Reason, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.reason = reason
        self.message = message
        self.headers = dict(headers or {})


def utc_now() -> str:
    """The time as RFC 3339 in UTC, to the microsecond and of fixed width, so that it sorts as text."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def json_answer(body: object, http_status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response with the JSON of `body`.

    Raises:
        ValueError: `body` holds a number that JSON has no form for.
    """
    content = json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
    return Response(content, status_code=http_status, headers=headers, media_type="application/json")


def error_answer(refusal: RefusalError, trace_id: str) -> Response:
    """The `ErrorResponse` for `refusal` (ERR-01, ERR-02)."""
    return json_answer(error_body(refusal, trace_id), refusal.http_status, refusal.headers)


def error_body(refusal: RefusalError, trace_id: str) -> dict[str, object]:
    """The fields of an `ErrorResponse`."""
    return {
        "status": Status.BLOCKED,
        "ts_utc": utc_now(),
        "trace_id": trace_id,
        "reason_codes": [refusal.reason],
        "message": refusal.message,
    }
