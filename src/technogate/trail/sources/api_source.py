"""The audit trail as the backend's own API tells it."""

from __future__ import annotations

import time
from collections import deque

import httpx
import msgspec

from technogate.drivers.http.pace import Pace, retry_after
from technogate.model.events import TrailEntry
from technogate.trail.entry import MOST, TrailError, entry_of
from technogate.util.http_client import http_client

#: Seconds that one reading may take: as long as the contract gives any answer.
TIMEOUT_S = 15.0
#: How many trace ids of its own reads are remembered; a reading shows fewer entries.
REMEMBERED = 4 * MOST


class ApiSource:
    """Reads `GET /api/audit` with the pair's key, and once more, as late as asked, where it answers 429."""

    def __init__(self, url: str, api_key: str, path: str = "/api/audit") -> None:
        """Read from the backend at the base URL `url`."""
        self._url = url.rstrip("/") + path
        self._headers = {"X-API-Key": api_key, "User-Agent": "technogate-audit"}
        self._own: deque[str] = deque(maxlen=REMEMBERED)
        self._pace = Pace()

    @property
    def name(self) -> str:
        """What reports call this source."""
        return f"api {self._url}"

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """The trace ids of the latest reads: the backend may have recorded them."""
        return tuple(self._own)

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most `limit` and 1000; raises TrailError."""
        attempt = 0
        while (response := self._ask(limit)).status_code == httpx.codes.TOO_MANY_REQUESTS:
            # A limit of the rate is no reason to take the trail for unreadable.
            asked_s = retry_after(response.headers.get("retry-after"), time.time())
            if not self._pace.limited(asked_s, attempt):
                break
            attempt += 1
        if response.status_code != httpx.codes.OK:
            raise TrailError(f"{self.name} cannot be read: it answers {response.status_code}")
        return self._entries(response.content)

    def _ask(self, limit: int) -> httpx.Response:
        """The answer to one request, at the pace that the backend allows; raises TrailError where there is none."""
        self._pace.wait()
        query = {"filter": "all", "limit": str(min(limit, MOST))}
        try:
            with http_client(self._url, TIMEOUT_S) as client:
                response = client.get(self._url, params=query, headers=self._headers)
        except httpx.HTTPError as error:
            raise TrailError(f"{self.name} cannot be read: {str(error) or type(error).__name__}") from error
        if trace := response.headers.get("x-trace-id"):
            self._own.append(trace)
        return response

    def _entries(self, raw: bytes) -> tuple[TrailEntry, ...]:
        try:
            found = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TrailError(f"{self.name} cannot be read: its answer is not JSON ({error})") from error
        if not isinstance(found, list):
            says = f": it says {found['status']}" if isinstance(found, dict) and "status" in found else ""
            raise TrailError(f"{self.name} cannot be read: its answer is not a list{says}")
        for number, entry in enumerate(found, 1):
            if not isinstance(entry, dict):
                raise TrailError(f"{self.name} cannot be read: entry {number} is not an object")
        return tuple(entry_of(entry) for entry in found)
