"""A stand-in for a container engine: it answers on a socket of its own what a test says of its images."""

from __future__ import annotations

import json
import shutil
import socketserver
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import unquote


class StandInEngine:
    """Knows `images`: the name that is asked for, and the engine's description of it, or bytes to send as they are.

    `asked` are the names that were asked for. With `silent` it takes each request and answers none.
    """

    def __init__(self, images: dict[str, Any] | None = None) -> None:
        self.images = images or {}
        self.asked: list[str] = []
        self.silent = False
        # The path of a socket has at most 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="tg-"))
        self.socket = self.folder / "engine.sock"
        engine = self

        class Handler(BaseHTTPRequestHandler):
            """One request to the engine."""

            def do_GET(self) -> None:
                """Describe an image."""
                name = unquote(self.path.removeprefix("/images/").removesuffix("/json"))
                engine.asked.append(name)
                while engine.silent:
                    time.sleep(0.01)
                answer = engine.images.get(name, {"message": f"No such image: {name}"})
                raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(200 if name in engine.images else 404)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def address_string(self) -> str:
                """A socket of this kind has no address."""
                return "engine"

            def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the name is given
                """Nothing is logged."""

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            """The server on the socket."""

            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """The gate may have left while an answer was due."""

        self._server = Server(str(self.socket), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def sockets(self) -> Callable[[], list[Path]]:
        """What takes the place of the gate's own list of sockets."""
        return lambda: [self.socket]

    def close(self) -> None:
        """End it, and remove its socket."""
        self.silent = False
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        shutil.rmtree(self.folder)
