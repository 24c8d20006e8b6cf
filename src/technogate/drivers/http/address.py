"""The address of a server, and connections to it."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from technogate.util.tls import tls_context

#: Seconds that opening a connection, or sending bytes on it, may take.
CONNECT_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a server listens. `prefix` is the path of its base URL, `authority` the value of `Host`."""

    host: str
    port: int
    authority: str
    prefix: str = ""
    tls: bool = False

    @classmethod
    def of(cls, base_url: str) -> Address:
        """Return the address in a base URL; raises ValueError for one without a host."""
        parts = urlsplit(base_url)
        tls = parts.scheme == "https"
        if not parts.hostname:
            raise ValueError(f"no host in {base_url}")
        return cls(
            host=parts.hostname,
            port=parts.port or (443 if tls else 80),
            authority=parts.netloc.rpartition("@")[2],
            prefix=parts.path.rstrip("/"),
            tls=tls,
        )

    def connect(self, timeout_s: float = CONNECT_S) -> socket.socket:
        """Open a connection whose operations end after `timeout_s` seconds; raises OSError."""
        plain = socket.create_connection((self.host, self.port), timeout=timeout_s)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self.tls:
            return plain
        try:
            return tls_context().wrap_socket(plain, server_hostname=self.host)
        except OSError:
            plain.close()
            raise
