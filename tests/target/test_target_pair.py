"""Pairs: started in order, reached at the described addresses, ended in any case."""

from __future__ import annotations

import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from technogate.model.errors import PortTaken, StartError, UserError
from technogate.target import Running, RunningConsole, load_target, running_pair
from technogate.target.process.ports import HOST, HeldPort, is_taken
from technogate.target.running_pair import Pair
from tests.conftest import STUCK_S
from tests.stand_in import StandIn, http_response

KEY = "TgAbCdEfGh0123456789"
BACKEND = '[backend]\ncommand = "{python} server.py {port}"\nenv = { KEY = "{api_key}", ORIGIN = "{console_origin}" }\n'
CONSOLE = '[console]\ncommand = "{python} server.py {port}"\nready = "/health"\n'

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="the throwaway programs are POSIX's"),
]


def start(folder: Path, text: str) -> Running:
    """Start the pair that `text` describes."""
    (folder / "my.toml").write_text(text)
    return load_target(str(folder / "my.toml")).start(KEY)


def environment(url: str) -> dict[str, str]:
    """The environment of the throwaway server at `url`."""
    variables: dict[str, str] = httpx.get(url + "/env", timeout=STUCK_S, trust_env=False).json()
    return variables


@pytest.fixture
def unknown_routes() -> Iterator[str]:
    """The base URL of a server that the gate did not start."""
    with StandIn(lambda _: http_response(200)) as server:
        yield server.url


def test_configures_each_side_for_the_other(folder: Path) -> None:
    """The backend allows the console's origin, the console has the backend's address and the key."""
    with start(folder, 'name = "both"\n' + BACKEND + CONSOLE) as pair:
        assert pair.backend is not None
        assert pair.console is not None
        assert environment(pair.backend.url)["ORIGIN"] == pair.console.origin == pair.console_origin
        console_environment = environment(pair.console.url)
        assert console_environment["NEXT_PUBLIC_API_URL"] == pair.backend.url == pair.console.api_url
        assert console_environment["NEXT_PUBLIC_API_KEY"] == environment(pair.backend.url)["KEY"] == pair.api_key == KEY
        assert pair.ref.addresses == {"backend": pair.backend.url, "console": pair.console.url}
        assert pair.ref.parties == ("backend", "console", "pair")
        assert not pair.console.mapped
        ports = [pair.backend.program.port if pair.backend.program else 0]
        workdir = pair.backend.program.workdir if pair.backend.program else Path()
    assert not any(is_taken(port) for port in ports)
    assert not workdir.exists()
    pair.close()


def test_outputs_outlive_the_pair_without_the_key(folder: Path) -> None:
    """The outputs can be read after the end, with the key masked and the leak named."""
    with start(folder, BACKEND) as pair:
        assert pair.backend is not None
        httpx.get(f"{pair.backend.url}/{KEY}", timeout=STUCK_S, trust_env=False)
    (output,) = pair.outputs()
    assert output.program == "backend"
    assert "/health" in output.text
    assert KEY not in output.text
    assert output.leaks == ("plain",)
    assert output.exit_code is not None


def test_when_the_console_fails_the_backend_is_ended(folder: Path, free: int) -> None:
    """When the console fails, the backend ends too, and the error names the console."""
    broken = '[console]\ncommand = "{python} server.py {port} dies"\n'
    with pytest.raises(StartError, match="console did not start") as caught:
        start(folder, BACKEND + f"port = {free}\n" + broken)
    assert caught.value.program == "console"
    assert caught.value.exit_code == 7
    assert caught.value.output.startswith("first line")
    assert not is_taken(free)


def test_starts_a_further_console_for_another_backend(folder: Path) -> None:
    """Each console has its own address and backend address and, optionally, another key or none."""
    with start(folder, CONSOLE) as pair:
        assert pair.backend is None
        assert pair.console is None
        assert pair.parties == ("console",)
        with pair.start_console("http://127.0.0.1:9") as with_backend, pair.start_console("", "") as unconfigured:
            assert with_backend.url != unconfigured.url
            assert environment(with_backend.url)["NEXT_PUBLIC_API_URL"] == "http://127.0.0.1:9"
            assert environment(with_backend.url)["NEXT_PUBLIC_API_KEY"] == KEY
            assert environment(unconfigured.url)["NEXT_PUBLIC_API_URL"] == ""
            assert environment(unconfigured.url)["NEXT_PUBLIC_API_KEY"] == ""
        assert with_backend.program is not None
        assert not with_backend.program.alive
    with pytest.raises(RuntimeError, match="closed"):
        pair.start_console("http://127.0.0.1:9")
    assert [output.program for output in pair.outputs()] == ["console", "console-2"]


