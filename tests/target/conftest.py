"""Throwaway programs as stand-ins for a pair under test."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from technogate.journal.redaction import Redactor
from technogate.target.environment import clean_environment
from technogate.target.process.program import Launch, Program
from technogate.target.process.reaper import Reaper
from tests.conftest import ROOT, STUCK_S
from tests.ports import kept_port

KEY = "TgAbCdEfGh0123456789"

#: Serves every path: its environment as JSON, but for /health. Words after the port change its ways.
SERVER = """
import os, signal, subprocess, sys, time
from stand_in import StandIn, http_response

port, ways = int(sys.argv[1]), sys.argv[2:]
if "dies" in ways:
    print("first line")
    print("the key is", os.environ.get("KEY"))
    sys.exit(7)
if "stubborn" in ways:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if "tidy" in ways:
    # Blocked in every thread and waited for at the end: no thread can take it and sleep on.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
if "parent" in ways:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print("child", child.pid)
if "patient" in ways:
    print(port, file=open("asked.tmp", "w"))
    os.replace("asked.tmp", "asked")
    while not os.path.exists("go"):
        time.sleep(0.01)


def handler(request):
    print(request.path, flush=True)
    sick = request.path == "/health" and "sick" in ways
    body = dict(os.environ) | {"path": request.path, "argv": sys.argv[1:]}
    return http_response(503 if sick else 200, body, headers={"Connection": "close"})


stand_in = StandIn(handler, port=port)
if "tidy" in ways:
    signal.sigwait([signal.SIGTERM])
    os._exit(5)
stand_in.join()
"""

Launcher = Callable[..., Program]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the throwaway server, as `server.py`, and the stand-in module that it imports."""
    shutil.copy(ROOT / "tests" / "stand_in.py", tmp_path)
    (tmp_path / "server.py").write_text(SERVER)
    return tmp_path


@pytest.fixture
def reaper() -> Iterator[Reaper]:
    """A reaper for this test alone."""
    reaper = Reaper(clean_environment())
    yield reaper
    reaper.close()


@pytest.fixture
def launcher(folder: Path, reaper: Reaper) -> Iterator[Launcher]:
    """Return a factory of programs that run the throwaway server; the test ends all of them."""
    made: list[Program] = []
    ports = ExitStack()

    def launch(*ways: str, timeout_s: float = STUCK_S) -> Program:
        port = ports.enter_context(kept_port())
        launch = Launch(
            name="backend",
            argv=(sys.executable, "server.py", str(port), *ways),
            cwd=folder,
            env=clean_environment({"KEY": KEY}),
            workdir=folder / "work",
            port=port,
            url=f"http://127.0.0.1:{port}",
            ready="/health",
            timeout_s=timeout_s,
            redactor=Redactor(KEY),
        )
        program = Program(launch, reaper)
        made.append(program)
        return program

    yield launch
    for program in made:
        program.kill()
    ports.close()


@pytest.fixture
def free() -> Iterator[int]:
    """A port for a program of the test, reserved for it and not yet in use."""
    with kept_port() as number:
        yield number


@pytest.fixture(scope="session")
def runs() -> Callable[[int], bool]:
    """Whether a process runs; a process that only waits for its parent to collect it does not."""

    def look(pid: int) -> bool:
        try:
            return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return look
