"""A server that answers what a test says, for the fit check of a backend."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

#: The right key.
KEY = "Fit-Key-0123456789abcdef"

#: Method and path, without the query, to status and body (None: no body).
Routes = Mapping[tuple[str, str], tuple[int, object]]

#: The four operations as a conforming backend answers them first.
WHOLE: Routes = {
    ("GET", "/api/memory"): (204, None),
    ("GET", "/api/audit"): (200, []),
    ("GET", "/api/diagnostic/metrics"): (200, []),
    ("POST", "/api/execute"): (200, {"status": "APPROVED"}),
}


def below(prefix: str, routes: Routes = WHOLE) -> Routes:
    """The same routes below a prefix."""
    return {(method, prefix + path): answer for (method, path), answer in routes.items()}


@contextmanager
def serving(routes: Routes, *, key: str = KEY) -> Iterator[str]:
    """The base URL of a server with these routes, which refuses any other key."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def handle_one_request(self) -> None:
            """Answer any method in the same way."""
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self.answer()
            self.wfile.flush()

        def answer(self) -> None:
            """Send what the test says."""
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = routes.get((self.command, self.path.partition("?")[0]), (404, {"detail": "Not Found"}))
            if status != 404 and "openapi" not in self.path and self.headers.get("X-API-Key") != key:
                status, body = 403, {"detail": "no"}
            raw = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            if raw:
                self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_request(self, *_: object) -> None:
            """Stay silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
