"""The audit trail as the backend's own API returns it."""

from __future__ import annotations

import time
from collections import deque

import httpx
import msgspec

from technogate.drivers.http.pace import Pace, RateLimit, rate_limit
from technogate.model.contract_words import spoken
from technogate.model.events import TrailEntry
from technogate.trail.entry import MOST, TrailError, entry_of
from technogate.util.http_client import http_client
from technogate.util.strict_json import DEEPEST, nested_too_deeply

#: Seconds that one reading may take: as long as the contract allows any response.
TIMEOUT_S = 15.0
#: How many trace ids of its own reads are remembered; a reading shows fewer entries.
REMEMBERED = 4 * MOST


class ApiSource:
    """Reads the audit list with the pair's key, and again, after the pause that it requests, after a 429."""

    def __init__(self, url: str, api_key: str) -> None:
        """Read from the backend at the base URL `url`."""
        self._words = spoken()
        self._url = url.rstrip("/") + self._words.audit_path
        self._headers = dict(self._words.credential(api_key))
        self._own: deque[str] = deque(maxlen=REMEMBERED)
        self._pace = Pace(measured=False)

    @property
    def name(self) -> str:
        """The name of this source in reports."""
        return f"api {self._url}"

    @property
    def own_trace_ids(self) -> tuple[str, ...]:
        """The trace ids of the latest reads: the backend may have recorded them."""
        return tuple(self._own)

    @property
    def notes(self) -> tuple[str, ...]:
        """None: what the API returns has the contract's form."""
        return ()

    def take_other(self) -> str:
        """Nothing: everything that the API returns is an entry."""
        return ""

    def read(self, limit: int = MOST) -> tuple[TrailEntry, ...]:
        """The newest entries, newest first, at most `limit` and 1000; raises TrailError."""
        # A rate limit does not make the audit trail unreadable.
        response = self._pace.send(lambda _: self._request(limit), _rate_limit_of)
        if response.status_code != httpx.codes.OK:
            raise TrailError(f"{self.name} cannot be read: it responds {response.status_code}")
        return self._entries(response.content)

    def _request(self, limit: int) -> httpx.Response:
        """The response to one request; raises TrailError when there is none."""
        words = self._words
        most = min(limit, words.limit_most or MOST)
        query = {words.filter_parameter: words.filter_usual, words.limit_parameter: str(most)}
        try:
            with http_client(self._url, TIMEOUT_S) as client:
                response = client.get(self._url, params=query, headers=self._headers)
        except httpx.HTTPError as error:
            raise TrailError(f"{self.name} cannot be read: {str(error) or type(error).__name__}") from error
        if trace := response.headers.get(words.trace_header):
            self._own.append(trace)
        return response

    def _entries(self, raw: bytes) -> tuple[TrailEntry, ...]:
        if nested_too_deeply(raw):
            raise TrailError(f"{self.name} cannot be read: its response is nested more than {DEEPEST} deep")
        try:
            value = msgspec.json.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise TrailError(f"{self.name} cannot be read: its response is not JSON ({error})") from error
        if not isinstance(value, list):
            status = self._words.name("envelope", "status")
            detail = f": its {status} is {value[status]}" if isinstance(value, dict) and status in value else ""
            raise TrailError(f"{self.name} cannot be read: its response is not a list{detail}")
        for number, entry in enumerate(value, 1):
            if not isinstance(entry, dict):
                raise TrailError(f"{self.name} cannot be read: entry {number} is not an object")
        return tuple(entry_of(entry) for entry in value)


def _rate_limit_of(response: httpx.Response) -> RateLimit | None:
    return rate_limit(response.status_code, response.headers.get("retry-after"), time.time())
