"""The CI example for changes of a contract: it compares with the base branch, and what it cannot see is no success."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main
import yaml

from technogate.cli.main import app
from tests.conftest import ROOT, STUCK_S
from tests.gate_command import GATE
from tests.test_docs import unknown_command
from tests.tools import GIT

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(GIT.missing), reason=GIT.missing or "git is there")]

CI = ROOT / "examples" / "ci"
CONTRACT = "contracts/books-v1"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose branch `base` has the shipped contract under another name."""
    home = tmp_path / "repository"
    shutil.copytree(ROOT / "contracts" / "console-v0.1", home / CONTRACT)
    git(home, "init", "--quiet", "--initial-branch", "base")
    git(home, "add", ".")
    git(home, "-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "--quiet", "--message", "One")
    git(home, "checkout", "--quiet", "-b", "change")
    return home


def git(home: Path, *words: str) -> None:
    """Run git, which must succeed."""
    subprocess.run(["git", *words], cwd=home, check=True, capture_output=True, timeout=STUCK_S)


def compare(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the script in the repository."""
    program = home.parent / "bin" / "technogate"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.join(GATE)} "$@"\n')
    program.chmod(0o755)
    environment = dict(os.environ, PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}", SUMMARY="changes.md")
    line = [shutil.which("sh") or "sh", str(CI / "contract-diff.sh"), *words]
    return subprocess.run(line, cwd=home, env=environment, capture_output=True, text=True, timeout=STUCK_S, check=False)


def edit(home: Path, file: str, before: str, after: str) -> None:
    """Replace a text of the contract."""
    path = home / CONTRACT / file
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after, 1), "utf-8")


def test_a_breaking_change_ends_the_job(repository: Path) -> None:
    """Without a change exit code 0; with one 1, and a summary that names who breaks; an entry makes it 0 again."""
    ended = compare(repository, CONTRACT, "base")
    assert ended.returncode == 0, ended.stderr
    assert "SAME" in ended.stdout
    edit(repository, "openapi.yaml", "maxLength: 128", "maxLength: 64")
    ended = compare(repository, CONTRACT, "base")
    assert ended.returncode == 1, ended.stderr
    assert "| the console |" in (repository / "changes.md").read_text("utf-8")


def test_what_cannot_be_compared_is_no_success(repository: Path) -> None:
    """An unknown base, no folder, and a folder with a problem; a folder that is new has nothing to compare with."""
    assert compare(repository, CONTRACT, "nowhere").returncode == 2
    assert compare(repository, "contracts/none", "base").returncode == 2
    shutil.copytree(repository / CONTRACT, repository / "contracts" / "new-v1")
    ended = compare(repository, "contracts/new-v1", "base")
    assert (ended.returncode, "is new" in ended.stdout) == (0, True)
    edit(repository, "behavior.toml", "abort_earliest_s = 14.0", "abort_earliest_s = 17.0")
    assert compare(repository, CONTRACT, "base").returncode == 1


def test_each_call_exists() -> None:
    """The commands and options of both files, and the script that the workflow calls."""
    text = (CI / "contract-diff.sh").read_text("utf-8")
    calls = [line.strip() for line in text.splitlines() if line.strip().startswith("technogate ")]
    words = [shlex.split(call.partition("||")[0].partition(">")[0]) for call in calls]
    assert len(words) == 3
    assert [unknown_command(call[1:]) for call in words] == ["", "", ""]
    assert "contract" in typer.main.get_command(app).commands  # type: ignore[attr-defined]
    workflow = yaml.safe_load((CI / "contract-changes.yml").read_text("utf-8"))
    runs = " ".join(str(step.get("run", "")) for step in workflow["jobs"]["changes"]["steps"])
    assert "contract-diff.sh contracts/console-v0.1" in runs
