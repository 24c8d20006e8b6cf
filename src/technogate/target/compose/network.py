"""Asking for an address from within a container's network, with whatever program its image has."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.target.compose.container import Container
from technogate.target.compose.engine import EngineError

#: Seconds that the backend gets to answer.
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
#: Programs that can ask: how to see that one is there, and how it asks for the address that follows.
_ASKING = (
    (("python3", "--version"), ("python3", "-c", _PYTHON)),
    (("python", "--version"), ("python", "-c", _PYTHON)),
    (("node", "--version"), ("node", "-e", _NODE)),
    (("sh", "-c", "command -v curl"), ("sh", "-c", _CURL)),
    (("sh", "-c", "command -v wget"), ("sh", "-c", _WGET)),
)


def status_from_within(containers: Sequence[Container], url: str) -> str | None:
    """The status that `url` answers when asked from within the first container that can, else what happened.

    None when no container has a program that can ask. Raises EngineError when the engine does not answer.
    """
    for container in containers:
        for look, asking in _ASKING:
            try:
                container.ask(*look)
            except EngineError:
                # It is not there; the next one may be.
                continue
            return container.ask(*asking, url).strip()
    return None
