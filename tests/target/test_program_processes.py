"""Programs that leave the process group they were started in: found, frozen and ended with all that came of them."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from technogate.model.errors import StartError
from technogate.target.process import program as program_module
from technogate.target.process import program_processes
from technogate.target.process.ports import is_taken
from technogate.target.process.program import Program
from technogate.target.readiness import probe
from tests.conftest import STUCK_S

Launcher = Callable[..., Program]
Eventually = Callable[[Callable[[], bool]], bool]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere than on Linux a program is its process group"),
]

#: Forks twice, in a session of its own, closes what it inherited, and becomes the rest of its command line.
DAEMON = """
import os, sys
if os.fork():
    os._exit(0)
os.setsid()
if os.fork():
    os._exit(0)
os.closerange(0, 64)
for _ in range(3):
    os.open(os.devnull, os.O_RDWR)
environment = {} if sys.argv[1] == "bare" else dict(os.environ)
os.execve(sys.executable, [sys.executable, *sys.argv[2:]], environment)
"""

#: Listens, forks two workers that serve, each in a session of its own, and starts one again when it ends.
WORKERS = """
import os, signal, socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))

def work():
    os.setsid()
    while True:
        connection, _ = listener.accept()
        with connection:
            head = connection.recv(4096)
            if b"/die" in head:
                os.kill(os.getpid(), signal.SIGKILL)
            connection.sendall(b"HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n")

def fork():
    if not os.fork():
        work()

fork()
fork()
while True:
    os.wait()
    fork()
"""

#: How a start script may bring the server about. `{server}` is the server's own command line.
WAYS = {
    "a session of its own, waited for": "setsid --fork --wait {server}",
    "a script that ignores the request to end": "trap '' TERM; {server} & wait",
    "a job of a script": "{server} & wait",
    "a script that ends": "{server} &",
    "a script below a script": "sh -c 'sh -c \"{server}; true\"; true'; true",
    "a daemon": "{python} daemon.py marked {server_file}",
    "a daemon without its environment": "{python} daemon.py bare {server_file}",
    "workers": "{python} workers.py {port}",
    "workers of a daemon": "{python} daemon.py marked workers.py {port}",
}
Started = Callable[[str], Program]


def command_of(way: str, port: int) -> str:
    """The command line of the shell for one way of starting."""
    names = {"python": sys.executable, "port": str(port), "server_file": f"server.py {port}"}
    return WAYS[way].format(**names, server=f"{sys.executable} server.py {port}")


def left(port: int) -> list[int]:
    """The processes with the port of a program in their command line: nothing else has it."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = " ".join(process.info["cmdline"] or ()).split()
        if str(port) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


@pytest.fixture
def started(launcher: Launcher, folder: Path) -> Started:
    """Start the server in one way, and wait until it is ready."""
    (folder / "daemon.py").write_text(DAEMON)
    (folder / "workers.py").write_text(WORKERS)

    def start(way: str) -> Program:
        program = launcher()
        argv = ("sh", "-c", command_of(way, program.port))
        program.launch = dataclasses.replace(program.launch, argv=argv)
        program.start()
        program.wait_ready()
        return program

    return start


@pytest.mark.parametrize("way", WAYS)
def test_all_of_a_program_is_frozen_and_ended(started: Started, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """It is frozen and thawed with all that it started, killed with it, started again on its port, and ended."""
    monkeypatch.setattr(program_module, "STOP_S", 0.5)
    program = started(way)
    url = program.launch.url + "/health"
    assert program.alive
    assert not program.ended_by_itself
    program.freeze()
    assert "timed out" in probe(url, 0.2)
    program.thaw()
    assert probe(url, STUCK_S) == ""
    program.kill()
    assert not program.alive
    assert program.exit_code == -signal.SIGKILL
    assert left(program.port) == []
    assert not is_taken(program.port)
    program.restart()
    assert probe(url, STUCK_S) == ""
    program.freeze()
    program.stop()
    assert not program.alive
    assert not program.ended_by_itself
    assert left(program.port) == []


@pytest.mark.parametrize("way", ["a daemon", "a script that ends"])
def test_the_end_of_a_daemon_is_noticed(started: Started, eventually: Eventually, way: str) -> None:
    """A program in the background that is killed by another has ended by itself; nobody knows its exit code."""
    program = started(way)
    for pid in left(program.port):
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: program.ended_by_itself)
    # The code of the script, where that had not ended before.
    assert program.exit_code in (None, 0)
    program.restart()
    assert program.alive


