"""A program that serves another port than its target file says is told which, long before its time is over."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from technogate.model.errors import StartError
from technogate.target.load import load_target
from technogate.target.process.other_port import listening_ports
from technogate.target.process.ports import HeldPort

SERVER = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler).serve_forever()
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a table of the sockets of a process")
def test_the_other_port_is_named(tmp_path: Path) -> None:
    """One line names the port on which the program is ready, and the line to write."""
    with HeldPort() as held:
        named = held.number
    (tmp_path / "server.py").write_text(SERVER, "utf-8")
    path = tmp_path / "pair.toml"
    path.write_text(f'name = "x"\n[backend]\ncommand = ["{{python}}", "server.py"]\nport = {named}\n', "utf-8")
    with pytest.raises(StartError, match=rf"is ready on port (\d+), not on {named}: write port = \1 below \[backend\]"):
        load_target(str(path)).start("Key-0123456789abcdef")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a table of the sockets of a process")
def test_a_process_without_sockets_listens_nowhere() -> None:
    """A process that holds no socket, or does not run, has no port."""
    assert listening_ports([2**22 + 1]) == set()
