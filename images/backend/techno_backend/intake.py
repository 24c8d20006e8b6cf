"""What a request must be: the key first, then size, form and values. Anything else is a `RefusalError`."""

from __future__ import annotations

import asyncio
import hmac
import json
import re
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl

from starlette.requests import Request

from .answers import Reason, RefusalError, Status
from .settings import BODY_LIMIT, BODY_SECONDS, HEAD_LIMIT

COMMAND = re.compile(r"[A-Z_]{3,32}")
SESSION_ID_LIMIT = 128
LIMIT_DEFAULT = 50
LIMIT_MAX = 1000
# JSON has one encoding and the media type no parameter; a charset that names it is harmless.
CONTENT_TYPE = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-8"?\s*)?', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecuteRequest:
    """A valid body of `POST /api/execute`."""

    command: str
    session_id: str | None


def invalid(message: str) -> RefusalError:
    """The refusal of a request that breaks the contract."""
    return RefusalError(400, Reason.VALIDATION_FAILED, message)


def check_key(request: Request, key: bytes) -> None:
    """Let only a request pass that has the key in one `X-API-Key` header (AUT-01, AUT-02, AUT-05).

    Raises:
        RefusalError: 401 without a key, 403 with another one or with several.
    """
    given = [value for name, value in request.scope["headers"] if name == b"x-api-key"]
    if not any(given):
        raise RefusalError(401, Reason.API_KEY_INVALID, "An API key is required.")
    # Bytes, not text: a key that is not ASCII is wrong and raises no error.
    if len(given) != 1 or not hmac.compare_digest(given[0], key):
        raise RefusalError(403, Reason.API_KEY_INVALID, "The API key is not valid.")


def check_head(request: Request) -> None:
    """Refuse a request whose target and headers are larger than any client needs.

    Raises:
        RefusalError: 400.
    """
    size = len(request.scope["raw_path"]) + len(request.scope["query_string"])
    size += sum(len(name) + len(value) for name, value in request.scope["headers"])
    if size > HEAD_LIMIT:
        raise invalid("The request's headers are too large.")


def check_content_type(request: Request) -> None:
    """Accept JSON alone (EXE-04).

    Raises:
        RefusalError: 415.
    """
    given = request.headers.getlist("content-type")
    if len(given) != 1 or not CONTENT_TYPE.fullmatch(given[0]):
        raise RefusalError(415, Reason.VALIDATION_FAILED, "The content type must be application/json.")


async def read_body(request: Request) -> bytes:
    """Read the body, but never more than is allowed (EXE-05).

    Raises:
        RefusalError: 413 for a body over the limit, as soon as that is known; 400 for one that comes too slowly.
        starlette.requests.ClientDisconnect: the client went away first.
    """
    too_large = RefusalError(413, Reason.PAYLOAD_TOO_LARGE, "The request's body is too large.")
    declared = request.headers.get("content-length", "")
    if declared and int(declared) > BODY_LIMIT:  # the parser lets nothing but digits pass
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise too_large
    except TimeoutError:
        raise RefusalError(
            400, Reason.VALIDATION_FAILED, "The request's body came too slowly.", {"Connection": "close"}
        ) from None
    return bytes(body)


def parse_execute(body: bytes) -> ExecuteRequest:
    """Read the body of an execute request (EXE-02, EXE-03, EXE-07, EXE-08).

    Raises:
        RefusalError: 400.
    """
    fields = _parse_json(body)
    if not isinstance(fields, dict):
        raise invalid("The request's body must be a JSON object.")
    command = fields.get("command")
    if not isinstance(command, str) or not COMMAND.fullmatch(command):
        raise invalid("The command must be 3 to 32 characters of A to Z and underscore.")
    session_id = fields.get("session_id")
    if "session_id" in fields and not (isinstance(session_id, str) and len(session_id) <= SESSION_ID_LIMIT):
        raise invalid("The session id must be a string of at most 128 characters.")
    return ExecuteRequest(command=command, session_id=session_id)


def _parse_json(body: bytes) -> object:
    """Strict JSON in UTF-8: no NaN, no duplicate keys, no halves of surrogate pairs, not too deep."""
    try:
        parsed: object = json.loads(body.decode("utf-8"), parse_constant=_no_constant, object_pairs_hook=_no_duplicates)
        if b"\\u" in body:
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError):
        raise invalid("The request's body is not valid JSON.") from None
    return parsed


def _no_constant(name: str) -> object:
    raise ValueError(name)


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("duplicate key")
    return fields


def parse_audit_query(request: Request) -> tuple[Status | None, int]:
    """Read `filter` and `limit`; no status means all of them (AUD-02, AUD-03, AUD-05).

    Raises:
        RefusalError: 400, also for a parameter that is empty or given twice.
    """
    try:
        pairs = parse_qsl(request.scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=100)
    except ValueError:
        raise invalid("The query is not valid.") from None
    known = [(name, value) for name, value in pairs if name in ("filter", "limit")]
    query = dict(known)
    if len(query) != len(known):
        raise invalid("A query parameter is given twice.")
    name = query.get("filter", "all")
    if name != "all" and name not in tuple(Status):
        raise invalid("The filter must be all or one of the five statuses.")
    limit = query.get("limit", str(LIMIT_DEFAULT))
    if not re.fullmatch(r"[1-9][0-9]{0,3}", limit) or int(limit) > LIMIT_MAX:
        raise invalid("The limit must be a whole number from 1 to 1000.")
    return (None if name == "all" else Status(name)), int(limit)


class RateLimit:
    """A bucket of tokens: `rate` requests per second, as many at once; 0 lets everything pass."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._size = max(rate, 1.0)
        self._tokens = self._size
        self._at = time.monotonic()

    def check(self) -> None:
        """Take a token.

        Raises:
            RefusalError: 429, with the seconds to wait in `Retry-After`.
        """
        if not self._rate:
            return
        now = time.monotonic()
        self._tokens = min(self._size, self._tokens + (now - self._at) * self._rate)
        self._at = now
        if self._tokens < 1:
            seconds = int((1 - self._tokens) / self._rate) + 1
            raise RefusalError(429, Reason.RATE_LIMITED, "Too many requests.", {"Retry-After": str(seconds)})
        self._tokens -= 1
