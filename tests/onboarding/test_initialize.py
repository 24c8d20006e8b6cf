"""`technogate init` on whole programs: from a command line to a file with which the gate runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from technogate.drivers.page.chromium import browser_missing
from technogate.target.target_file import read_target_file
from tests.checked_program import check_program, with_node
from tests.conftest import ROOT
from tests.gate_command import GATE


def run_init(
    folder: Path, *words: str, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`technogate init` in a folder, with nobody to answer a question."""
    command = [*GATE, "init", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=with_node() if environment is None else environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


SMALL = """
import json, os, sys, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        key = self.headers.get("X-API-Key", "")
        code = 404 if not self.path.startswith(("/api/", "/health")) else 200
        if code == 200 and self.path != "/health" and key != os.environ["SMALL_API_KEY"]:
            code = 403 if key else 401
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or "{}")
        known = sent.get("command") == "PING"
        body = {"status": "APPROVED" if known else "BLOCKED", "trace_id": str(uuid.uuid4())}
        body["reason_codes"] = [] if known else ["UNKNOWN_COMMAND"]
        raw = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
    do_POST = do_GET

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.mark.slow
def test_person_at_a_terminal_takes_and_completes(tmp_path: Path) -> None:
    """An empty line takes what was seen; what was not found can be typed; nothing is asked twice."""
    (tmp_path / "small.py").write_text(SMALL, "utf-8")
    ours, theirs = os.openpty()
    words = ["init", "--backend-command", "{python} small.py", "--no-fit"]
    with subprocess.Popen([*GATE, *words], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        shown, answered = "", 0
        with suppress(OSError):  # the other end is closed when the command has ended
            while part := os.read(ours, 4096):
                shown += part.decode("utf-8", errors="replace")
                for question in re.findall(r"\S[^\r\n]*: $", shown[answered:]):
                    answered = len(shown)
                    os.write(ours, b"LOW_QUOTA\n" if "backend.commands.warning" in question else b"\n")
    os.close(ours)
    assert process.returncode == 0, shown
    written = read_target_file(tmp_path / "technogate.toml").backend
    assert written is not None
    assert written.command == ("{python}", "small.py", "{port}")
    assert written.env == {"SMALL_API_KEY": "{api_key}"}
    assert (written.commands.approved, written.commands.warning) == ("PING", "LOW_QUOTA")


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


@pytest.mark.slow
@pytest.mark.skipif(bool(browser_missing()[0]), reason=": ".join(browser_missing()))
def test_reference_pair_needs_no_option_and_no_edit(tmp_path: Path) -> None:
    """From its two folders to a target file that says what its own one says, and with which the gate runs."""
    for side in ("backend", "console"):
        shutil.copytree(ROOT / "images" / side, tmp_path / side)
    ended = run_init(tmp_path, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert "FITS" in ended.stdout, ended.stdout
    written = read_target_file(tmp_path / "technogate.toml")
    theirs = read_target_file(ROOT / "images" / "embedded.toml")
    assert written.backend is not None
    assert theirs.backend is not None
    assert written.backend.commands == theirs.backend.commands
    assert dict(written.backend.env) == dict(theirs.backend.env)
    assert written.backend.unwritable.lock_sqlite == theirs.backend.unwritable.lock_sqlite
    assert written.console is not None
    assert theirs.console is not None
    assert written.console.env == theirs.console.env
    checked = check_program(tmp_path, tmp_path / "reports", "STK-03", target="technogate.toml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.slow
def test_commands_that_a_program_does_not_have_need_no_edit(tmp_path: Path) -> None:
    """All likely words were tried: the file says that there is none, what stays undecided, and fits."""
    (tmp_path / "small.py").write_text(SMALL, "utf-8")
    ended = run_init(tmp_path, "--backend-command", "{python} small.py", "--no-input")
    assert ended.returncode == 0, ended.stderr
    assert "TARGET FILE FITS" in ended.stdout.splitlines()[-1], ended.stdout
    text = (tmp_path / "technogate.toml").read_text("utf-8")
    assert re.search(r'(?m)^slow = ""  # none of \d+ words provokes it; without it undecided: TMO-01; name it', text)
    written = read_target_file(tmp_path / "technogate.toml").backend
    assert written is not None
    assert written.commands.approved == "PING"
    assert written.commands.declares_none("crashing")


@pytest.mark.slow
def test_existing_file_is_kept(tmp_path: Path) -> None:
    """A file that exists is not overwritten unless told."""
    (tmp_path / "technogate.toml").write_text("name = 'mine'\n", "utf-8")
    ended = run_init(tmp_path, "--backend-command", "node server.mjs")
    assert ended.returncode == 2
    assert "--force" in ended.stderr
    assert (tmp_path / "technogate.toml").read_text("utf-8") == "name = 'mine'\n"


@pytest.mark.slow
def test_nothing_to_look_at_names_what_the_folder_shows(tmp_path: Path) -> None:
    """Without a side and without a terminal: one line with what could be given, and no file."""
    (tmp_path / "package.json").write_text('{"scripts": {"start": "node server.mjs"}}', "utf-8")
    ended = run_init(tmp_path)
    assert ended.returncode == 2
    assert "--backend-command 'npm run start' (package.json, script start: node server.mjs)" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "technogate.toml").exists()


@pytest.mark.slow
def test_program_that_ends_at_once_is_one_line(tmp_path: Path) -> None:
    """The line has the exit code and the program's last words."""
    ended = run_init(tmp_path, "--backend-command", f"{sys.executable} -c 'raise SystemExit(\"no disk\")'")
    assert ended.returncode == 2
    assert "exit code 1" in ended.stderr
    assert "no disk" in ended.stderr