@pytest.mark.parametrize("way", ["workers", "workers of a daemon"])
def test_a_worker_that_is_started_again_is_no_end(started: Started, eventually: Eventually, way: str) -> None:
    """A worker dies of a request and its supervisor starts another: the program runs on."""
    program = started(way)
    before = set(left(program.port))
    assert probe(program.launch.url + "/die", STUCK_S) != ""
    assert eventually(lambda: len(set(left(program.port)) - before) == 1)
    assert program.alive
    assert probe(program.launch.url + "/health", STUCK_S) == ""


def test_a_program_that_ends_with_a_helper_left_has_ended(
    launcher: Launcher, folder: Path, eventually: Eventually
) -> None:
    """A server that exits without an error is no daemon because a helper of it goes on: nothing listens any more."""
    program = launcher("parent", "tidy")
    (folder / "go.py").write_text((folder / "server.py").read_text().replace("os._exit(5)", "os._exit(0)"))
    program.launch = dataclasses.replace(program.launch, argv=(sys.executable, "go.py", *program.launch.argv[2:]))
    program.start()
    program.wait_ready()
    os.kill(program.pid or 0, signal.SIGTERM)
    assert eventually(lambda: program.ended_by_itself)
    assert program.exit_code == 0


def test_a_start_that_leaves_nothing_did_not_start(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that exits without an error and leaves no process is reported as before."""
    monkeypatch.setattr(program_processes, "UNKNOWN_S", 0.1)
    program = launcher()
    program.launch = dataclasses.replace(program.launch, argv=(sys.executable, "-c", ""))
    program.start()
    with pytest.raises(StartError, match="exited with code 0"):
        program.wait_ready()


def test_a_daemon_that_ends_before_it_is_ready_did_not_start(
    launcher: Launcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that goes into the background and ends there is reported."""
    monkeypatch.setattr(program_processes, "UNKNOWN_S", 0.1)
    program = launcher()
    (folder / "daemon.py").write_text(DAEMON)
    argv = (sys.executable, "daemon.py", "marked", "-c", "import os; os._exit(3)")
    program.launch = dataclasses.replace(program.launch, argv=argv)
    program.start()
    with pytest.raises(StartError, match=r"did not start: .* (exited with code 0|went into the background and ended)"):
        program.wait_ready()


GATE = """
import os, signal, sys
from technogate.target import load_target

running = load_target(sys.argv[1]).start("TgAbCdEfGh0123456789")
print(running.backend.program.port, flush=True)
signal.pause()
"""


@pytest.mark.parametrize(
    "way", ["a session of its own, waited for", "a daemon", "a daemon without its environment", "workers of a daemon"]
)
def test_nothing_outlives_a_killed_gate(folder: Path, eventually: Eventually, way: str) -> None:
    """When the gate itself is killed, the reaper finds what left the group of the program, and ends it."""
    (folder / "daemon.py").write_text(DAEMON)
    (folder / "workers.py").write_text(WORKERS)
    command = WAYS[way].format(
        python="{python}", port="{port}", server_file="server.py {port}", server="{python} server.py {port}"
    )
    (folder / "pair.toml").write_text(f'[backend]\ncommand = ["sh", "-c", "{command}"]\n')
    with subprocess.Popen([sys.executable, "-c", GATE, str(folder / "pair.toml")], stdout=subprocess.PIPE) as gate:
        assert gate.stdout is not None
        port = int(gate.stdout.readline())
        assert left(port)
        gate.kill()
    assert eventually(lambda: not left(port))
