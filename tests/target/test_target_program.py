"""Programs under test: started, frozen, ended, with nothing left behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from technogate.model.errors import PortTaken, StartError
from technogate.target.environment import ZONE_BY_OFFSET, clean_environment
from technogate.target.process import program as program_module
from technogate.target.process.ports import HOST, HeldPort, is_taken
from technogate.target.process.program import Program
from technogate.target.process.reaper import Reaper
from technogate.target.readiness import probe
from tests.conftest import STUCK_S

KEY = "TgAbCdEfGh0123456789"
Launcher = Callable[..., Program]
Runs = Callable[[int], bool]
Eventually = Callable[[Callable[[], bool]], bool]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")]


def environment_of(program: Program) -> dict[str, str]:
    """The environment that the throwaway server reports."""
    variables: dict[str, str] = httpx.get(program.launch.url + "/env", timeout=STUCK_S, trust_env=False).json()
    return variables


def child_of(program: Program) -> int:
    """The process that the throwaway server started."""
    return int(program.output.split("child ")[-1].split()[0])


def test_a_program_starts_responds_and_ends(launcher: Launcher) -> None:
    """After `wait_ready` it responds; after `stop` it has ended and its port is free."""
    program = launcher()
    program.start()
    program.wait_ready()
    assert program.alive
    assert environment_of(program)["path"] == "/env"
    program.stop()
    assert not program.alive
    assert program.exit_code == -signal.SIGTERM
    assert not is_taken(program.port)
    assert "/env" in program.output


@pytest.mark.parametrize("end", [Program.stop, Program.kill])
def test_children_end_with_their_parent(
    launcher: Launcher, runs: Runs, eventually: Eventually, end: Callable[[Program], None]
) -> None:
    """The children of a program end with it, however it ends."""
    program = launcher("parent")
    program.start()
    program.wait_ready()
    child = child_of(program)
    assert runs(child)
    end(program)
    assert eventually(lambda: not runs(child))


def test_children_of_a_program_that_died_are_ended_too(launcher: Launcher, runs: Runs, eventually: Eventually) -> None:
    """When the leader ends by itself, the rest of its group is ended."""
    program = launcher("parent")
    program.start()
    program.wait_ready()
    child = child_of(program)
    os.kill(program.pid or 0, signal.SIGKILL)
    assert eventually(lambda: not program.alive)
    assert eventually(lambda: not runs(child))


def test_reports_an_early_end_with_code_and_output(launcher: Launcher) -> None:
    """A program that ends while starting is reported at once, with its last lines and without the key."""
    program = launcher("dies", KEY)
    program.start()
    with pytest.raises(StartError, match="exited with code 7") as caught:
        program.wait_ready()
    assert caught.value.exit_code == 7
    assert caught.value.output.startswith("first line\nthe key is ")
    assert KEY not in str(caught.value) + caught.value.command + caught.value.output
    assert KEY in program.output


def test_reports_a_program_that_is_never_ready(launcher: Launcher) -> None:
    """A program that responds with 503 is not ready; the error names the status."""
    program = launcher("sick", timeout_s=0.6)
    program.start()
    with pytest.raises(StartError, match=r"not ready after 0\.6 s: GET http://127\.0\.0\.1:\d+/health: ") as caught:
        program.wait_ready()
    assert caught.value.exit_code is None
    program.wait_ready("/other", timeout_s=STUCK_S)


#: Has no address that responds with 2xx, and says when it is ready: in colour, and not before it is told to.
TALKATIVE = """
import os, sys, time
from stand_in import StandIn, http_response

stand_in = StandIn(lambda request: http_response(404, {}), port=int(sys.argv[1]))
while not os.path.exists("go"):
    time.sleep(0.01)
