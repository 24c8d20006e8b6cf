"""`technogate doctor`: versions, an engine that is asked, and what a Node gets wrong; never a stack trace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from technogate.cli import machine_tools
from technogate.cli.machine_tools import Answer, ToolStatus, ask, docker, node, python, tracer
from tests.conftest import Sandbox
from tests.planted_node import planted_node

#: A Docker client: `--version` is its own, `version` asks the engine, `compose` is its plugin.
CLIENT = """#!/bin/sh
case "$1" in
  --version) echo 'Docker version 28.1.1, build 4eba377' ;;
  version) {engine} ;;
  compose) {compose} ;;
esac
"""
ANSWERS = "echo 27.5.0"
SILENT = "sleep 60"
DOWN = "echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2; exit 1"
PLUGIN = "echo 'Docker Compose version v2.35.1'"
NO_PLUGIN = "echo 'docker: unknown command: docker compose' >&2; exit 1"


def program(folder: Path, name: str, text: str) -> None:
    """A program of this name in `folder`."""
    (folder / name).write_text(text, "utf-8")
    (folder / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands before every other of the machine but the system's own."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def by_name(tools: list[ToolStatus]) -> dict[str, ToolStatus]:
    """Tools by their names."""
    return {tool.name: tool for tool in tools}


def test_engine_and_compose_answer_with_their_versions(machine: Path) -> None:
    """Client, engine and compose are three things, each with its own version."""
    program(machine, "docker", CLIENT.format(engine=ANSWERS, compose=PLUGIN))
    tools = by_name(docker())
    assert [tool.present for tool in tools.values()] == [True, True, True]
    assert tools["Docker"].details.startswith("28.1.1, ")
    assert tools["engine"].details == "27.5.0"
    assert tools["compose"].details.startswith("2.35.1, ")


def test_an_engine_that_is_down_is_told(machine: Path) -> None:
    """A client without its engine is no Docker: the hint says how to start it."""
    program(machine, "docker", CLIENT.format(engine=DOWN, compose=NO_PLUGIN))
    program(machine, "docker-compose", "#!/bin/sh\necho 'docker-compose version 1.29.2, build unknown'\n")
    tools = by_name(docker())
    assert tools["Docker"].present
    assert not tools["engine"].present
    assert tools["engine"].details.endswith("Is the docker daemon running?")
    assert tools["engine"].hint.startswith("Docker 28.1.1 client, its engine does not answer: start it with ")
    assert tools["compose"].details == "1.29.2, docker-compose"


def test_an_engine_that_does_not_answer_is_not_waited_for(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each question has its limit, and one without an answer is told as such."""
    monkeypatch.setattr(machine_tools, "ANSWER_S", 0.5)
    program(machine, "docker", CLIENT.format(engine=SILENT, compose=SILENT))
    program(machine, "docker-compose", "#!/bin/sh\nexit 1\n")
    tools = by_name(docker())
    assert (tools["engine"].present, tools["engine"].details) == (False, "no answer within 0.5 s")
    assert not tools["compose"].present
    assert "compose plugin" in tools["compose"].hint


def test_no_docker_is_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a client nothing else is asked."""
    monkeypatch.setenv("PATH", str(tmp_path))
    [tool] = docker()
    assert (tool.present, tool.required) == (False, False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [("#!/bin/sh\nexit 3\n", "exit code 3"), ("#!/bin/sh\necho first >&2; echo last >&2; exit 1\n", "last")],
)
def test_a_program_that_fails_is_an_answer(tmp_path: Path, text: str, problem: str) -> None:
    """Its last line, or its exit code."""
    program(tmp_path, "broken", text)
    assert ask(str(tmp_path / "broken")) == Answer(problem=problem)
    assert ask(str(tmp_path / "nowhere")).problem == "No such file or directory"


def test_python_has_its_version() -> None:
    """The Python that runs the gate."""
    assert re.fullmatch(r"3\.\d+\.\d+", python().details)


@pytest.mark.slow
def test_node_has_its_version_and_its_faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node that gets a response wrong is present, and the note says what."""
    monkeypatch.setenv("TECHNOGATE_NODE", str(planted_node(tmp_path, "hides-cut-bodies")))
    found = node()
    assert found.present
    assert re.match(r"\d+\.\d+\.\d+, ", found.details)
    assert "20.0 or newer" in found.needed_for
    assert "takes a truncated body as whole" in found.note


@pytest.mark.slow
def test_a_node_that_cannot_be_tried_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Node that says its version and then runs nothing."""
    program(tmp_path, "node", '#!/bin/sh\n[ "$1" = --version ] && echo v22.1.0\n')
    monkeypatch.setenv("TECHNOGATE_NODE", str(tmp_path / "node"))
    found = node()
    assert found.details.startswith("22.1.0, ")
    assert "could not be tried on known answers" in found.note


@pytest.mark.slow
def test_doctor_prints_all_of_it(sandbox: Sandbox, tmp_path: Path) -> None:
    """One line for each tool, then the hints and notes; nothing of Docker decides the exit code."""
    program(tmp_path, "docker", CLIENT.format(engine=DOWN, compose=NO_PLUGIN))
    path = f"{tmp_path}:/usr/bin:/bin"
    with_engine_down = sandbox.run("doctor", PATH=path)
    program(tmp_path, "docker", CLIENT.format(engine=ANSWERS, compose=PLUGIN))
    assert sandbox.run("doctor", PATH=path).returncode == with_engine_down.returncode
    assert "absent  engine" in with_engine_down.stdout
    assert "Docker 28.1.1 client, its engine does not answer: start it" in with_engine_down.stdout
    assert "Traceback" not in with_engine_down.stderr


def test_strace_is_optional(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its version where it is there; else absent, with the way to get it."""
    program(machine, "strace", "#!/bin/sh\necho 'strace -- version 6.1'\n")
    assert (tracer().present, tracer().required) == (True, False)
    assert tracer().details == f"6.1, {machine / 'strace'}"
    monkeypatch.setenv("PATH", str(machine / "nowhere"))
    assert (tracer().present, tracer().details) == (False, "strace is not installed")
    assert "apt-get install strace" in tracer().hint
