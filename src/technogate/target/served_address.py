"""Where a program that the gate starts is reached, and where it shows that it is ready.

The key `serves` of a target file is a base URL with `{host}` and `{port}`: scheme, host and path prefix of what the
program serves. Without it a program serves `http://{host}:{port}`. One that is given 127.0.0.1 may listen on ::1 alone,
as servers do that take `localhost` for it: where `serves` leaves the host open, it may have either address, and
the one that responds is its address.
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from technogate.target.process.ports import HOST

#: What a program serves when its target file does not say it.
DEFAULT = "http://{host}:{port}"
#: The loopback address of IPv6, as it stands in a URL.
HOST_6 = "[::1]"
_WORD = re.compile(r"\{(host|port)\}")


def base_urls(serves: str, port: int) -> tuple[str, ...]:
    """The base URLs that a program may have which is given `port`, the likeliest first."""
    template = (serves or DEFAULT).rstrip("/")
    hosts = (HOST, HOST_6) if "{host}" in template else (HOST,)
    return tuple(_filled(template, host, port) for host in hosts)


def listening_host(serves: str) -> str:
    """The address that a program must listen on: an address that `serves` names, else the loopback address."""
    host = urlsplit(_filled(serves or DEFAULT, HOST, 1)).hostname or HOST
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        # A name, such as localhost: the drivers try each address that it has.
        return HOST


def origin(url: str) -> str:
    """Scheme, host and port of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def ready_urls(base_url: str, ready: str) -> tuple[str, ...]:
    """The addresses that show readiness: `ready` below the base URL, then at its origin; or an address of its own."""
    if "://" in ready:
        return (ready,)
    return tuple(dict.fromkeys((base_url.rstrip("/") + ready, origin(base_url) + ready)))


def _filled(template: str, host: str, port: int) -> str:
    values = {"host": host, "port": str(port)}
    return _WORD.sub(lambda match: values[match[1]], template)
