"""Request an address from a container's network, with a program of its image."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.target.compose.container import Container
from technogate.target.compose.engine import EngineError

#: Seconds that the backend may take to respond.
RESPONSE_S = 10

# What counts is whether it responds there: its certificate may be for another name, and is verified elsewhere. Python
# takes an informational response for the final one, unless it is 100.
PYTHON = f"""
import http.client, ssl, sys, urllib.error, urllib.request

class Final(http.client.HTTPResponse):
    def _read_status(self):
        while True:
            version, status, reason = super()._read_status()
            if not 101 < status < 200:
                return version, status, reason
            while self.fp.readline().strip():
                pass

http.client.HTTPConnection.response_class = Final
tls = urllib.request.HTTPSHandler(context=ssl._create_unverified_context())
try:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({{}}), tls)
    print(opener.open(sys.argv[1], timeout={RESPONSE_S}).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError as error:
    print(error)
"""
_NODE = (
    "process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';"
    "fetch(process.argv[1]).then(a => console.log(a.status), e => console.log(e.cause?.message ?? e.message))"
)
_CURL = (
    "curl --silent --insecure --output /dev/null "
    f'--max-time {RESPONSE_S} --noproxy "*" --write-out "%{{http_code}}" "$0" || true'
)
_WGET = f'wget -q -T {RESPONSE_S} -O /dev/null "$0" && echo 200 || echo "wget failed"'
#: Programs that can send a request: how to check for one, and how it requests the address that follows.
_PROGRAMS = (
    (("python3", "--version"), ("python3", "-c", PYTHON)),
    (("python", "--version"), ("python", "-c", PYTHON)),
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
