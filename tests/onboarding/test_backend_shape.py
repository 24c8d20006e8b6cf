"""How a backend is asked: found by a few requests that execute nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from technogate.onboarding.asking import Backend
from technogate.onboarding.backend_shape import find_document, find_prefix, find_ready, key_rule

pytestmark = pytest.mark.slow

KEY = "Key-of-this-test"
OPERATIONS = ("/api/execute", "/api/audit", "/api/diagnostic/metrics", "/api/memory")


@contextmanager
def served(prefix: str, *, ready: str = "/healthz", ready_code: int = 200) -> Iterator[tuple[Backend, list[str]]]:
    """A backend with its operations below `prefix`, and the requests that it has received."""
    received: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self, code: int, body: bytes = b"{}") -> None:
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            received.append(f"{self.command} {self.path}")
            if self.path == ready:
                self._answer(ready_code)
            elif self.path == f"{prefix}/openapi.json":
                self._answer(200, b'{"openapi": "3.1.0", "paths": {"/api/execute": {"post": {}}}}')
            elif self.path not in [prefix + path for path in OPERATIONS]:
                self._answer(404)
            elif not self.headers.get("X-API-Key"):
                self._answer(401)
            elif self.headers["X-API-Key"] != KEY:
                self._answer(403)
            else:
                self._answer(400 if self.command == "POST" else 200)

        do_POST = do_GET  # noqa: N815 - the name that the library calls

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Backend(base=f"http://127.0.0.1:{server.server_port}", key=KEY), received
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("prefix", ["", "/backend", "/api/v1"])
def test_usual_prefix_is_found(prefix: str) -> None:
    """All four exist below it, and a path that does not exist answers otherwise."""
    with served(prefix) as (backend, _):
        found = find_prefix(backend, [""])
    assert (found.path, found.found) == (prefix, 4)


def test_prefix_that_the_text_names_is_found() -> None:
    """An unusual one is known from the text of the program alone."""
    with served("/orders/gate") as (backend, _):
        assert find_prefix(backend, ["", "/orders/gate"]).path == "/orders/gate"
        assert find_prefix(backend, [""]).found == 0


def test_ready_path_below_the_prefix_and_at_the_root() -> None:
    """Either is asked; one that answers an error is none."""
    with served("/backend", ready="/backend/healthz") as (backend, _):
        assert find_ready(replace(backend, prefix="/backend"))[0] == "/healthz"
    with served("/backend") as (backend, _):
        assert find_ready(replace(backend, prefix="/backend"))[0] == "/healthz"
    with served("", ready_code=500) as (backend, _):
        assert find_ready(backend) == ("", "")


def test_key_is_tried_once_each_way() -> None:
    """Right, none and wrong: a budget of wrong keys is hardly touched."""
    with served("") as (backend, received):
        rule = key_rule(backend)
    assert (rule.works, rule.none_refused, rule.wrong_refused) == (True, True, True)
    assert received == ["GET /api/audit"] * 3


def test_key_that_is_not_known_to_the_backend_does_not_work() -> None:
    """A refusal with what should be the right key is no working key."""
    with served("") as (backend, _):
        assert not key_rule(replace(backend, key="another")).works


def test_document_is_found_at_a_usual_place() -> None:
    """Below the prefix too."""
    with served("/backend") as (backend, _):
        path, document = find_document(replace(backend, prefix="/backend"))
    assert path == "/backend/openapi.json"
    assert document is not None
