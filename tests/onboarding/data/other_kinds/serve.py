"""Serves the folder it runs in, and the configuration of the page: `python serve.py`, on the port that PORT names."""

from __future__ import annotations

import json
import os
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class Handler(SimpleHTTPRequestHandler):
    """Files of the folder, and config.json from the environment."""

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path != "/config.json":
            super().do_GET()
            return
        settings = {"apiUrl": os.environ["PAINEL_API_URL"], "apiKey": os.environ["PAINEL_API_KEY"]}
        body = json.dumps(settings).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    address = ("127.0.0.1", int(os.environ.get("PORT", "8090")))
    ThreadingHTTPServer(address, partial(Handler, directory=".")).serve_forever()
