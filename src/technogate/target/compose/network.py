"""Request an address from a container's network, with a program of its image."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.target.compose.container import Container
from technogate.target.compose.engine import EngineError

#: Seconds that the backend may take to respond.
RESPONSE_S = 10

_PYTHON = f"""
import sys, urllib.error, urllib.request
try:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}))
    print(opener.open(sys.argv[1], timeout={RESPONSE_S}).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError as error:
    print(error)
"""
_NODE = "fetch(process.argv[1]).then(a => console.log(a.status), e => console.log(e.cause?.message ?? e.message))"
_CURL = (
    f'curl --silent --output /dev/null --max-time {RESPONSE_S} --noproxy "*" --write-out "%{{http_code}}" "$0" || true'
)
_WGET = f'wget -q -T {RESPONSE_S} -O /dev/null "$0" && echo 200 || echo "wget failed"'
#: Programs that can send a request: how to check for one, and how it requests the address that follows.
_PROGRAMS = (
    (("python3", "--version"), ("python3", "-c", _PYTHON)),
    (("python", "--version"), ("python", "-c", _PYTHON)),
    (("node", "--version"), ("node", "-e", _NODE)),
    (("sh", "-c", "command -v curl"), ("sh", "-c", _CURL)),
    (("sh", "-c", "command -v wget"), ("sh", "-c", _WGET)),
)


def status_from_within(containers: Sequence[Container], url: str) -> str | None:
    """Return the status of `url` as the first container that can send a request receives it, or its error.

    None when no container has such a program. Raises EngineError when the engine does not respond.
    """
    for container in containers:
        for check, request in _PROGRAMS:
            try:
                container.execute(*check)
            except EngineError:
                # The image does not have this program; try the next.
                continue
            return container.execute(*request, url).strip()
    return None
