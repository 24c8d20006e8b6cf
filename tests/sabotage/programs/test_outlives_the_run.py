"""A program under test that goes on after the run, to change what was reported."""

from __future__ import annotations

import sys

import pytest

from tests.cli.test_exit_codes import OPTIONS, both, verdicts
from tests.conftest import Sandbox
from tests.sabotage.programs.hostile import plant

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process adopt what its descendants leave"),
]

#: Waits in a session of its own until a report is there, and writes another verdict over it; for two minutes at most.
REWRITES = '''
detached("""
import pathlib, sys, time
home = pathlib.Path(sys.argv[1])
(home / "attacked").touch()
until = time.monotonic() + 120
while time.monotonic() < until:
    time.sleep(0.001)
    for path in (home / "reports").glob("verdict.json"):
        path.write_text(path.read_text().replace("FAIL", "PASS").replace('"exit_code": 1', '"exit_code": 0'))
        (home / "rewritten").touch()
""", HOME)
'''

#: Starts itself again and again, each time in a session of its own, for two minutes at most: should it ever escape.
FORKS = '''
detached("""
import os, pathlib, sys, time
home = pathlib.Path(sys.argv[1])
(home / "attacked").touch()
until = time.monotonic() + 120
while time.monotonic() < until:
    if os.fork():
        os._exit(0)
    os.setsid()
    time.sleep(0.001)
    if (home / "reports" / "verdict.json").exists():
        (home / "rewritten").touch()
""", HOME)
'''

FAILS = "must_hold([Finding(check='c', expected='this', observed='that')])"


@pytest.mark.sabotage("a program under test outlives the run in its own session and rewrites verdict.json")
@pytest.mark.parametrize("attack", [REWRITES, FORKS], ids=["rewrites", "forks"])
def test_no_program_outlives_the_suites(sandbox: Sandbox, attack: str) -> None:
    """What a program leaves behind has ended before the first report is written, by the command and plain pytest."""
    plant(sandbox, attack)
    suite = sandbox.home / "suites" / "test_it.py"
    suite.write_text(suite.read_text("utf-8").replace("must_hold([])", FAILS), "utf-8")
    for ended in both(sandbox):
        assert ended.returncode == 1, ended.stdout + ended.stderr
        assert verdicts(sandbox.reports) == {"FAIL"}
    assert (sandbox.home / "attacked").exists()
    assert not (sandbox.home / "rewritten").exists()


@pytest.mark.sabotage("an old verdict.json says PASS, and the next run ends with a user error")
@pytest.mark.parametrize(
    "words",
    [
        ("--target", "nowhere.toml"),
        (*OPTIONS, "--profile", "huge"),
        (*OPTIONS, "--signing-key", "nowhere.key"),
    ],
    ids=["target", "profile", "key"],
)
def test_no_old_pass_survives_a_user_error(sandbox: Sandbox, words: tuple[str, ...]) -> None:
    """After exit code 2 there is no report that says PASS, and no journal that could be judged to it."""
    plant(sandbox, "done()")
    sandbox.target('name = "b"\n[backend]\ncommand = ["{python}", "-c", "pass", "1", "{api_key}"]\nport = 1\n')
    for name in ("verdict.json", "report.md", "evidence.dsse.json", "journal.jsonl"):
        sandbox.reports.mkdir(exist_ok=True)
        (sandbox.reports / name).write_text('{"verdict": "PASS"}', "utf-8")
    ended = sandbox.run("validate", *words)
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert not list(sandbox.reports.iterdir())


@pytest.mark.sabotage("an old verdict.json says PASS, and the next run is killed before it judges anything")
def test_no_old_pass_survives_a_kill(sandbox: Sandbox) -> None:
    """A run that is killed early leaves no report of an earlier run."""
    plant(sandbox, "os.kill(GATE, 9)\nos.kill(os.getppid(), 9)\ndone()")
    sandbox.reports.mkdir()
    (sandbox.reports / "verdict.json").write_text('{"verdict": "PASS"}', "utf-8")
    ended = sandbox.run("validate", *OPTIONS, "--workers", "1")
    assert ended.returncode == 3, ended.stdout + ended.stderr
    assert verdicts(sandbox.reports) <= {"INCONCLUSIVE"}
