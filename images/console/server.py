"""The reference console's server: it serves the page and its configuration, and never receives a command.

The page itself speaks to the backend, with the address and the key that it reads from `/config.json`.
Standard library only. Start: `python server.py --host 127.0.0.1 --port 3000`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import socketserver
import sys
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, urlsplit

STATIC = Path(__file__).resolve().parent / "static"

#: Every file that is served, by its path: nothing else can be reached, whatever the path of a request.
FILES = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/console.css": ("console.css", "text/css; charset=utf-8"),
    "/client.js": ("client.js", "text/javascript; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}

#: Seconds that an idle connection, or a request that makes no progress, keeps its thread.
IDLE_LIMIT_S = 30.0

HEADER_VALUE = re.compile(r"[\x21-\x7e\xa1-\xff](?:[\x20-\x7e\xa0-\xff]*[\x21-\x7e\xa1-\xff])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The backend's address and its key; either is empty when it is not set."""

    api_url: str = ""
    api_key: str = ""

    @classmethod
    def of(cls, environment: dict[str, str]) -> Configuration:
        """Read `NEXT_PUBLIC_API_URL` and `NEXT_PUBLIC_API_KEY`."""
        return cls(
            api_url=environment.get("NEXT_PUBLIC_API_URL", ""),
            api_key=environment.get("NEXT_PUBLIC_API_KEY", ""),
        )

    def problems(self) -> list[str]:
        """The problems that the page will report, one line each, without the key."""
        found = []
        if not connect_source(self.api_url):
            found.append("NEXT_PUBLIC_API_URL is not an http(s) address: set it, e.g. to http://127.0.0.1:8000")
        if not HEADER_VALUE.fullmatch(self.api_key):
            found.append("NEXT_PUBLIC_API_KEY is missing or is nothing that a header can carry: set it")
        return found


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 (raises on a port that is no number)
    except ValueError:
        return None
    return parts


def connect_source(api_url: str) -> str:
    """The Content-Security-Policy source that lets the page reach `api_url`; "" when it is no http(s) address."""
    parts = _split(api_url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    if not re.fullmatch(r"[a-z0-9._-]+", parts.hostname):  # a policy cannot name an IPv6 address
        return f"{parts.scheme}:" if re.fullmatch(r"[0-9a-f:.]+", parts.hostname) else ""
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


def security_headers(configuration: Configuration) -> dict[str, str]:
    """The headers of every response: no foreign or inline code, no framing, no form that navigates (CON-12, CON-15)."""
    connect = f"'self' {connect_source(configuration.api_url)}".strip()
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        f"connect-src {connect}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cache-Control": "no-store",
    }


class ConsoleServer(ThreadingHTTPServer):
    """Serves the page, `/config.json` and `/health`; all responses are made before the first request."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], configuration: Configuration) -> None:
        self.headers = security_headers(configuration)
        self.answers = {path: (kind, (STATIC / name).read_bytes()) for path, (name, kind) in FILES.items()}
        config = {"apiUrl": configuration.api_url, "apiKey": configuration.api_key}
        self.answers["/config.json"] = ("application/json", json.dumps(config).encode())
        self.answers["/health"] = ("application/json", b'{"status": "ok"}')
        super().__init__(address, Handler)

    def server_bind(self) -> None:
        """Bind without the look-up of the host's name that `HTTPServer` makes: it can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that closed its connection."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a browser."""

    server: ConsoleServer
    protocol_version = "HTTP/1.1"
    server_version = "console"
    sys_version = ""
    timeout = IDLE_LIMIT_S
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Respond with the page, one of its files, the configuration or the health."""
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        """As GET, without the body."""
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        kind, body = self.server.answers.get(self.path.partition("?")[0], ("", b""))
        self.send_response(HTTPStatus.OK if kind else HTTPStatus.NOT_FOUND)
        if kind:
            self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def end_headers(self) -> None:
        """End the head of a response, errors included, with the security headers."""
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """Log nothing: the requests of a browser here are of no interest."""


def _stop(*_: object) -> NoReturn:
    raise SystemExit(0)


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; 2 when the address cannot be bound."""
    parser = argparse.ArgumentParser(description="The reference console: the page and its configuration.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=3000, help="port; 0 takes a free one (default: %(default)s)")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    configuration = Configuration.of(dict(os.environ))
    for problem in configuration.problems():
        print(f"console: {problem}", file=sys.stderr, flush=True)  # noqa: T201 (a program's own output)
    try:
        server = ConsoleServer((options.host, options.port), configuration)
    except (OSError, OverflowError) as error:
        print(f"console: cannot listen on {options.host}:{options.port}: {error}", file=sys.stderr)  # noqa: T201
        return 2
    with server:
        print(f"console: listening on http://{options.host}:{server.server_port}", flush=True)  # noqa: T201
        server.serve_forever(poll_interval=0.1)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
