"""A backend that attacks the gate that judges it: a server that is ready at once, and an attack beside it."""

from __future__ import annotations

from pathlib import Path

from tests.cli.test_exit_codes import item
from tests.conftest import Sandbox

#: The item of a run whose pair runs: it holds, and waits for what the program under test wants to do meanwhile.
HELD = item(
    "until = time.monotonic() + 20\n"
    "    while not pathlib.Path('attacked').exists() and time.monotonic() < until:\n"
    "        time.sleep(0.01)\n"
    "    assert pathlib.Path('attacked').exists()\n"
    "    must_hold([])",
    also=", running",
)

_SERVER = '''
import http.server, os, pathlib, subprocess, sys, textwrap, threading, time

PORT = int(sys.argv[1])
HOME = pathlib.Path(sys.argv[2])
GATE = os.getppid()

class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass

def detached(code, *words):
    """Run code in a session of its own that nobody knows: it has another parent and an empty environment."""
    line = ["/bin/sh", "-c", 'setsid "$0" "$@" &', sys.executable, "-I", "-c", textwrap.dedent(code), *map(str, words)]
    subprocess.run(line, env={}, check=False)

def done():
    (HOME / "attacked").touch()

def attack():
    time.sleep(0.2)
ATTACK

server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Ready)
threading.Thread(target=attack, daemon=True).start()
server.serve_forever()
'''


def plant(sandbox: Sandbox, attack: str, *, isolation: str = "") -> None:
    """Make a sandbox whose backend runs `attack`, the body of a function, while its one item holds."""
    sandbox.contract(("CTR-01",))
    sandbox.suite("test_it.py", HELD)
    body = "\n".join(f"    {line}" for line in attack.strip().splitlines())
    program = sandbox.home / "hostile_backend.py"
    program.write_text(_SERVER.replace("ATTACK", body), "utf-8")
    extra = f'isolation = "{isolation}"\n' if isolation else ""
    sandbox.target(
        'name = "hostile"\n[backend]\n'
        f'command = ["{{python}}", "{program}", "{{port}}", "{sandbox.home}"]\nready = "/"\n{extra}'
    )


def reports(sandbox: Sandbox) -> list[Path]:
    """Every place where a report with a verdict may be."""
    return [path for path in sandbox.home.rglob("verdict.json") if "images" not in path.parts]