def test_a_console_with_a_fixed_port_is_replaced(folder: Path, free: int) -> None:
    """The console of the real backend stops meanwhile, and starts again afterwards."""
    console = f'[console]\ncommand = "{{python}} server.py {free}"\nport = {free}\n'
    with start(folder, BACKEND + console) as pair:
        assert pair.console is not None
        assert pair.backend is not None
        with pair.start_console("http://127.0.0.1:9") as further:
            assert further.url == pair.console.url
            assert environment(further.url)["NEXT_PUBLIC_API_URL"] == "http://127.0.0.1:9"
        assert environment(pair.console.url)["NEXT_PUBLIC_API_URL"] == pair.backend.url
        further.stop()
        assert pair.console.program is not None
        assert pair.console.program.alive


def test_a_console_with_a_fixed_port_is_replaced_twice(folder: Path, free: int) -> None:
    """One without a configuration replaces the one in front of the mock backend, which starts again afterwards."""
    console = f'[console]\ncommand = "{{python}} server.py {free}"\nport = {free}\n'
    with start(folder, BACKEND + console) as pair, pair.start_console("http://127.0.0.1:9") as further:
        with pair.start_console("", "") as unconfigured:
            assert environment(unconfigured.url)["NEXT_PUBLIC_API_URL"] == ""
            assert further.program is not None
            assert not further.program.alive
        assert environment(further.url)["NEXT_PUBLIC_API_URL"] == "http://127.0.0.1:9"


def test_a_module_has_no_page(folder: Path) -> None:
    """A module starts no program: the driver gets the file, its folder and its environment."""
    (folder / "client.ts").write_text("")
    text = '[console]\ndriver = "module"\nmodule = "client.ts"\nenv = { API = "{backend_url}/v1" }\n'
    with start(folder, text) as pair:
        console = pair.start_console("http://127.0.0.1:9", "other")
        assert console.program is None
        assert console.url == ""
        assert console.module == folder / "client.ts"
        assert console.env["API"] == "http://127.0.0.1:9/v1"
        assert console.env["NEXT_PUBLIC_API_KEY"] == console.api_key == "other"
        assert pair.configurable
    assert pair.outputs() == []


