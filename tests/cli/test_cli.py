"""The command line for people: help, tables, explanations, colour and completion."""

from __future__ import annotations

import json
import os
import pty
import shutil
import sys
from pathlib import Path

import pytest

from tests.cli.test_exit_codes import HOLDS, OPTIONS, small  # noqa: F401 - a fixture
from tests.conftest import Sandbox
from tests.gate_command import GATE

pytestmark = pytest.mark.slow


def test_help_lists_commands_and_exit_codes(sandbox: Sandbox) -> None:
    """The help lists every command and the meaning of each exit code."""
    output = sandbox.run("--help").stdout
    for word in (
        "validate",
        "check",
        "judge",
        "report",
        "requirements",
        "explain",
        "doctor",
        "0 PASS",
        "3 INCONCLUSIVE",
    ):
        assert word in output
    assert "Exit codes" in sandbox.run("validate", "--help").stdout


def test_requirements_show_their_coverage(small: Sandbox) -> None:  # noqa: F811
    """The table lists each requirement with its number of checks, and "none" without one."""
    small.contract(("CTR-01", "CTR-02"))
    small.suite("test_it.py", HOLDS)
    output = small.run("requirements", "--contract", "contracts/small").stdout
    assert "2 requirements, 1 without a check" in output
    rows = {line.split()[0]: line.split() for line in output.splitlines() if line.startswith("CTR-")}
    assert (rows["CTR-01"][4], rows["CTR-02"][4]) == ("1", "none")


def test_requirements_on_images_are_listed_with_their_checks(small: Sandbox) -> None:  # noqa: F811
    """The table is of the contract, not of a target: a check that only images can be held to counts."""
    small.contract(("CTR-01", "STK-07"))
    small.suite("test_it.py", HOLDS.replace("CTR-01", "STK-07"))
    output = small.run("requirements", "--contract", "contracts/small").stdout
    rows = {line.split()[0]: line.split() for line in output.splitlines() if line.startswith(("CTR-", "STK-"))}
    assert rows["STK-07"][4] == "1"


def test_requirements_refuses_broken_suites(small: Sandbox) -> None:  # noqa: F811
    """When the suites cannot be collected, one line gives the reason; no incomplete table is printed."""
    small.suite("test_it.py", "import no_such_module\n")
    ended = small.run("requirements", "--contract", "contracts/small")
    assert ended.returncode == 2
    assert "cannot be collected" in ended.stderr


def test_explain(small: Sandbox) -> None:  # noqa: F811
    """An explanation has the text, the decisions and the checks of a requirement."""
    small.contract(("AUT-01",))
    small.suite("test_it.py", HOLDS.replace("CTR-01", "AUT-01"))
    output = small.run("explain", "aut-01", "--contract", "contracts/small").stdout
    for word in (
        "AUT-01 (backend, MUST",
        "no key or an empty key",
        "Rests on D4:",
        "test_it.py::test_it",
        "technogate check AUT-01",
    ):
        assert word in output


def test_doctor_names_what_is_missing(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without a browser, doctor reports it as missing, prints how to install one, and exits 1."""
    ended = sandbox.run("doctor", PATH=str(tmp_path), HOME=str(tmp_path), PLAYWRIGHT_BROWSERS_PATH=str(tmp_path))
    assert ended.returncode == 1
    assert "MISSING" in ended.stdout
    assert "playwright install chromium" in ended.stdout


def test_doctor_names_what_playwright_lacks(sandbox: Sandbox, tmp_path: Path) -> None:
    """A browser that Playwright cannot drive counts as missing: doctor quotes Playwright and names what to install."""
    (tmp_path / "node").write_text("#!/bin/sh\necho 'libatomic.so.1: no such file' >&2\nexit 127\n", "utf-8")
    (tmp_path / "node").chmod(0o755)
    browser = shutil.which("true") or ""
    ended = sandbox.run("doctor", PLAYWRIGHT_NODEJS_PATH=str(tmp_path / "node"), TECHNOGATE_BROWSER=browser)
    assert ended.returncode == 1
    assert "apt-get install libatomic1" in ended.stdout


def test_doctor_continues_without_node(sandbox: Sandbox, tmp_path: Path) -> None:
    """Without Node, doctor reports it as absent, with what needs it, and continues."""
    ended = sandbox.run("doctor", TECHNOGATE_NODE=str(tmp_path / "nowhere"))
    assert "absent" in ended.stdout
    assert "Node: install Node 20 or newer" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_no_browser_is_inconclusive_with_a_hint(sandbox: Sandbox, tmp_path: Path) -> None:
    """A machine without a browser gets INCONCLUSIVE with reason and hint: no PASS, no stack trace."""
    suite = '''
from technogate.runner.suite import requirement

@requirement("CON-02")
def test_it(harness, must_hold):
    """It holds."""
    must_hold([])
'''
    sandbox.contract(("CON-02",))
    sandbox.suite("test_it.py", suite)
    for name in ("sh", "env"):
        (tmp_path / name).symlink_to(shutil.which(name) or "/bin/sh")
    options = ("--contract", "contracts/small", "--workers", "1")
    ended = sandbox.run(
        "validate", *options, PATH=str(tmp_path), PLAYWRIGHT_BROWSERS_PATH=str(tmp_path), HOME=str(tmp_path)
    )
    assert ended.returncode == 3, ended.stdout + ended.stderr
    [result] = json.loads((sandbox.reports / "verdict.json").read_text())["requirements"]
    assert (result["verdict"], result["reason"]) == ("INCONCLUSIVE", "no browser was found")
    assert "playwright install chromium" in result["hint"]
    assert "Traceback" not in ended.stdout + ended.stderr


@pytest.mark.parametrize("no_color", [False, True])
def test_colour_only_on_a_terminal_without_no_color(small: Sandbox, no_color: bool) -> None:  # noqa: F811
    """The verdict is coloured on a terminal, but not with NO_COLOR and not in a pipe."""
    small.suite("test_it.py", HOLDS)
    assert "\x1b" not in small.run("validate", *OPTIONS, "--workers", "1").stdout
    wanted = {**small.environment(), "TERM": "xterm-256color", **({"NO_COLOR": "1"} if no_color else {})}
    shown = on_a_terminal(small, wanted)
    assert "PASS" in shown
    assert ("\x1b[1;32m" in shown or "\x1b[32" in shown) != no_color


def on_a_terminal(sandbox: Sandbox, environment: dict[str, str]) -> str:
    """What a validation writes to a terminal."""
    child, master = pty.fork()
    if child == 0:
        os.chdir(sandbox.home)
        command = [*GATE, "validate", *OPTIONS, "--workers", "1"]
        os.execve(sys.executable, command, environment)  # noqa: S606 - the terminal is this process's own
    pieces = []
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(master)
    os.waitpid(child, 0)
    return b"".join(pieces).decode("utf-8", "replace")


def test_shell_completion(sandbox: Sandbox) -> None:
    """The shell can complete commands and options: a command prints the script, and the words that it asks for."""
    assert "complete -o default -F _technogate technogate" in sandbox.run("completion", "bash").stdout
    assert "validate" in sandbox.run("completion", "words", "--").stdout.split()
    assert "--seed" in sandbox.run("completion", "words", "--", "validate", "--target").stdout.split()
    unknown = sandbox.run("completion", "tcsh")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
