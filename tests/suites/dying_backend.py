"""A backend that conforms, but ends by itself: `python -m tests.suites.dying_backend PORT WAY`. Its trail is in memory.

Ways: `null` ends on a body of null, `late` after the response to a body of 17, `mute` closes the connection on null and
runs on, `starts` ends on null and at every later start, `many` ends on every command that is no text. `locks` does not
end, and locks everybody out for an hour after five wrong keys.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from pathlib import Path

from tests.generation import tiny_backend
from tests.generation.tiny_backend import TinyBackend, handler_of
from tests.stand_in import StandIn, StandInRequest, http_response

#: Seconds between a response and the end of the program that comes after it.
SOON_S = 0.02
#: Wrong keys before everybody is locked out.
LOCKED = 5


def end(code: int) -> None:
    """End this program as an exception that nobody catches does: its trace goes to standard error."""
    traceback.print_exc()
    sys.stderr.flush()
    os._exit(code)


def has_key(request: StandInRequest) -> bool:
    """Whether the request has the right key: others are refused before their body is read."""
    return request.header("X-API-Key") == tiny_backend.KEY


def fail_on(body: bytes, way: str) -> None:
    """Do with the body of a request what a careless program does; raises what it would."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    if value is None and way in ("null", "starts", "mute"):
        raise TypeError("'NoneType' object is not subscriptable")
    if way == "many" and isinstance(value, dict) and not isinstance(value.get("command"), str):
        raise AttributeError(f"'{type(value.get('command')).__name__}' object has no attribute 'strip'")


def main() -> None:
    """Serve until something ends it."""
    port, way = int(sys.argv[1]), sys.argv[2]
    tiny_backend.KEY = os.environ["KEY"]
    ended = Path(os.environ.get("WORK", ".")) / "ended"
    if way == "starts" and ended.exists():
        sys.exit("this is not started again")
    conforming = handler_of(TinyBackend())
    wrong: list[str | None] = []

    def handler(request: StandInRequest) -> bytes | None:
        if request.path == "/health":
            return http_response(200, {"status": "ok"})
        if way == "locks" and len(wrong) == LOCKED:
            return http_response(403, {"status": "BLOCKED"}, headers={"Retry-After": "3600"})
        if not has_key(request):
            wrong.append(request.header("X-API-Key"))
        else:
            try:
                fail_on(request.body, way)
            except (TypeError, AttributeError):
                if way == "mute":
                    return None
                if way == "starts":
                    ended.touch()
                end(1)
            if way == "late" and request.body == b"17":
                threading.Timer(SOON_S, os._exit, [3]).start()
        return conforming(request)

    StandIn(handler, port=port).join()


if __name__ == "__main__":
    main()
