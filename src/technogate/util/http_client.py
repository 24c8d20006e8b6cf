"""The HTTP client for requests that are not cases: readiness probes, and reads of the audit trail."""

from __future__ import annotations

import ssl
from functools import cache
from urllib.parse import urlsplit

import httpx

from technogate.util.tls import tls_context


def http_client(url: str, timeout_s: float) -> httpx.Client:
    """Return a client for the server at `url`; `timeout_s` bounds each step of a request.

    It follows no redirect, sends nothing twice and ignores the proxies of the environment.
    """
    # Loading certificates takes longer than a request: they are loaded only where there is something to verify.
    tls = tls_context() if urlsplit(url).scheme == "https" else _without_certificates()
    headers = {"User-Agent": "technogate", "Accept-Encoding": "identity", "Connection": "close"}
    return httpx.Client(verify=tls, trust_env=False, timeout=timeout_s, headers=headers)


@cache
def _without_certificates() -> ssl.SSLContext:
    """A context that trusts nobody, for a client that makes no connection with TLS: it must have one."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
