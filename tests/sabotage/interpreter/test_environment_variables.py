"""Attempts to have a variable of the environment end a command with success, or choose what is judged."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, STUCK_S, Sandbox
from tests.gate_command import GATE

#: Ends any Python that loads it, with success.
ENDS_WELL = "import os\nos._exit(0)\n"

#: A command that cannot succeed: there is no such journal, and no such evidence.
JUDGE = ("judge", "nowhere.jsonl")
DEPLOY = ("deploy-check", "--evidence", "nowhere.json", "--key", "nowhere.pub")

LAUNCHER = ROOT / "src" / "technogate" / "cli" / "launcher.sh"


# Each starts the command once.
pytestmark = pytest.mark.slow


@pytest.fixture
def command(tmp_path: Path) -> str:
    """The command `technogate` as pip installs it: the launcher, beside a Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    python = folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n', "utf-8")
    launcher = folder / "technogate"
    launcher.write_bytes(LAUNCHER.read_bytes())
    for program in (python, launcher):
        program.chmod(0o755)
    return str(launcher)


def ended(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in `folder` with these variables beside those that it needs."""
    return subprocess.run(
        words,
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STUCK_S,
        check=False,
    )


VARIABLES = {
    "a sitecustomize on PYTHONPATH": {"PYTHONPATH": "."},
    "another standard library": {"PYTHONHOME": "."},
    "a prompt after the end": {"PYTHONINSPECT": "1"},
    "the script of a shell in place of the command": {"_TECHNOGATE_COMPLETE": "source_bash"},
    "words of a shell in place of the command": {"_TECHNOGATE_COMPLETE": "complete_bash", "COMP_WORDS": "technogate"},
    "the current folder on the path": {"PYTHONPATH": "", "PYTHONSAFEPATH": ""},
    "packages of the user": {"PYTHONUSERBASE": "."},
    "a contract": {"TECHNOGATE_CONTRACT": "."},
    "a target": {"TECHNOGATE_TARGET": "embedded"},
    "a smaller profile": {"TECHNOGATE_PROFILE": "quick"},
}


@pytest.mark.sabotage("a variable of the environment ends a command with success, or chooses what is judged")
@pytest.mark.parametrize("words", [JUDGE, DEPLOY], ids=["judge", "deploy-check"])
@pytest.mark.parametrize("name", VARIABLES)
def test_no_variable_makes_a_command_succeed(name: str, words: tuple[str, ...], command: str, tmp_path: Path) -> None:
    """A command that cannot succeed ends with 2 and one line, whatever the environment says."""
    (tmp_path / "sitecustomize.py").write_text(ENDS_WELL, "utf-8")
    result = ended(tmp_path, command, *words, **VARIABLES[name])
    assert result.returncode == 2, result.stdout + result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.sabotage("a variable has completion run in place of a validation, started as a module")
def test_completion_does_not_replace_a_command(sandbox: Sandbox) -> None:
    """The variable of click is ignored: the command runs, and fails."""
    assert sandbox.run(*JUDGE, _TECHNOGATE_COMPLETE="source_zsh").returncode == 2


@pytest.mark.sabotage("a file of the current folder stands in for a module of the standard library or of a package")
@pytest.mark.parametrize("started", ["launcher", "module"])
def test_no_file_of_the_current_folder_is_loaded(started: str, command: str, tmp_path: Path) -> None:
    """The gate and its suites load their own modules, whatever lies in the folder that one stands in."""
    for name in ("h11", "pytest", "json", "typer", "click", "tempfile", "xdist", "threading", "msgspec"):
        (tmp_path / f"{name}.py").write_text(ENDS_WELL, "utf-8")
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "__init__.py").write_text(ENDS_WELL, "utf-8")
    words = (command,) if started == "launcher" else GATE
    result = ended(tmp_path, *words, *JUDGE)
    assert result.returncode == 2, result.stdout + result.stderr
    listed = ended(tmp_path, *words, "requirements", "NOT-01")
    assert listed.returncode == 2, listed.stdout + listed.stderr


@pytest.mark.sabotage("options of pytest in a variable have plain `pytest suites` show something and succeed")
@pytest.mark.parametrize("options", ["--help", "--markers", "--collect-only", "--fixtures", "-p no:python"])
def test_no_variable_adds_options_to_plain_pytest(options: str, sandbox: Sandbox) -> None:
    """Plain `pytest suites` is refused while a variable adds to what the person wrote."""
    result = sandbox.pytest("suites", PYTEST_ADDOPTS=options)
    assert result.returncode == 2, result.stdout + result.stderr
    assert "PYTEST_ADDOPTS is set" in result.stderr


@pytest.mark.sabotage("a plugin named in a variable is loaded by plain `pytest suites`")
def test_no_variable_adds_a_plugin_to_plain_pytest(sandbox: Sandbox) -> None:
    """A plugin of pytest that a variable names does not take part in a run."""
    (sandbox.home / "src" / "lenient.py").write_text("", "utf-8")
    assert sandbox.pytest("suites", PYTEST_PLUGINS="lenient").returncode == 2
