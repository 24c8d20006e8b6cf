"""Whether a program is ready: it responds to one of its addresses with 2xx or 3xx."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httpx

from technogate.target.served_address import origin, ready_urls
from technogate.util.http_client import http_client
from technogate.util.tls import refused_certificate

#: Seconds between two probes of a program that starts, and that one probe may take: a page may be compiled first.
POLL_S, PROBE_S = 0.03, 5.0
#: Seconds that a connection may take which only shows whether there is a server, or which protocol it speaks.
CONNECT_S = 1.0
#: Seconds for which a server must have refused the ready path before it counts as one that has no such path.
WRONG_PATH_S = 4.0
#: Paths by which programs usually show that they are ready, the likeliest first; any response of `/` shows a server.
USUAL_PATHS = ("/health", "/healthz", "/ready", "/readyz", "/livez", "/status", "/ping", "/api/health", "/")
#: What OpenSSL reports of a server that responds without TLS.
_NO_TLS = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
#: The status with which some servers respond to HTTP where they speak TLS.
_BAD_REQUEST = 400
#: Refusals that say nothing of the path: too early, too often.
_ASKS_TO_WAIT = (408, 425, 429)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The base URL at which a program serves, and the address that showed that it is ready."""

    base_url: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotReady:
    """The address that was probed last, what was observed there, and what to do about it where that is known."""

    url: str
    why: str
    hint: str = ""
    status: int = 0

    def __str__(self) -> str:
        return f"GET {self.url}: {self.why}{f'; {self.hint}' if self.hint else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What one probe observed. `hint` is what to do where no further probe can observe anything else.

    `odd` is whether there is a server, and what it sends may be meant for a client of another protocol.
    """

    status: int = 0
    why: str = ""
    hint: str = ""
    odd: bool = False


def find_ready(
    base_urls: Sequence[str], ready: str, timeout_s: float, given_up: Callable[[], bool]
) -> Ready | NotReady:
    """Probe each of `base_urls` until one is ready, for `timeout_s` seconds or until `given_up` is true.

    `ready` is a path or a URL. A path is tried at the origin too, where there is none below the base URL. A server that
    has refused it for some seconds, while it responds at another path, has no such path: that is returned at once.
    """
    deadline = time.monotonic() + timeout_s
    refused_since = 0.0
    last = NotReady(url=ready_urls(base_urls[0], ready)[0], why="no response")
    odd: set[str] = set()
    while not given_up():
        seen: list[NotReady] = []
        for base_url in base_urls:
            left = deadline - time.monotonic()
            if left <= 0:
                return last
            found = _look(base_url, ready, min(PROBE_S, max(left, POLL_S)), odd)
            if isinstance(found, Ready) or found.hint:
                return found
            seen.append(found)
        # A server that responds says more than an address at which nobody listens.
        last = next((one for one in seen if one.status), seen[0])
        refused_since = (refused_since or time.monotonic()) if _refuses(last) else 0.0
        if refused_since and time.monotonic() - refused_since > WRONG_PATH_S:
            if (other := _other_path(last.url, deadline)) is not None:
                return replace(last, hint=other)
            refused_since = 0.0
        time.sleep(POLL_S)
    return last


def _refuses(seen: NotReady) -> bool:
    """Whether a server has no such path, or wants a key for it; to wait or to ask less is another matter."""
    return 400 <= seen.status < 500 and seen.status not in _ASKS_TO_WAIT


def _other_path(refused: str, deadline: float) -> str | None:
    """What to write in place of a path that is refused: one that responds at the same server; None without one."""
    for path in USUAL_PATHS:
        url = origin(refused) + path
        if url == refused or time.monotonic() > deadline:
            continue
        if not (seen := _observe(url, PROBE_S)).why:
            return f'GET {path} responds with {seen.status}: write ready = "{path}"'
    return None


def find_line(
    base_urls: Sequence[str],
    pattern: str,
    has_line: Callable[[str], bool],
    timeout_s: float,
    given_up: Callable[[], bool],
) -> Ready | NotReady:
    """Wait until the output of a program has a line that matches `pattern`, and one of `base_urls` takes connections.

    Waits for `timeout_s` seconds, or until `given_up` is true.
    """
    deadline = time.monotonic() + timeout_s
    printed = False
    while not given_up() and time.monotonic() < deadline:
        printed = printed or has_line(pattern)
        listening = next((base_url for base_url in base_urls if _listens(base_url)), None) if printed else None
        if listening is not None:
            return Ready(base_url=listening, url="")
        time.sleep(POLL_S)
    why = "nobody listens there" if printed else f"no line of its output matches ready_log = {pattern!r}"
    return NotReady(url=base_urls[0], why=why)


def wait_for(url: str, timeout_s: float, given_up: Callable[[], bool]) -> str:
    """Probe `url` until it responds with 2xx or 3xx: "".

    After `timeout_s` seconds, or as soon as `given_up` is true, return what the last probe observed instead.
    """
    found = find_ready((url,), url, timeout_s, given_up)
    return "" if isinstance(found, Ready) else f"{found.why}{f'; {found.hint}' if found.hint else ''}"


def probe(url: str, timeout_s: float) -> str:
    """Request `url` once: "" for a status of 2xx or 3xx, else what was observed instead."""
    return _observe(url, timeout_s).why


def _look(base_url: str, ready: str, timeout_s: float, odd: set[str]) -> Ready | NotReady:
    """Probe the addresses of one base URL; `odd` are those whose protocol was looked at already."""
    last = NotReady(url=base_url, why="no response")
    for url in ready_urls(base_url, ready):
        seen = _observe(url, timeout_s)
        last = NotReady(url=url, why=seen.why, hint=seen.hint, status=seen.status)
        if not seen.why:
            # An address elsewhere says nothing of this one: somebody must listen here too.
            return Ready(base_url=base_url, url=url) if _same_server(url, base_url) or _listens(base_url) else last
        if seen.odd and url not in odd:
            odd.add(url)
            if _speaks_tls(url):
                return NotReady(url=url, why=seen.why, hint="it speaks TLS: say https in `serves`, or in `url`")
        if not 400 <= seen.status < 500:
            # Only a server without that path can have it elsewhere.
            break
    return last


def _observe(url: str, timeout_s: float) -> _Seen:
    """Request `url` once."""
    try:
        with http_client(url, timeout_s) as client, client.stream("GET", url) as response:
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if refused := refused_certificate(error):
            return _Seen(why=f"its certificate is refused: {refused}", hint=_certificate_hint(refused))
        why = str(error) or type(error).__name__
        hint = _tls_hint(why) if urlsplit(url).scheme == "https" else ""
        return _Seen(why=why, hint=hint, odd=isinstance(error, httpx.RemoteProtocolError | httpx.ReadError))
    why = "" if status // 100 in (2, 3) else f"status {status}"
    return _Seen(status=status, why=why, odd=status == _BAD_REQUEST)


def _tls_hint(why: str) -> str:
    """What to do about a failed handshake, where no further one can succeed."""
    if any(word in why for word in _NO_TLS):
        return "it does not speak TLS: say http in `serves`, or in `url`"
    if "CERTIFICATE_REQUIRED" in why:
        return "it asks its clients for a certificate, which is not supported: let it serve without"
    return ""


def _certificate_hint(refused: str) -> str:
    """What to do about a certificate that was refused."""
    if "expired" in refused or "not yet valid" in refused:
        return "give it one that is valid now"
    if "mismatch" in refused:
        return "name the host that the certificate is for, such as https://localhost"
    return "name the certificate that signed it, or itself when it is self-signed, with ca_file"


def _same_server(url: str, base_url: str) -> bool:
    return urlsplit(url).netloc == urlsplit(base_url).netloc


def _listens(url: str) -> bool:
    """Whether a connection to the server of `url` can be made."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=CONNECT_S).close()
    except OSError:
        return False
    return True


def _speaks_tls(url: str) -> bool:
    """Whether the server of an http address completes a TLS handshake, whatever its certificate."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        return False
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = (parts.hostname or "", parts.port or 80)
    try:
        with (
            socket.create_connection(address, timeout=CONNECT_S) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return True
    except OSError:
        return False
