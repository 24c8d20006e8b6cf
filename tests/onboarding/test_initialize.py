"""`technogate init` on whole programs: from a command line to a file with which the gate runs."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from technogate.target.target_file import read_target_file
from tests.conftest import ROOT


def run_init(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`technogate init` in a folder, with nobody to answer a question."""
    command = [sys.executable, "-m", "technogate", "init", *words]
    return subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.mark.slow
def test_node_example_needs_no_more_than_its_command(tmp_path: Path) -> None:
    """The file that is written names what the example's own target file names, and nothing is left behind."""
    shutil.copy(ROOT / "examples" / "node-backend" / "server.mjs", tmp_path)
    ended = run_init(tmp_path, "--backend-command", "node server.mjs --port {port}")
    assert ended.returncode == 0, ended.stderr
    written = read_target_file(tmp_path / "technogate.toml").backend
    theirs = read_target_file(ROOT / "examples" / "node-backend" / "target.toml").backend
    assert written is not None
    assert theirs is not None
    assert written.commands == theirs.commands
    assert written.audit == theirs.audit
    assert written.env == theirs.env
    assert written.unwritable.declared
    assert sorted(path.name for path in tmp_path.iterdir()) == ["server.mjs", "technogate.toml"]


def test_existing_file_is_kept(tmp_path: Path) -> None:
    """A file that exists is not overwritten unless told."""
    (tmp_path / "technogate.toml").write_text("name = 'mine'\n", "utf-8")
    ended = run_init(tmp_path, "--backend-command", "node server.mjs")
    assert ended.returncode == 2
    assert "--force" in ended.stderr
    assert (tmp_path / "technogate.toml").read_text("utf-8") == "name = 'mine'\n"


def test_nothing_to_look_at_names_what_the_folder_shows(tmp_path: Path) -> None:
    """Without a side and without a terminal: one line with what could be given, and no file."""
    (tmp_path / "package.json").write_text('{"scripts": {"start": "node server.mjs"}}', "utf-8")
    ended = run_init(tmp_path)
    assert ended.returncode == 2
    assert "--backend-command 'npm run start' (package.json, script start: node server.mjs)" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "technogate.toml").exists()


def test_program_that_ends_at_once_is_one_line(tmp_path: Path) -> None:
    """The line has the exit code and the program's last words."""
    ended = run_init(tmp_path, "--backend-command", f"{sys.executable} -c 'raise SystemExit(\"no disk\")'")
    assert ended.returncode == 2
    assert "exit code 1" in ended.stderr
    assert "no disk" in ended.stderr
