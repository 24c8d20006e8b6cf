"""The reference backend, which gives its key away in twelve more ways with every response, and all its secrets at once.

`LEAKS` in its environment is a list of texts in JSON: they stand in a field of a body, in a header, and in the log.
"""

from __future__ import annotations

import importlib
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, os.environ["REFERENCE"])

program: Any = importlib.import_module("techno_backend.__main__")
app: Any = importlib.import_module("techno_backend.app")

TEXTS = itertools.cycle(json.loads(Path(os.environ["LEAKS"]).read_text("utf-8")))


class Leaky:
    """Adds leaks to each response of the application within."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        texts = [next(TEXTS) for _ in range(12)]
        given = b" ".join(value for name, value in scope["headers"] if name == b"x-api-key").decode("latin-1")
        sys.stderr.write("\n".join(["answered with", *texts, "given", given, ""]))
        start: dict[str, Any] = {}

        async def leaking(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body = message.get("body", b"")
            if body.startswith(b"{"):
                body = json.dumps(json.loads(body) | {"notes": texts, "given": given}).encode()
            headers = [pair for pair in start["headers"] if pair[0] != b"content-length"]
            line = texts[0] if texts[0].isascii() and texts[0].isprintable() else "-"
            if start["status"] != 204:
                headers.append((b"content-length", str(len(body)).encode()))
            await send({**start, "headers": [*headers, (b"x-note", line.encode())]})
            await send({**message, "body": body})

        await self.inner(scope, receive, leaking)


create = app.create_app
program.create_app = app.create_app = lambda *arguments: Leaky(create(*arguments))
sys.stderr.write(f"started as {sys.argv} with {json.dumps(dict(os.environ))}\n")
if "--dies" in sys.argv:
    sys.exit("cannot connect: " + os.environ["DATABASE"])
sys.exit(program.main())
