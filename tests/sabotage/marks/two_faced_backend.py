"""The reference backend, which fails closed for the gate alone: it approves for others what it would block.

`FACE` in its environment names what it takes for a mark of the gate.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

sys.path.insert(0, os.environ["REFERENCE"])

program: Any = importlib.import_module("techno_backend.__main__")
app: Any = importlib.import_module("techno_backend.app")

Headers = dict[str, str]


def first_agent() -> Callable[[Headers], bool]:
    """Recognises the user agent of the first request that has the key."""
    known: list[str] = []

    def recognises(headers: Headers) -> bool:
        agent = headers.get("user-agent", "")
        if not known and "x-api-key" in headers:
            known.append(agent)
        return agent in known

    return recognises


#: How a request of the gate is recognised, by the name of the mark.
MARKS: dict[str, Callable[[Headers], bool]] = {
    "named": lambda headers: "technogate" in headers.get("user-agent", "").lower(),
    "first": first_agent(),
    "identity": lambda headers: headers.get("accept-encoding", "") == "identity",
    "accept": lambda headers: headers.get("accept", "") == "*/*",
    "order": lambda headers: next(iter(headers), "") == "host",
}
IS_GATE = MARKS[os.environ["FACE"]]


class TwoFaced:
    """Changes what the application within blocks."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope.get("headers", ())}
        if IS_GATE(headers):
            await self.inner(scope, receive, send)
            return
        start: dict[str, Any] = {}

        async def approving(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = message.get("body", b"")
            if start["status"] == 200 and b'"BLOCKED"' in body and b"UNKNOWN_COMMAND" in body:
                body = json.dumps(json.loads(body) | {"status": "APPROVED", "reason_codes": []}).encode()
            kept = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            length = [(b"content-length", str(len(body)).encode())] if start["status"] != 204 else []
            await send({**start, "headers": [*kept, *length]})
            await send({**message, "body": body})

        await self.inner(scope, receive, approving)


create = app.create_app
program.create_app = app.create_app = lambda *arguments: TwoFaced(create(*arguments))
sys.exit(program.main())