os.remove("go")
print("listening on \\x1b[1m%s\\x1b[0m\\r" % sys.argv[1], flush=True)
stand_in.join()
"""


def test_a_line_of_its_output_shows_that_a_program_is_ready(launcher: Launcher, folder: Path) -> None:
    """With `ready_log` no address need respond with 2xx, and what an earlier start printed does not count."""
    (folder / "talkative.py").write_text(TALKATIVE)
    program = launcher()
    argv = (sys.executable, "talkative.py", str(program.port))
    program.launch = dataclasses.replace(program.launch, argv=argv, ready_log=r"^listening on \d+$")
    program.start()
    with pytest.raises(StartError, match=r"not ready after 0\.2 s: .*: no line of its output matches ready_log = "):
        program.wait_ready(timeout_s=0.2)
    for _ in range(2):
        (folder / "go").touch()
        program.wait_ready()
        assert program.responds(STUCK_S) == ""
        assert "404" in probe(program.ready_url, STUCK_S)
        program.kill()
        assert program.responds(STUCK_S) != ""
        program.start()
        with pytest.raises(StartError):
            program.wait_ready(timeout_s=0.2)


def test_reports_a_program_that_does_not_exist(launcher: Launcher) -> None:
    """A command that names nothing is one line for the user."""
    program = launcher()
    program.launch = dataclasses.replace(program.launch, argv=("no-such-program-here",))
    with pytest.raises(StartError, match="backend did not start: no-such-program-here: No such file"):
        program.start()


def test_restart_keeps_port_and_folder(launcher: Launcher) -> None:
    """Killed and started again it has the same address, the same folder, and its older output."""
    program = launcher()
    program.start()
    program.wait_ready()
    (program.workdir / "trail").write_text("kept")
    first, port = program.pid, program.port
    environment_of(program)
    program.kill()
    assert program.exit_code == -signal.SIGKILL
    program.restart()
    assert program.pid != first
    assert program.port == port
    assert environment_of(program)["path"] == "/env"
    assert (program.workdir / "trail").read_text() == "kept"
    assert program.output.count("/env") == 2


def test_a_frozen_program_accepts_and_never_responds(launcher: Launcher) -> None:
    """A frozen program accepts without a response; thawed it responds; stopped while frozen it ends."""
    program = launcher("tidy")
    program.start()
    program.wait_ready()
    program.freeze()
    assert "timed out" in probe(program.launch.url + "/health", 0.3)
    assert program.alive
    program.thaw()
    assert probe(program.launch.url + "/health", STUCK_S) == ""
    program.freeze()
    program.stop()
    assert program.exit_code == 5


def test_a_program_that_ignores_the_request_to_end_is_killed(
    launcher: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The program gets SIGTERM first, then SIGKILL."""
    monkeypatch.setattr(program_module, "STOP_S", 0.2)
    program = launcher("stubborn")
    program.start()
    program.wait_ready()
    program.stop()
    assert program.exit_code == -signal.SIGKILL


def test_reports_a_taken_port_before_the_start(launcher: Launcher) -> None:
    """Nothing is started on a port that another holds."""
    program = launcher()
    with socket.create_server((HOST, program.port)), pytest.raises(PortTaken, match=f"port {program.port}"):
        program.start()
    assert program.pid is None


def test_a_program_that_does_not_run_cannot_be_frozen(launcher: Launcher) -> None:
    """A fault that cannot be injected is an error."""
    with pytest.raises(RuntimeError, match="does not run"):
        launcher().freeze()


