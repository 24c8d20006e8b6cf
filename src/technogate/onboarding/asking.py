"""Requests to a backend that is being looked at: few, each with a limit in time, none sent twice."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from technogate.drivers.http.pace import rate_limit
from technogate.util.http_client import http_client

#: Seconds that a request may take where nothing is known to be slow.
LIMIT_S = 8.0
#: The longest pause that a 429 may ask for here, in seconds, and how often a request is repeated after one.
LONGEST_PAUSE_S, _PAUSES = 60.0, 2
#: Seconds between two looks at a program that does not accept connections yet.
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request came to: `status` 0 without an answer, `error` says why; `value` is its JSON, None without."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    value: Any = None
    error: str = ""

    @property
    def trace_id(self) -> str:
        """The trace id of the answer, from its body or its header; "" without."""
        body = self.value.get("trace_id") if isinstance(self.value, dict) else None
        return body if isinstance(body, str) and body else self.headers.get("x-trace-id", "")

    @property
    def state(self) -> str:
        """The `status` of its body, "" without."""
        found = self.value.get("status") if isinstance(self.value, dict) else None
        return found if isinstance(found, str) else ""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reason codes of its body."""
        found = self.value.get("reason_codes") if isinstance(self.value, dict) else None
        return tuple(map(str, found)) if isinstance(found, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A backend at `base` (scheme, host, port), the path that its operations begin with, and the key."""

    base: str
    key: str
    prefix: str = ""
    key_header: str = "X-API-Key"

    def ask(
        self,
        method: str,
        path: str,
        *,
        key: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        limit_s: float = LIMIT_S,
    ) -> Answer:
        """Send one request below the prefix; `key` None sends the right one, "" none."""
        return self.ask_at(f"{self.prefix}{path}", method, key=key, body=body, headers=headers, limit_s=limit_s)

    def ask_at(
        self,
        path: str,
        method: str = "GET",
        *,
        key: str | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        limit_s: float = LIMIT_S,
    ) -> Answer:
        """The same for a path from the root; waits where a 429 says for how long, up to a minute."""
        sent = self.key if key is None else key
        wanted = {**({self.key_header: sent} if sent else {}), **(headers or {})}
        answer = self._once(path, method, wanted, body, limit_s)
        for _ in range(_PAUSES):
            limited = rate_limit(answer.status, answer.headers.get("retry-after"), time.time())
            if limited is None or limited.pause_s is None or limited.pause_s > LONGEST_PAUSE_S:
                break
            time.sleep(limited.pause_s)
            answer = self._once(path, method, wanted, body, limit_s)
        return answer

    def _once(self, path: str, method: str, headers: Mapping[str, str], body: object, limit_s: float) -> Answer:
        try:
            with http_client(self.base, limit_s) as client:
                content = None if body is None else msgspec.json.encode(body)
                typed = {} if body is None else {"Content-Type": "application/json"}
                response = client.request(method, self.base + path, content=content, headers={**typed, **headers})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            late = isinstance(error, httpx.TimeoutException)
            why = f"no answer within {limit_s:g} s" if late else str(error) or type(error).__name__
            return Answer(status=0, error=why)
        return Answer(
            status=response.status_code,
            headers={name.lower(): value for name, value in response.headers.items()},
            text=response.text,
            value=_json(response.content),
        )

    def execute(self, command: str, *, limit_s: float = LIMIT_S) -> Answer:
        """Run one command with the right key."""
        return self.ask("POST", "/api/execute", body={"command": command}, limit_s=limit_s)


def _json(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def wait_for_answer(backend: Backend, limit_s: float) -> Answer:
    """Ask for `/` until anything answers, at most `limit_s` seconds; the last answer."""
    deadline = time.monotonic() + limit_s
    while True:
        answer = backend.ask_at("/", key="", limit_s=LIMIT_S)
        if answer.status or time.monotonic() > deadline:
            return answer
        time.sleep(_POLL_S)
