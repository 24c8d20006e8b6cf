"""Whether a program is ready: it responds to one address with 2xx or 3xx."""

from __future__ import annotations

import time
from collections.abc import Callable

import httpx

from technogate.util.http_client import http_client

#: Seconds between two probes of a program that starts, and that one probe may take: a page may be compiled first.
POLL_S, PROBE_S = 0.03, 5.0


def wait_for(url: str, timeout_s: float, given_up: Callable[[], bool]) -> str:
    """Probe `url` until it responds with 2xx or 3xx: "".

    After `timeout_s` seconds, or as soon as `given_up` is true, return what the last probe observed instead.
    """
    deadline = time.monotonic() + timeout_s
    why = "no response"
    while not given_up():
        left = deadline - time.monotonic()
        if left <= 0:
            return why
        why = probe(url, min(PROBE_S, max(left, POLL_S)))
        if not why:
            return ""
        time.sleep(POLL_S)
    return why


def probe(url: str, timeout_s: float) -> str:
    """Request `url` once: "" for a status of 2xx or 3xx, else what was observed instead."""
    try:
        with http_client(url, timeout_s) as client, client.stream("GET", url) as response:
            status = response.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    return "" if status // 100 in (2, 3) else f"status {status}"