def test_a_console_given_by_url_is_mapped(folder: Path, unknown_routes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The console keeps its own backend address, which the browser maps to the gate's."""
    monkeypatch.setenv("MY_KEY", "key-of-the-running-pair")
    text = f'[console]\nurl = "{unknown_routes}/app/"\napi_url = "http://backend:8000/"\napi_key_env = "MY_KEY"\n'
    with start(folder, text) as pair:
        assert pair.api_key == "key-of-the-running-pair"
        assert not pair.configurable
        console = pair.start_console("http://127.0.0.1:9")
        assert isinstance(console, RunningConsole)
        assert (console.url, console.origin) == (unknown_routes + "/app", unknown_routes)
        assert (console.api_url, console.backend_url) == ("http://backend:8000", "http://127.0.0.1:9")
        assert console.mapped
        for arguments in (("http://127.0.0.1:9", "another"), ("",)):
            with pytest.raises(UserError, match="keeps its configuration"):
                pair.start_console(*arguments)


def test_a_backend_given_by_url_is_left_alone(
    folder: Path, unknown_routes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key comes from the environment; the backend is never started, and attacked only with consent."""
    monkeypatch.setenv("MY_KEY", "key-of-the-running-pair")
    text = f'[backend]\nurl = "{unknown_routes}"\napi_key_env = "MY_KEY"\n'
    with start(folder, text + 'audit = { source = "sql", url = "sqlite:///t.db", query = "q" }\n') as pair:
        assert pair.backend is not None
        assert pair.backend.url == unknown_routes
        assert pair.backend.program is None
        assert pair.backend.audit.url == f"sqlite:///{folder / 't.db'}"
        assert not pair.ref.started_by_gate
        assert not pair.ref.faults
        with pytest.raises(UserError, match="my describes no console: add"):
            pair.start_console("http://127.0.0.1:9")
    (folder / "my.toml").write_text("faults = true\n" + text)
    target = load_target(str(folder / "my.toml"))
    assert target.allows_faults
    assert not target.parallel
    assert target.api_key == "key-of-the-running-pair"


def test_reports_a_pair_that_does_not_run(folder: Path, free: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address without a response is one line, not many failures."""
    monkeypatch.setenv("MY_KEY", "key-of-the-running-pair")
    text = f'[backend]\nurl = "http://127.0.0.1:{free}"\napi_key_env = "MY_KEY"\nstart_timeout_s = 0.2\n'
    with pytest.raises(StartError, match=r"backend does not respond: GET http://.*/health: .*; is it running\?"):
        start(folder, text)


def test_audit_paths_are_resolved(folder: Path) -> None:
    """A path with {workdir} lies in the backend's folder, a relative one beside the target file."""
    for path, wanted in (("{workdir}/t.jsonl", "{workdir}/t.jsonl"), ("logs/t.jsonl", str(folder / "logs/t.jsonl"))):
        with start(folder, BACKEND + f'audit = {{ source = "jsonl", path = "{path}" }}\n') as pair:
            assert pair.backend is not None
            assert pair.backend.program is not None
            assert pair.backend.audit.path == wanted.replace("{workdir}", str(pair.backend.program.workdir))


def test_retries_when_a_port_is_taken_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a port is taken before the start, another one is chosen without an error."""
    with socket.create_server((HOST, 0)) as thief:
        stolen = [thief.getsockname()[1]] * 2

        class Unlucky(HeldPort):
            """Draws the stolen port first."""

            def __init__(self) -> None:
                super().__init__()
                if stolen:
                    self.number = stolen.pop()

        monkeypatch.setattr(running_pair, "HeldPort", Unlucky)
        with start(folder, BACKEND) as pair:
            assert pair.backend is not None
            assert environment(pair.backend.url)["KEY"] == KEY
        assert stolen == []


@pytest.mark.slow
def test_retries_when_a_program_loses_its_port(folder: Path) -> None:
    """A program that ends because another one took its port starts again on another port."""

    def steal() -> None:
        deadline = time.monotonic() + STUCK_S
        while not (folder / "asked").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        thieves.append(socket.create_server((HOST, int((folder / "asked").read_text()))))
        # Whatever a thief is asked, it must not be taken for the program: it answers nothing.
        (folder / "go").write_text("")

    thieves: list[socket.socket] = []
    thread = threading.Thread(target=steal)
    thread.start()
    try:
        with start(folder, BACKEND.replace("{port}", "{port} patient")) as pair:
            thread.join()
            assert pair.backend is not None
            assert pair.backend.url != f"http://{HOST}:{thieves[0].getsockname()[1]}"
            assert environment(pair.backend.url)["KEY"] == KEY
    finally:
        thread.join()
        for thief in thieves:
            thief.close()


def test_reports_a_taken_fixed_port_before_the_start(folder: Path) -> None:
    """The line names the key and the port; the other side is not started either."""
    with socket.create_server((HOST, 0)) as thief:
        port = thief.getsockname()[1]
        fixed = CONSOLE + f"port = {port}\n"
        with pytest.raises(PortTaken, match=rf"my: console\.port is {port}, which is in use: .* leave the key out"):
            start(folder, BACKEND.replace("{port}", "{port} patient") + "start_timeout_s = 2\n" + fixed)
    assert not (folder / "asked").exists()


PREFLIGHT = {
    '[backend]\ncommand = "no-such-program-here {port}"\n': (
        "my: backend.command starts with no-such-program-here, which cannot be found: install it, or give its path"
    ),
    '[backend]\ncommand = "./absent.sh {port}"\n': "my: backend.command starts with ./absent.sh, which cannot be found",
    BACKEND + 'cwd = "absent"\n': "my: backend.cwd is absent, but there is no folder ",
    '[console]\ndriver = "module"\nmodule = "absent.ts"\n': "my: console.module is absent.ts, but there is no file ",
    BACKEND + 'api_key_env = "ABSENT_KEY"\n': (
        "my: backend.api_key_env names ABSENT_KEY, which is not set: export ABSENT_KEY=<the key>"
    ),
    BACKEND + 'api_key_env = "SHORT_KEY"\n': "my: SHORT_KEY is no usable API key: it needs at least 8 printable ASCII",
}


@pytest.mark.parametrize(("text", "line"), PREFLIGHT.items())
def test_preflight_reports_what_would_fail(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, line: str) -> None:
    """A problem that can be found before the start is reported in one line with a hint."""
    monkeypatch.setenv("SHORT_KEY", "abc")
    (folder / "my.toml").write_text(text)
    with pytest.raises(UserError) as caught:
        load_target(str(folder / "my.toml")).preflight()
    assert str(caught.value).startswith(line)
    assert "abc" not in str(caught.value)


def test_a_program_beside_the_file_is_found(folder: Path) -> None:
    """A relative program is looked up where it will be started."""
    script = folder / "serve.sh"
    script.write_text('#!/bin/sh\nexec "$PY" server.py "$1"\n')
    script.chmod(0o755)
    with start(folder, '[backend]\ncommand = "./serve.sh {port}"\nenv = { PY = "{python}" }\n') as pair:
        assert pair.backend is not None
        assert environment(pair.backend.url)["PY"] == sys.executable


def test_the_key_of_the_environment_wins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A started program with a named key gets the key of the environment."""
    monkeypatch.setenv("MY_KEY", "key-of-this-machine")
    with start(folder, BACKEND + 'api_key_env = "MY_KEY"\n') as pair:
        assert pair.backend is not None
        assert environment(pair.backend.url)["KEY"] == pair.api_key == "key-of-this-machine"
        assert "MY_KEY" not in environment(pair.backend.url)


def test_the_reference_pair_runs() -> None:
    """The embedded pair starts, responds, and is ended."""
    with load_target("embedded").start(KEY) as pair:
        assert isinstance(pair, Pair)
        assert pair.backend is not None
        assert pair.backend.program is not None
        pid = pair.backend.program.pid
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_pair_implements_the_protocol(folder: Path) -> None:
    """The protocol and the pair have the same members, so that another kind of target can replace it."""
    members = {name for name in dir(Running) if not name.startswith("_")}
    with start(folder, CONSOLE) as pair:
        assert members <= set(dir(pair))
