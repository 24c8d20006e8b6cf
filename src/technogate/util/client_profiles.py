"""What the requests of usual HTTP clients look like: the gate's own look like those of one or another.

A backend must be right for every client. One that knew the gate by its requests could be right for the gate alone, so
nothing in them names it, and no trait is in all of them: neither a user agent, nor a header, nor the order of headers,
nor a connection that has carried a request before.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

HeaderPairs = tuple[tuple[str, str], ...]

#: One request in so many goes out on a connection of its own.
FRESH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientProfile:
    """The headers that one client sends beside those of a request, `before` and `after` them; `Host` is among them."""

    before: HeaderPairs
    after: HeaderPairs = ()
    fresh: bool = False

    def headers(self, host: str, own: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """All headers of a request to `host` that has its `own` ones."""
        pairs = [*self.before, *own, *self.after]
        return [(name, host if name.lower() == "host" else value) for name, value in pairs]

    @property
    def agent(self) -> str:
        """Its user agent."""
        return next(value for name, value in (*self.before, *self.after) if name.lower() == "user-agent")


_HOST = ("Host", "")
_CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"
)
_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
_SAFARI = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15"
)

PROFILES = (
    ClientProfile(before=(_HOST, ("User-Agent", "curl/8.5.0"), ("Accept", "*/*"))),
    ClientProfile(
        before=(_HOST, ("User-Agent", "Wget/1.21.4"), ("Accept", "*/*"), ("Accept-Encoding", "identity")),
        after=(("Connection", "Keep-Alive"),),
    ),
    ClientProfile(
        before=(
            _HOST,
            ("User-Agent", "python-requests/2.32.3"),
            ("Accept-Encoding", "gzip, deflate"),
            ("Accept", "*/*"),
            ("Connection", "keep-alive"),
        )
    ),
    ClientProfile(before=(_HOST, ("User-Agent", "Go-http-client/1.1")), after=(("Accept-Encoding", "gzip"),)),
    ClientProfile(
        before=(_HOST, ("Connection", "keep-alive")),
        after=(("Accept", "*/*"), ("User-Agent", "node"), ("Accept-Encoding", "gzip, deflate")),
    ),
    ClientProfile(
        before=(("Accept", "application/json, text/plain, */*"),),
        after=(
            ("User-Agent", "axios/1.7.2"),
            ("Accept-Encoding", "gzip, deflate"),
            _HOST,
            ("Connection", "keep-alive"),
        ),
    ),
    ClientProfile(before=(("User-Agent", "Java-http-client/21.0.3"), _HOST), after=(("Accept", "application/json"),)),
    ClientProfile(
        before=(_HOST, ("Connection", "keep-alive")),
        after=(("User-Agent", _CHROME), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")),
    ),
    ClientProfile(
        before=(_HOST, ("User-Agent", _FIREFOX), ("Accept", "*/*"), ("Accept-Encoding", "gzip, deflate")),
        after=(("Connection", "keep-alive"),),
    ),
    ClientProfile(
        before=(_HOST, ("Accept", "application/json")),
        after=(("Connection", "keep-alive"), ("User-Agent", _SAFARI), ("Accept-Encoding", "gzip, deflate")),
    ),
)


def profile_of(*drawn_by: object) -> ClientProfile:
    """The profile of a request, drawn by what it is: the same request of the same run always looks the same."""
    number = zlib.crc32(repr(drawn_by).encode("utf-8", "backslashreplace"))
    chosen = PROFILES[number % len(PROFILES)]
    fresh = number // len(PROFILES) % FRESH == 0
    return ClientProfile(before=chosen.before, after=chosen.after, fresh=fresh)
