"""The facts of a running pair: its folders and its environment are known, its key is left to redaction."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from technogate.model.events import Body, Exchange, Request, Response
from technogate.runner.known_facts import known_facts
from technogate.target import load_target

KEY = "TgAbCdEfGh0123456789"
SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
TARGET = """
name = "facts"
[backend]
command = ["{python}", "server.py", "{port}"]
env = { KEY = "{api_key}", STORE = "sqlite:///{workdir}/trail.db", MODE = "production" }
"""

pytestmark = pytest.mark.slow


def answer(text: str) -> Exchange:
    """A response with this body."""
    return Exchange(
        id="main-1",
        item="item",
        responded_by="backend",
        request=Request(method="GET", path="/api/memory"),
        response=Response(status=500, body=Body.of(text.encode())),
        started=0.0,
        ended=0.0,
    )


def test_folders_and_environment_of_a_pair_are_known(tmp_path: Path) -> None:
    """Folder, interpreter and values of the environment are facts; the key and ordinary words are none."""
    (tmp_path / "server.py").write_text(SERVER)
    (tmp_path / "target.toml").write_text(TARGET)
    with load_target(str(tmp_path / "target.toml")).start(KEY) as pair:
        facts = known_facts(pair, KEY)
        assert pair.backend is not None
        assert pair.backend.program is not None
        workdir = pair.backend.program.workdir
    for text in (tmp_path, sys.executable, workdir, f"sqlite:///{workdir}/trail.db"):
        assert facts.disclosed(answer(f"it is at {text}")), text
    for text in (KEY, "production", "server.py", "/api/memory"):
        assert not facts.disclosed(answer(f"it is at {text}")), text
