"""Serves the page that a client module runs in: on the loopback address, from an origin of its own."""

from __future__ import annotations

import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

_SCRIPTS = {f"/{name}.mjs": Path(__file__).with_name(f"{name}.mjs") for name in ("module_page", "module_functions")}

#: The module itself, bundled.
CLIENT = "/client.mjs"

_PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>client module</title>{base}<link rel="icon" href="data:,"></head>
<body><script type="module" src="{origin}/module_page.mjs"></script></body>
</html>
"""


class PageServer:
    """One page with the module in `bundle`; relative URLs lead to `base`, or to the page itself for "".

    It listens until `close`.
    """

    def __init__(self, bundle: Path, base: str) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_address[1]}"
        tag = f'<base href="{escape(base.rstrip("/"), quote=True)}/">' if base else ""
        files = {path: (file.read_bytes(), "text/javascript") for path, file in _SCRIPTS.items()}
        files[CLIENT] = bundle.read_bytes(), "text/javascript"
        files["/"] = _PAGE.format(base=tag, origin=self.origin).encode(), "text/html"
        # Each server has a handler class with its own files: the standard library makes one handler a request.
        self._server.RequestHandlerClass = type("_OwnHandler", (_Handler,), {"files": files})
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening; a second call does nothing."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, tuple[bytes, str]]] = {}
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with a file of the page; 404 for anything else."""
        body, kind = self.files.get(self.path, (b"", ""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", f"{kind or 'text/plain'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write nothing: what a page requests is no output of the gate."""
