"""The HTTP client for requests that are not cases: readiness probes, and reads of the audit trail."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from technogate.util.client_profiles import profile_of
from technogate.util.tls import tls_context

#: The most bytes that one response may have, its head and framing included: what goes beyond is not read.
MOST_BYTES = 32 << 20


def http_client(url: str, timeout_s: float) -> httpx.Client:
    """Return a client for the server at `url`; `timeout_s` bounds each request as a whole, `MOST_BYTES` its response.

    It follows no redirect, sends nothing twice and ignores the proxies of the environment. A request that reaches a
    bound raises httpx.ReadTimeout or httpx.ReadError.
    """
    # Loading certificates takes longer than a request: they are loaded only where there is something to verify.
    tls = tls_context() if urlsplit(url).scheme == "https" else _without_certificates()
    agent = profile_of(url).agent
    headers = {"User-Agent": agent, "Accept-Encoding": "identity", "Connection": "close"}
    return httpx.Client(
        transport=_BoundedTransport(tls, timeout_s), trust_env=False, timeout=timeout_s, headers=headers
    )


class _BoundedTransport(httpx.HTTPTransport):
    """httpx bounds each read, and by that neither a response that drips nor one without an end."""

    def __init__(self, tls: ssl.SSLContext, timeout_s: float) -> None:
        super().__init__(verify=tls, trust_env=False)
        self._pool = httpcore.ConnectionPool(ssl_context=tls, network_backend=_BoundedBackend(timeout_s))


class _BoundedBackend(httpcore.SyncBackend):
    """Makes connections that carry one request each (the client asks for that) and are bounded."""

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._timeout_s = timeout_s

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """See NetworkBackend."""
        until = time.monotonic() + self._timeout_s
        stream = super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _BoundedStream(stream, until)


class _BoundedStream(httpcore.NetworkStream):
    """A connection from which at most `MOST_BYTES` are read, and nothing after `until` of the monotonic clock."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self._stream = stream
        self._until = until
        self._left = MOST_BYTES

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """See NetworkStream."""
        left_s = self._until - time.monotonic()
        if left_s <= 0:
            raise httpcore.ReadTimeout("timed out: the response does not end")
        data = self._stream.read(max_bytes, left_s if timeout is None else min(left_s, timeout))
        self._left -= len(data)
        if self._left < 0:
            raise httpcore.ReadError(f"the response has more than {MOST_BYTES} bytes")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """See NetworkStream."""
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        """See NetworkStream."""
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        """See NetworkStream."""
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._until)

    def get_extra_info(self, info: str) -> Any:
        """See NetworkStream."""
        return self._stream.get_extra_info(info)


@cache
def _without_certificates() -> ssl.SSLContext:
    """A context that trusts nobody, for a client that makes no connection with TLS: it must have one."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