def test_a_program_does_not_get_the_gates_secrets(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets the declared and the few inherited variables, and no other."""
    monkeypatch.setenv("CLOUD_TOKEN", "secret-of-the-gate")
    assert "CLOUD_TOKEN" not in clean_environment()
    program = launcher()
    program.start()
    program.wait_ready()
    assert environment_of(program)["KEY"] == KEY


def test_a_program_runs_in_a_zone_far_from_utc(launcher: Launcher, monkeypatch: pytest.MonkeyPatch) -> None:
    """Local time is never near UTC, whatever the gate's own zone, unless the target file sets one."""
    monkeypatch.setenv("TZ", "UTC")
    program = launcher()
    program.start()
    program.wait_ready()
    zone = environment_of(program)["TZ"]
    read = [sys.executable, "-c", "import time; print(time.localtime().tm_gmtoff)"]
    for name in (zone, ZONE_BY_OFFSET):
        assert subprocess.run(read, env={"TZ": name}, capture_output=True, text=True, check=True).stdout == "20700\n"
    assert clean_environment({"TZ": "UTC"})["TZ"] == "UTC"


def test_a_held_port_is_taken() -> None:
    """A held port is taken, and free after its release."""
    with HeldPort() as held:
        number = held.number
    assert not is_taken(number)
    with socket.create_server((HOST, number)):
        assert is_taken(number)


RUN_CONTEXT = """
import os, signal, sys
from technogate.target import load_target

running = load_target(sys.argv[1]).start("TgAbCdEfGh0123456789")
backend = running.backend.program
print(os.getpid(), backend.pid, running._reaper.pid, backend.workdir.parent, flush=True)
signal.pause()
"""


@pytest.mark.slow
@pytest.mark.parametrize("hit_reaper", [False, True], ids=["quietly", "with Ctrl-C at the reaper"])
def test_nothing_outlives_a_killed_gate(folder: Path, runs: Runs, eventually: Eventually, hit_reaper: bool) -> None:
    """When the gate itself is killed, the reaper ends its programs, removes its folder, and exits."""
    target = folder / "pair.toml"
    target.write_text('[backend]\ncommand = "{python} server.py {port} parent"\n')
    with subprocess.Popen([sys.executable, "-c", RUN_CONTEXT, str(target)], stdout=subprocess.PIPE) as run_context:
        assert run_context.stdout is not None
        gate_pid, backend, reaper, workdir = run_context.stdout.readline().decode().split()
        child = int((Path(workdir) / "backend" / "output.log").read_text().split("child ")[-1].split()[0])
        pids = [int(backend), int(reaper), child]
        assert all(runs(pid) for pid in pids)
        if hit_reaper:
            os.kill(int(reaper), signal.SIGINT)
            os.kill(int(reaper), signal.SIGTERM)
            assert runs(int(backend))
        os.kill(int(gate_pid), signal.SIGKILL)
    assert eventually(lambda: not any(runs(pid) for pid in pids))
    assert eventually(lambda: not Path(workdir).exists())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_reaper_hears_no_signal_from_its_first_moment_on(number: signal.Signals) -> None:
    """A signal of the terminal's that comes before the reaper could ignore it does not end it."""
    reaper = Reaper(dict(os.environ))
    os.kill(reaper.pid, number)
    reaper.close()
    assert reaper._process.returncode == 0


def test_a_reaper_that_was_killed_is_replaced(reaper: Reaper, launcher: Launcher, runs: Runs) -> None:
    """The next registration starts another reaper, which takes over all."""
    first = reaper.pid
    os.kill(first, signal.SIGKILL)
    reaper._process.wait()
    program = launcher()
    program.start()
    assert reaper.pid != first
    assert runs(reaper.pid)
    assert reaper._process.stdin is not None
    reaper._process.stdin.close()
    assert program._process is not None
    assert program._process.wait(STUCK_S) == -signal.SIGTERM


def test_a_signal_that_the_gate_did_not_send_is_remembered(launcher: Launcher, eventually: Eventually) -> None:
    """Whoever kills a program from outside is noticed, once for each start; what the gate ends is not."""
    program = launcher()
    for kills in range(1, 3):
        program.start()
        program.wait_ready()
        assert program.pid is not None
        os.kill(program.pid, signal.SIGKILL)
        assert eventually(lambda: not program.alive)
        assert program.killed == (signal.SIGKILL,) * kills
    program.restart()
    program.stop()
    program.start()
    program.kill()
    assert program.killed == (signal.SIGKILL,) * 2
